"""The runs of this server, for all who look at them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from training.background import control, jobs
from training.background.jobs import Job
from training.job_files import runs_dir
from ui.local import training_allowed

# Where a class waits for its runs, each page asks every second.
RECENT_SECONDS = 1.0

_reading = threading.Lock()
_storing = threading.Lock()


@dataclass(frozen=True)
class _Read:
    """What somebody's page read.

    Attributes:
        place: the folder of runs.
        began, ended: when, in seconds of a clock that is never set.
        runs: the newest first.
    """

    place: Path
    began: float
    ended: float
    runs: list[Job]


_last = _Read(Path(), float("-inf"), float("-inf"), [])


def all_runs() -> list[Job]:
    """Every run, newest first; one whose turn has come is started, if any may be."""
    global _last
    place, began = runs_dir(), time.monotonic()
    if training_allowed():
        control.start_next()
    runs = sorted(jobs.jobs(), key=lambda job: -job.created)
    with _storing:
        if began > _last.began or place != _last.place:
            _last = _Read(place, began, time.monotonic(), runs)
    return runs


def recent_runs() -> list[Job]:
    """The same, as some page read them in the last second: never before this page did.

    Whoever asks while others are being read waits for those.
    """
    with _reading:
        last = _last
        if last.place == runs_dir() and time.monotonic() - last.ended < RECENT_SECONDS:
            return last.runs
        return all_runs()
