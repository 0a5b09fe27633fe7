"""Stands in for whatever writes, where tests need a disk without room."""

from __future__ import annotations

import errno
from typing import Any


def full_disk(*_: Any, **__: Any) -> Any:
    """Fail as the system does; pages must not tell of the place."""
    raise OSError(errno.ENOSPC, "No space left on device", "/a/secret/place")
