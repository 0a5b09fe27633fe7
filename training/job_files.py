"""The folders of runs that were started from the page, and what lies in each.

Everything known of a run is read from these files, so that every tab, every visitor and
a server started anew see the same.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maskcore.errors import MasklensError
from maskcore.files import patiently
from maskcore.locks import locked
from maskcore.models import CARD_FILE, checksums

JOB_FILE = "job.json"  # name, name of the data, when it was made
QUEUE_FILE = "queued.json"  # there while the run waits for its turn
PROCESS_FILE = "process.json"  # who works on it, or did last
OUTCOME_FILE = "outcome.json"  # how it ended
STOP_FILE = "stop"  # there once somebody asked it to stop
HEARTBEAT_FILE = "heartbeat"  # touched every few seconds while the run lives
LOG_FILE = "log.txt"

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")


def runs_dir() -> Path:
    """The folder named in ``MASKLENS_RUNS``, else ``runs`` in this checkout; absolute."""
    named = os.environ.get("MASKLENS_RUNS", "").strip()
    return Path(named).absolute() if named else Path(__file__).resolve().parents[1] / "runs"


def new_folder() -> Path:
    """Make the folder of a new run; its name is the run's id."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    folder = runs_dir() / f"{stamp}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    return folder


def folder_of(run_id: str) -> Path:
    """The folder of a run.

    Raises:
        MasklensError: there is no such run.
    """
    folder = runs_dir() / run_id
    if not _ID.fullmatch(run_id) or not (folder / JOB_FILE).is_file():
        raise MasklensError("This run is gone: somebody has deleted it.")
    return folder


def job_folders() -> list[Path]:
    """The folders of all runs, newest first."""
    folders = [path.parent for path in runs_dir().glob(f"*/{JOB_FILE}")]
    return sorted((f for f in folders if _ID.fullmatch(f.name)), key=lambda f: f.name, reverse=True)


def removed_folders() -> list[Path]:
    """The folders of runs on their way out: an id behind a dot."""
    return [path for path in runs_dir().glob(".*") if _ID.fullmatch(path.name[1:])]


def read_values(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none, {} where it is damaged."""
    try:
        values = json.loads(patiently(path.read_bytes))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def run_of_model(name: str) -> Path | None:
    """The folder of the run that an installed model came from, while that is still there."""
    sha256 = checksums(name).get(name)
    for folder in runs_dir().glob("*") if sha256 else ():
        if (read_values(folder / CARD_FILE) or {}).get("sha256") == sha256:
            return folder
    return None


@contextmanager
def guard() -> Iterator[None]:
    """Hold what must not be done twice at once: starting, ending and removing runs."""
    with locked(runs_dir() / ".guard"):
        yield
