"""What a run tells while it learns, and what lets it go on after a kill."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import InitVar, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import keras

from maskcore.errors import MasklensError
from maskcore.files import replacing, write_json
from training.events import TRAINED, EventLog

BEST_WEIGHTS = Path("checkpoints", "best.weights.h5")
BEST_HEAD = Path("checkpoints", "best_head.weights.h5")  # until its stage is done
LAST_MODEL = Path("checkpoints", "last.keras")
STATE_FILE = "state.json"

# Batches are reported at most this often, and in a long run so that each line comes a
# thousandth of the time later: whoever looks on reads some thousand lines, not all of a night's.
BATCH_INTERVAL_SECONDS, BATCH_INTERVAL_SHARE = 0.5, 0.001


class ProgressLog(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports batches and epochs of one stage to the log.

    Args:
        log: where to report.
        stage: the stage's name.
        epochs: of this stage in all.
        batches: of an epoch.
    """

    def __init__(self, log: EventLog, stage: str, epochs: int, batches: int) -> None:
        super().__init__()
        self._log = log
        self._stage = stage
        self._epochs = epochs
        self._batches = batches
        self._epoch = 0
        self._started = self._reported = 0.0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        now = time.monotonic()
        gap = max(BATCH_INTERVAL_SECONDS, BATCH_INTERVAL_SHARE * (now - self._started))
        if now - self._reported >= gap:
            self._reported = now
            self._write(batch + 1, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not cut_short(self.model):
            self._write(self._batches, logs or {})

    def _write(self, batch: int, logs: dict[str, float]) -> None:
        self._log.write(
            self._stage,
            epoch=self._epoch + 1,
            epochs=self._epochs,
            batch=batch,
            batches=self._batches,
            # JSON has no NaN: a figure that diverged is null.
            **{
                name: round(float(value), 5) if math.isfinite(value) else None
                for name, value in logs.items()
            },
        )


class Stopped(Exception):
    """Somebody asked the run to end."""


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a fit once somebody asks for it; to be the last of the callbacks.

    An epoch cut short counts for nothing: the others see ``stop_training`` set at its end,
    and at the end of a whole epoch not yet.

    Args:
        asked: whether somebody asked; looked at after each batch.
    """

    def __init__(self, asked: Callable[[], bool]) -> None:
        super().__init__()
        self._asked = asked

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if batch + 1 < self.params["steps"] and self._asked():
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._asked():
            self.model.stop_training = True


def cut_short(model: Any) -> bool:
    """Whether the epoch that ends was ended by ``Stop`` before its last batch."""
    return bool(getattr(model, "stop_training", False))


@dataclass
class RunState:
    """How far a run has come.

    Attributes:
        stage, epochs_done: the stage at hand and the epochs done in it.
        best_loss: the best validation loss so far.
        trained: whether there is nothing left to learn.
        stopped_early: because somebody asked for it.

    Args:
        run_dir: the run's folder; a state saved there is taken up.
    """

    run_dir: InitVar[Path]
    stage: str = ""
    epochs_done: int = 0
    best_loss: float = math.inf
    trained: bool = False
    stopped_early: bool = False

    def __post_init__(self, run_dir: Path) -> None:
        self._path = run_dir / STATE_FILE
        if self._path.is_file():
            values = json.loads(self._path.read_text(encoding="utf-8"))
            for field in fields(self):
                setattr(self, field.name, values.get(field.name, field.default))

    def save(self, stage: str, epochs_done: int) -> None:
        """Write the state down in one step."""
        self.stage, self.epochs_done = stage, epochs_done
        write_json(self._path, asdict(self))


def finish(log: EventLog, state: RunState, stopped_early: bool = False) -> None:
    """Report the end of a fit and write it down.

    Raises:
        MasklensError: no epoch had a validation loss, so there are no weights to keep.
    """
    if not math.isfinite(state.best_loss):
        raise MasklensError(
            "Training diverged: its loss is not a number. Start again with a lower learning rate."
        )
    state.trained, state.stopped_early = True, stopped_early
    state.save(state.stage, state.epochs_done)
    log.write(TRAINED, val_loss=round(state.best_loss, 5))


def load_best(network: Any, run_dir: Path) -> None:
    """Put the best weights that ``Checkpoint`` kept into a network built like the run's.

    Raises:
        MasklensError: there are none, or they do not fit.
    """
    try:
        network.load_weights(run_dir / BEST_WEIGHTS)
    except (OSError, ValueError) as error:
        raise MasklensError(
            f"{run_dir.name} holds no trained weights. Finish the run first: repeat the command"
            " that began it, with --resume."
        ) from error


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch keeps the model as it is, and a network's weights when they are the best.

    Keras writes in place, so that a kill while saving would destroy the old file; here
    every file is complete before it takes its place. The state is written last: a run
    killed in between repeats one epoch.

    Args:
        run_dir: the run's folder.
        state: of the run; updated.
        stage: the stage's name.
        network: whose weights are kept; shares its layers with the model being fitted.
        best: where in the folder.
    """

    def __init__(
        self, run_dir: Path, state: RunState, stage: str, network: Any, best: Path = BEST_WEIGHTS
    ) -> None:
        super().__init__()
        self._run_dir = run_dir
        self._state = state
        self._stage = stage
        self._network = network
        self._best = best

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if cut_short(self.model):
            return
        loss = float((logs or {})["val_loss"])
        if loss < self._state.best_loss:
            self._state.best_loss = loss
            with replacing(self._run_dir / self._best) as path:
                self._network.save_weights(path)
        with replacing(self._run_dir / LAST_MODEL) as path:
            self.model.save(path)
        self._state.save(self._stage, epoch + 1)
