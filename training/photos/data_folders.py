"""Folders of photos that visitors bring: private, of one visitor each, cleared away later."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from maskcore.errors import MasklensError
from maskcore.files import move, patiently
from training.config import DATA_FOLDER
from training.job_files import runs_dir

# A tab may stay open from morning to evening.
KEPT_SECONDS = 24 * 3600
LEAST_FREE_GB = 2  # what the photos of most archives and a run of them take
_UNFINISHED = ".coming-"


def data_root() -> Path:
    """What holds the data folders; it need not be there."""
    return runs_dir() / DATA_FOLDER


def new_data_folder() -> Path:
    """Choose a place for photos.

    Returns:
        A folder that is not there yet and whose name nobody guesses; what stands above it is
        made, open to this user alone. Fill it with ``filling``, or by ``make_private``.

    Raises:
        MasklensError: see ``private_root`` and ``check_room``.
    """
    check_room()
    return private_root() / secrets.token_hex(16)


def private_root() -> Path:
    """Make ``data_root`` where it is not there yet, open to this user alone.

    Raises:
        MasklensError: the runs folder cannot be written.
    """
    try:
        make_private(data_root())
    except OSError as error:
        raise MasklensError(
            "The folder for runs cannot be written. Name another in the setting MASKLENS_RUNS."
        ) from error
    return data_root()


def check_room() -> None:
    """Raise a MasklensError where the disk that holds the runs is nearly full.

    Better said beforehand than found out after minutes, by everybody on this computer.
    """
    place = next((path for path in (runs_dir(), *runs_dir().parents) if path.exists()), None)
    if place is None:  # a drive that is not there
        raise MasklensError(
            "The folder for runs cannot be reached. Name another in the setting MASKLENS_RUNS."
        )
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_GB * 1e9:
        raise MasklensError(
            f"Less than {LEAST_FREE_GB} GB are free on the disk of the computer that runs Masklens."
            " Make room there, or name another folder in the setting MASKLENS_RUNS."
        )


def make_private(folder: Path) -> None:
    """Make a folder that only this user may enter; one that is there stays as it is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def filling(into: Path) -> Iterator[Path]:
    """Give a private folder to fill, and put it in the place ``into`` once it is complete.

    When the body raises, whatever was written goes away and ``into`` is not there.

    Args:
        into: a folder that is not there yet, beside which there is room.

    Yields:
        An empty folder on the same disk.

    Raises:
        MasklensError: it cannot be written.
    """
    with scratch_folder(into.parent) as scratch:
        yield scratch
        move(scratch, into)


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Give a private folder for a while.

    Args:
        beside: the folder that is to hold it.

    Raises:
        MasklensError: it cannot be written.
    """
    try:
        scratch = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=beside))
        try:
            yield scratch
        finally:
            _remove(scratch)
    except OSError as error:
        raise MasklensError(
            "The photos could not be stored. Make room on the disk of the computer that runs"
            " Masklens, close what has them open there, or name another folder in the setting"
            " MASKLENS_RUNS."
        ) from error


def _remove(folder: Path) -> None:
    """Delete a folder, read-only files (git writes such) among it."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            if not path.is_symlink() and path.is_file():
                path.chmod(0o600)  # Windows deletes no file that may not be written
    shutil.rmtree(folder, ignore_errors=True)


def discard(folder: Path) -> None:
    """Delete a data folder, unless a run uses it or it is a visitor's own elsewhere."""
    # Runs name their data by the resolved path; the runs' folder may be a link.
    folder = folder.resolve()
    with suppress(OSError):  # then ``clean_up`` does it later
        if folder.parent == data_root().resolve() and folder.name not in used_by_runs():
            _remove(folder)


def clean_up(now: float | None = None) -> None:
    """Delete data folders older than a day that no run uses, unfinished ones among them.

    Args:
        now: seconds since the epoch.

    Raises:
        OSError: something cannot be read, so that it is not known what runs use.
    """
    if not data_root().is_dir():
        return
    oldest = (time.time() if now is None else now) - KEPT_SECONDS
    for folder in data_root().iterdir():
        if folder.is_dir() and _changed(folder) < oldest:
            # Asked for each: a run may begin while others are being deleted.
            if folder.name not in used_by_runs():
                _remove(folder)


def used_by_runs() -> set[str]:
    """Names of the folders that the settings of any run name as its data.

    What stands above them does not count: it changes when all runs move to another place. Names
    of data folders are too random to be another's.

    Raises:
        OSError: the settings of a run cannot be read now.
    """
    used = set()
    for path in runs_dir().glob("*/config.json"):
        try:
            content = patiently(path.read_bytes)
        except FileNotFoundError:
            continue  # just deleted
        # Else it is no run's, or a run that cannot go on.
        with suppress(ValueError, LookupError, TypeError):
            # Understands the paths of other systems, too: runs may move from one to the other.
            used.add(PureWindowsPath(json.loads(content)["data"]).name)
    return used


def _changed(folder: Path) -> float:
    """When a file was last added to a folder or to one in it, seconds since the epoch."""
    try:
        with os.scandir(folder) as entries:
            inner = [entry.stat(follow_symlinks=False).st_mtime for entry in entries]
        return max([folder.stat().st_mtime, *inner])
    except OSError:
        return float("inf")  # just being deleted by somebody else
