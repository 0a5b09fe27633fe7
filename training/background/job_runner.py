"""What the process of a run does, from reading the data to the verdict on its model.

A run that was killed goes through the same steps again; what is done already is left as
it is.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from maskcore.errors import MasklensError
from maskcore.files import patiently
from maskcore.models import CARD_FILE, REPORT_FILE
from training import events as ev
from training.background.comparison import COMPARISON_FILE, save_comparison
from training.background.control import end, start_next
from training.background.job_process import BEAT_SECONDS, few_threads, is_mine, record
from training.background.jobs import State, state_of
from training.background.run_installing import install_command
from training.classifier.installed import installed_cards
from training.config import TrainConfig
from training.events import EventLog
from training.job_files import (
    HEARTBEAT_FILE,
    JOB_FILE,
    QUEUE_FILE,
    STOP_FILE,
    folder_of,
    guard,
    job_folders,
    read_values,
)

NICENESS = 19

# Given free when the disk is full, so that there is room to say so.
RESERVE_FILE = "reserve"
_RESERVE_BYTES = 256 * 1024
_FULL_BYTES = 1024 * 1024

ENDED = (
    "The computer went off, or somebody ended the run's process. It can go on from its last"
    " finished epoch."
)
DISK_FULL = (
    "The disk is full, so the run could not go on. Make room, then let it go on from its"
    " last finished epoch."
)
OUT_OF_MEMORY = (
    "The computer ran out of memory. Start a run with smaller batches or smaller pictures."
)
BROKEN = "The run broke off with an error of its own; the log below says which: {}"


def run_job(run_id: str) -> int:
    """Do the work of a run that is queued or was interrupted; returns the exit code.

    Raises:
        MasklensError: there is no such run.
    """
    folder = folder_of(run_id)
    if not _claim(folder):
        return 0
    with _heartbeat(folder):
        state, problem, stopped_early = _attempt(folder, (folder / STOP_FILE).exists)
        with guard(), suppress(OSError):
            end(folder, state, problem, stopped_early=stopped_early)
    if problem != ENDED:
        start_next()
    return 0 if state == State.FINISHED else 1


def _claim(folder: Path) -> bool:
    """Make sure that this process is the one to work on the run, and no other one works."""
    with guard():
        if not is_mine(folder):
            # Whoever started this process died before it could write that down.
            if state_of(folder) != State.QUEUED:
                return False
            if any(state_of(f).works for f in job_folders()):
                return False
        record(folder, os.getpid())
        patiently(lambda: (folder / QUEUE_FILE).unlink(missing_ok=True))
    return True


class Ended(BaseException):
    """The computer is going off, or somebody ends the process."""


def _end_on_sigterm() -> None:
    """Let SIGTERM interrupt the run at once: there may be little time, and it can go on later."""

    def end_now(*_: object) -> None:
        raise Ended

    signal.signal(signal.SIGTERM, end_now)


@contextmanager
def _heartbeat(folder: Path) -> Iterator[None]:
    """Show others, every few seconds, that the run lives."""
    done = threading.Event()

    def beat() -> None:
        while True:
            with suppress(OSError):
                (folder / HEARTBEAT_FILE).touch()
            if done.wait(BEAT_SECONDS):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _attempt(folder: Path, stop: Callable[[], bool]) -> tuple[State, str, bool]:
    """Work, and put whatever goes wrong into a sentence: state, problem, stopped early."""
    reserve = folder / RESERVE_FILE
    try:
        _end_on_sigterm()
        reserve.write_bytes(bytes(_RESERVE_BYTES))
        return _work(folder, stop)
    except Ended:
        return State.INTERRUPTED, ENDED, False
    except Exception as error:
        traceback.print_exc()
        if _disk_is_full(error, folder):
            return State.FAILED, DISK_FULL, False
        if isinstance(error, MasklensError):
            return State.FAILED, str(error), False
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return State.FAILED, OUT_OF_MEMORY, False
        return State.FAILED, BROKEN.format(f"{type(error).__name__}."), False
    finally:
        with suppress(OSError):
            reserve.unlink(missing_ok=True)


def _disk_is_full(error: BaseException | None, folder: Path) -> bool:
    if shutil.disk_usage(folder).free < _FULL_BYTES:
        return True
    while error:
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def be_modest() -> None:
    """Leave the processor to visitors of the other pages; before TensorFlow does anything."""
    if hasattr(os, "nice"):  # Windows: see how the process is started
        # A run that waited was started by the one before it, and is modest already.
        os.nice(max(0, NICENESS - os.nice(0)))
        # Many Linux kernels weigh whole sessions against one another, and a run is one of its
        # own: there niceness counts only if the session has it.
        with suppress(OSError, AttributeError):  # a kernel, or a system, without such groups
            if os.getsid(0) == os.getpid():  # not that of a terminal
                Path("/proc/self/autogroup").write_text(str(NICENESS))
    # TensorFlow takes seconds to import; until here the run was only being started.
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(few_threads())
    tf.config.threading.set_inter_op_parallelism_threads(few_threads())


def _work(folder: Path, stop: Callable[[], bool]) -> tuple[State, str, bool]:
    log, config = EventLog(folder), TrainConfig.load(folder)
    be_modest()

    from training.background.challenge import challenge
    from training.callbacks import LAST_MODEL, RunState, Stopped
    from training.classifier.evaluate import evaluate
    from training.classifier.fit import BACKBONE_WEIGHTS, fit
    from training.classifier.parts import run_photos
    from training.installing.export import package, save_package
    from training.provenance import load_provenance

    command = str(load_provenance(folder)["command"])
    try:
        fit(config, folder, command, resume=True, stop=stop)
    except Stopped as stopped:
        return State.INTERRUPTED, str(stopped), False
    data_name = str((read_values(folder / JOB_FILE) or {}).get("data_name") or "data")
    if not (folder / REPORT_FILE).exists():
        typed = f"python -m training evaluate runs/{folder.name}"
        evaluate(folder, typed, data_name=data_name)
    if not (folder / CARD_FILE).exists():
        log.write(ev.EXPORTING)
        name, doubts = config.architecture, _not_sure(config.architecture)
        typed = install_command(folder.name, name, data_name, doubts)
        made = package(folder, name, data_name, typed, doubts)
        save_package(made, folder)
    if not (folder / COMPARISON_FILE).exists():
        log.write(ev.COMPARING)
        parts = {
            part: run_photos(folder, Path(config.data), part) for part in ("validation", "test")
        }
        save_comparison(challenge(folder, config.architecture, parts), folder)
    # What it could have gone on with; the weights that it ended with stay, to be measured or
    # installed by the command line.
    for path in (folder / LAST_MODEL, folder / BACKBONE_WEIGHTS):
        with suppress(OSError):
            path.unlink()
    log.write(ev.FINISHED)
    return State.FINISHED, "", RunState(folder).stopped_early


def _not_sure(architecture: str) -> dict[str, float] | None:
    """From where on a face is not called: as the installed model of the architecture has it."""
    for _, card in installed_cards(architecture):
        if card.get("architecture") == architecture and isinstance(card.get("not_sure"), dict):
            return dict(card["not_sure"])
    return None
