"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and put it in place on success.

    The old file stays whole until the new one is complete and on disk; when the
    body raises, the temporary file goes away and ``path`` is as it was.

    Args:
        path: the file to write or replace; its folder is made if need be.

    Yields:
        A path in the same folder with the same suffixes (some writers look at them).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f"-{path.name}")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; what is put in place is an ordinary file.
        temporary.chmod(0o644)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text (newlines as given) in one step: all of it or nothing."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())
