"""The runs of this server, for all who look at them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from training.background import control, jobs
from training.background.jobs import Job
from training.job_files import runs_dir
from ui.local import training_allowed

# Where a class waits for its runs, each page asks every second.
RECENT_SECONDS = 1.0

_lock = threading.Lock()
_read: tuple[Path, float, list[Job]] = (Path(), float("-inf"), [])  # their folder, when, the runs


def all_runs() -> list[Job]:
    """Every run, newest first; one whose turn has come is started, if any may be."""
    global _read
    began = time.monotonic()
    if training_allowed():
        control.start_next()
    runs = sorted(jobs.jobs(), key=lambda job: -job.created)
    with _lock:
        if began > _read[1] or _read[0] != runs_dir():
            _read = runs_dir(), began, runs
    return runs


def recent_runs() -> list[Job]:
    """The same, as some page read them in the last second: never before this page did."""
    place, began, runs = _read
    if place == runs_dir() and time.monotonic() - began < RECENT_SECONDS:
        return runs
    return all_runs()
