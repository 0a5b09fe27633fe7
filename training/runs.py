"""A run's folder: beginning one, going on with one, and what it left behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from maskcore.errors import MasklensError
from training.callbacks import LAST_MODEL, RunState
from training.config import CONFIG_FILE, DATA_FILE, RunConfig, TrainConfig
from training.events import EventLog
from training.job_files import read_values
from training.provenance import note_backend, save_provenance


@dataclass(frozen=True)
class Run:
    """A classifier's run at work.

    Attributes:
        config: its settings.
        folder: where it keeps everything.
        log: what it tells whoever looks on.
        state: how far it has come.
        stop: asked now and then; once it says yes, the run is to end.
    """

    config: TrainConfig
    folder: Path
    log: EventLog
    state: RunState
    stop: Callable[[], bool]


def start_run(
    config: RunConfig, run_dir: Path, command: str, resume: bool
) -> tuple[EventLog, RunState]:
    """Open a run's folder, new or to go on with, and seed everything.

    Args:
        config: the run's settings, saved in the folder.
        run_dir: the folder; where the run is new there is none, or an empty one.
        command: the command line that makes the run, as its card is to have it.
        resume: whether to go on with what is there.

    Returns:
        The run's log, and how far it had come.

    Raises:
        MasklensError: the folder holds something and the run is not to be resumed, or
            the run to be resumed was begun with other settings.
    """
    if not resume and run_dir.exists() and any(run_dir.iterdir()):
        raise MasklensError(
            f"{run_dir.name} already holds something. Name a new folder, or go on with --resume."
        )
    if resume and (run_dir / CONFIG_FILE).exists():
        # Another seed, say, would move photos learned from into the test part.
        begun = asdict(type(config).load(run_dir))
        changed = [name for name, value in asdict(config).items() if value != begun[name]]
        if changed:
            raise MasklensError(
                f"{run_dir.name} was begun with other settings ({', '.join(changed)})."
                " Resume it with the same ones, or start a new run."
            )
    else:
        run_dir.mkdir(parents=True, exist_ok=True)
        save_provenance(run_dir, command)
        config.save(run_dir)
    # The split, the initial weights and dropout all follow from this one seed.
    keras.utils.set_random_seed(config.seed)
    state = RunState(run_dir)
    if not state.trained:
        note_backend(run_dir, keras.backend.backend())
    return EventLog(run_dir), state


@contextmanager
def removed_on_failure(run_dir: Path) -> Iterator[None]:
    """Take a run's new folder away again where it fails before it has learned anything.

    Whoever mends the reason gives the same command again, which wants a new folder.
    """
    is_new = not run_dir.exists() or not any(run_dir.iterdir())
    try:
        yield
    except MasklensError:
        if is_new and not RunState(run_dir).stage:
            shutil.rmtree(run_dir, ignore_errors=True)
        raise


def check_same_photos(run_dir: Path, config: RunConfig, report: dict[str, Any]) -> None:
    """Make sure that photos are dealt out as when a run to be resumed learned from some of them.

    Photos that came or went since then deal out all others anew.

    Args:
        run_dir: the run's folder. What it wrote down of its data counts once it has learned
            anything; where that cannot be read, nothing is compared.
        config: its settings.
        report: of its data now: each part's photos, under "parts" or, of scenes, "scenes", and
            how many close-ups a detector learns from, under "close_ups".

    Raises:
        MasklensError: what was learned from may now be kept for validation or testing.
    """
    before = read_values(run_dir / DATA_FILE)
    if not before or not RunState(run_dir).stage:
        return
    changed = before.get("close_ups") != report.get("close_ups")
    for kind in {"parts", "scenes"} & set(report):
        # With one fold, all scenes but those for testing may have trained before.
        parts = ["test"] if kind == "scenes" and config.folds == 1 else list(report[kind])
        changed |= any(before.get(kind, {}).get(part) != report[kind][part] for part in parts)
    if changed:
        raise MasklensError(
            "The photos have changed since this run began: what it learned from would now be"
            " used for testing. Put them back as they were, or start a new run."
        )


def tensorboard(run: Run, first_step: int) -> list[Any]:
    """The callback that writes TensorBoard's files, where TensorFlow, which writes them, runs."""
    if keras.backend.backend() != "tensorflow":
        return []
    from training.tensorboard import TensorBoardLog

    return [TensorBoardLog(run.folder, first_step)]


def last_model(run_dir: Path) -> Any:
    """The model as the last finished epoch left it, optimizer included.

    Raises:
        MasklensError: it cannot be read.
    """
    try:
        model = keras.models.load_model(run_dir / LAST_MODEL)
    except (OSError, ValueError) as error:
        raise MasklensError(
            f"{LAST_MODEL.name} cannot be read, so the run cannot go on. Start a new one."
        ) from error
    # Keras saves the choice of the machine that began. With XLA on a CPU TensorFlow takes ten
    # times as long for a step; without it JAX computes one operation at a time.
    model.jit_compile = keras.backend.backend() == "jax"
    return model
