"""Runs whose process only sleeps, and what befalls it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SLEEP = "import time; time.sleep(300)"


def pid_of(folder: Path) -> int:
    return int(json.loads((folder / "process.json").read_text())["pid"])


def end_process(folder: Path) -> None:
    """kill -9, and not waited for: its entry stays in the process table."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        pid = pid_of(folder)
        if pid != os.getpid():  # a run worked on by the tests themselves
            os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def until(condition: Callable[[], object], every_seconds: float = 0.03) -> None:
    """Wait for what another process does, which needs the time that asking takes."""
    deadline = time.monotonic() + 1800
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(every_seconds)
