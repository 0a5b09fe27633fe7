"""Locks between processes, and between the threads of one.

The operating system holds them and frees them when their holder dies, however that
happens: they cannot grow stale. Who holds one must not ask for it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from maskcore.models import VERSIONS_DIR, models_dir


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that a file stands for; the file and its folder are made if need be.

    Raises:
        OSError: the file cannot be opened for writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        _lock(stream)
        try:
            yield
        finally:
            _unlock(stream)


@contextmanager
def models_guard() -> Iterator[None]:
    """Hold what changes installed models: moving one in or away, and writing beside one.

    Raises:
        OSError: the models' folder may not be written to.
    """
    with locked(models_dir() / VERSIONS_DIR / ".guard"):
        yield


if sys.platform == "win32":
    import msvcrt
    import time

    def _lock(stream: IO[bytes]) -> None:
        while True:
            stream.seek(0)
            try:
                # LK_LOCK would ask again once a second.
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except PermissionError:  # another holds it
                time.sleep(0.02)

    def _unlock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX)

    def _unlock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)
