"""What a run tells while it goes on (events.jsonl), and what lets it go on after a kill."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import keras

from maskcore.errors import MasklensError
from maskcore.files import replacing, write_text

EVENTS_FILE = "events.jsonl"
BEST_WEIGHTS = Path("checkpoints", "best.weights.h5")
LAST_MODEL = Path("checkpoints", "last.keras")
STATE_FILE = "state.json"

# Batches are reported at most this often, so that a run writes a few lines a second.
BATCH_INTERVAL_SECONDS = 0.5


class EventLog:
    """Appends one JSON object a line to ``events.jsonl``; a reader may follow it live."""

    def __init__(self, run_dir: Path) -> None:
        """Args:
        run_dir: the run's folder; an existing log is continued.
        """
        self._path = run_dir / EVENTS_FILE

    def write(self, stage: str, **figures: Any) -> None:
        """Append an event.

        Args:
            stage: what is going on, in words for people, e.g. "reading data".
            figures: JSON values, e.g. epoch, epochs, batch, batches, loss, eta_seconds.
        """
        line = json.dumps({"time": round(time.time(), 3), "stage": stage, **figures})
        # One write call a line: a reader never sees half of one.
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports batches and epochs of one stage to the log."""

    def __init__(self, log: EventLog, stage: str, epochs: int, batches: int) -> None:
        """Args:
        log: where to report.
        stage: the stage's name.
        epochs: of this stage in all.
        batches: a epoch.
        """
        super().__init__()
        self._log = log
        self._stage = stage
        self._epochs = epochs
        self._batches = batches
        self._epoch = 0
        self._first_epoch: int | None = None
        self._started = self._reported = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._first_epoch is None:
            self._first_epoch, self._started = epoch, time.monotonic()
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        now = time.monotonic()
        if now - self._reported >= BATCH_INTERVAL_SECONDS:
            self._reported = now
            self._write(batch + 1, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._write(self._batches, logs or {})

    def _write(self, batch: int, logs: dict[str, float]) -> None:
        done = (self._epoch - (self._first_epoch or 0)) * self._batches + batch
        left = (self._epochs - self._epoch) * self._batches - batch
        eta = (time.monotonic() - self._started) / done * left
        self._log.write(
            self._stage,
            epoch=self._epoch + 1,
            epochs=self._epochs,
            batch=batch,
            batches=self._batches,
            eta_seconds=round(eta, 1),
            # JSON has no NaN: a figure that diverged is null.
            **{
                name: round(float(value), 5) if math.isfinite(value) else None
                for name, value in logs.items()
            },
        )


class RunState:
    """How far a run has come: stage, epochs done in it, best validation loss so far."""

    def __init__(self, run_dir: Path) -> None:
        """Args:
        run_dir: the run's folder; a state saved there is taken up.
        """
        self._path = run_dir / STATE_FILE
        self.stage, self.epochs_done, self.best_loss = "", 0, float("inf")
        if self._path.is_file():
            values = json.loads(self._path.read_text(encoding="utf-8"))
            self.stage, self.epochs_done = values["stage"], values["epochs_done"]
            self.best_loss = values["best_loss"]

    def save(self, stage: str, epochs_done: int) -> None:
        """Write the state down in one step."""
        self.stage, self.epochs_done = stage, epochs_done
        values = {"stage": stage, "epochs_done": epochs_done, "best_loss": self.best_loss}
        write_text(self._path, json.dumps(values) + "\n")


def finish(log: EventLog, state: RunState) -> None:
    """Report the end of a fit.

    Raises:
        MasklensError: no epoch had a validation loss, so there are no weights to keep.
    """
    if not math.isfinite(state.best_loss):
        raise MasklensError(
            "Training diverged: its loss is not a number. Start again with a lower learning rate."
        )
    log.write("trained", val_loss=round(state.best_loss, 5))


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
    """After each epoch keeps the model as it is, and the whole network when it is the best.

    Keras writes in place, so that a kill while saving would destroy the old file; here
    every file is complete before it takes its place. The state is written last: a run
    killed in between repeats one epoch.
    """

    def __init__(self, run_dir: Path, state: RunState, stage: str, network: Any) -> None:
        """Args:
        run_dir: the run's folder.
        state: of the run; updated.
        stage: the stage's name.
        network: base and head joined; shares its layers with the model being fitted.
        """
        super().__init__()
        self._run_dir = run_dir
        self._state = state
        self._stage = stage
        self._network = network

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {})["val_loss"])
        if loss < self._state.best_loss:
            self._state.best_loss = loss
            with replacing(self._run_dir / BEST_WEIGHTS) as path:
                self._network.save_weights(path)
        with replacing(self._run_dir / LAST_MODEL) as path:
            self.model.save(path)
        self._state.save(self._stage, epoch + 1)
