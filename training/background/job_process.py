"""The process that works on a run: starting it, and knowing whether it still lives."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from maskcore.files import write_json
from maskcore.models import models_dir
from training.job_files import (
    HEARTBEAT_FILE,
    LOG_FILE,
    PROCESS_FILE,
    read_values,
    runs_dir,
)

# The heart beats every other second; a machine may be busy.
BEAT_SECONDS = 2.0
SILENT_SECONDS = 30.0
# Setting the clock moves what the system reports as a process' start.
_CLOCK_SECONDS = 2.0
_CLOCKS_APART_SECONDS = 600.0
# No setting: what ``launch`` calls this computer, for the process that it starts.
_HOST_VARIABLE = "MASKLENS_RUN_HOST"


def few_threads() -> int:
    """Threads that a run computes with: half of the cores, where there are four or more."""
    cores = os.cpu_count() or 1
    return min(cores, max(2, cores // 2))


def launch(folder: Path) -> None:
    """Start the process of a run and write down who it is; the guard must be held.

    Raises:
        OSError: it cannot be started, or not be written down.
    """
    root = Path(__file__).resolve().parents[2]
    environment = {
        **os.environ,
        # The process works in another folder than whoever starts it.
        "MASKLENS_RUNS": str(runs_dir()),
        "MASKLENS_MODELS": str(models_dir().resolve()),
        # Visitors of the other pages are to notice nothing.
        "OMP_NUM_THREADS": str(few_threads()),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        _HOST_VARIABLE: _host(),
    }
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        # Without a console of ours: closing the server's window must not end the run.
        flags = (
            subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.CREATE_NO_WINDOW
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
        options = {"creationflags": flags}
    with (folder / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "training", "run-job", folder.name],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **options,
        )
    # Waited for, a process that ended leaves no entry behind.
    threading.Thread(target=process.wait, daemon=True).start()
    record(folder, process.pid)


def record(folder: Path, pid: int) -> None:
    """Write down which process works on a run."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:  # it ended at once
        started = time.time()
    write_json(folder / PROCESS_FILE, {"pid": pid, "started": started, "host": _host()})


def is_alive(folder: Path) -> bool:
    """Whether the process written down for a run still works.

    A number alone says little, since the system gives it to another process in time:
    the moment of starting must agree too. Of a process on another machine, and where the
    clock was set or nothing may be asked, the run's heartbeat tells.
    """
    values = read_values(folder / PROCESS_FILE)
    if not values:
        return False
    if values.get("host") != _host():
        return _beats(folder)
    try:
        process = psutil.Process(values["pid"])
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - values["started"]) < _CLOCK_SECONDS or _beats(folder)
    except psutil.AccessDenied:
        return _beats(folder)
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return False


def is_mine(folder: Path) -> bool:
    """Whether this very process is written down for a run.

    In a virtual environment on Windows, what was started is only this process' parent.
    """
    values = read_values(folder / PROCESS_FILE) or {}
    numbers = (os.getpid(), os.getppid()) if sys.platform == "win32" else (os.getpid(),)
    return values.get("pid") in numbers and values.get("host") == _host()


def _host() -> str:
    """This computer's name, the same for a run's process as for the server that started it.

    Macs and laptops change theirs with the network, and a server keeps the one it began with.
    """
    return os.environ.get(_HOST_VARIABLE) or platform.node()


def _beats(folder: Path) -> bool:
    try:
        age = time.time() - (folder / HEARTBEAT_FILE).stat().st_mtime
    except OSError:
        return False
    # Two computers' clocks may differ; one that was set back is far behind.
    return -_CLOCKS_APART_SECONDS < age < SILENT_SECONDS
