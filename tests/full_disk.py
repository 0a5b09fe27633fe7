"""Stands in for whatever writes, where tests need a disk without room."""

from __future__ import annotations

import errno
import itertools
from types import SimpleNamespace
from typing import Any


def full_disk(*_: Any, **__: Any) -> Any:
    """Fail as the system does; pages must not tell of the place."""
    raise OSError(errno.ENOSPC, "No space left on device", "/a/secret/place")


def filled_by_others(after: int) -> Any:
    """A disk with room for so many files, as ``shutil.disk_usage`` tells of it."""
    asked = itertools.count()
    return lambda path: SimpleNamespace(free=3e9 if next(asked) < after else 1e9)
