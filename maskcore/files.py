"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from maskcore.errors import MasklensError

T = TypeVar("T")

# Windows refuses to replace, read or delete a file at the moment in which another process
# has it open or replaces it; elsewhere a refusal is final.
PATIENCE_SECONDS = 1.0 if sys.platform == "win32" else 0.0
_PAUSE_SECONDS = 0.02


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Paths found in a folder, sorted alike on every system.

    Left out is what Macs put beside each file on disks of other kinds, e.g. "._a.jpg".
    """
    # Under Windows paths themselves compare without capitals, and splits would be others.
    kept = (path for path in paths if not path.name.startswith("._"))
    return sorted(kept, key=lambda path: path.parts)


def has_place(path: Path) -> bool:
    """Whether a file of results may go there: its folder, or the one above, is there.

    A new folder for results is welcome, a whole new tree is a slip of the pen.
    """
    folder = _written(path).absolute().parent
    return os.path.isdir(folder if os.path.lexists(folder) else folder.parent)


def check_results(results: Iterable[Path], sources: Iterable[Path]) -> None:
    """Refuse at once what would fail at the end, or destroy what is read or written beside it.

    Args:
        results: files to write.
        sources: files that are read.

    Raises:
        MasklensError: the text tells why.
    """
    taken = {identity(source) for source in sources}
    for result in results:
        if os.path.isdir(result):
            raise MasklensError(f"The results cannot be written: {result} is a folder.")
        if os.path.exists(result) and not os.path.isfile(result):  # a device, or a pipe
            raise MasklensError(
                f"The results cannot be written: {result} is no ordinary file. Choose another name."
            )
        if os.path.exists(result) and not os.access(result, os.W_OK):
            raise MasklensError(
                f"The results cannot be written: {result} may only be read. Choose another name."
            )
        if identity(result) in taken:
            raise MasklensError(
                f"The results would replace {result}, which is read or written besides. Choose"
                " another name."
            )
        if not has_place(result):
            raise MasklensError(
                f"The results cannot be written: there is no folder {result.parent}."
            )
        taken.add(identity(result))


def identity(path: Path) -> object:
    """The same for all names of a file, and of one that is not there yet."""
    try:
        status = path.stat()
    except OSError:  # there is none yet
        return os.path.realpath(path)  # Path.resolve raises at a circle of links
    return status.st_dev, status.st_ino


def patiently(act: Callable[[], T], times: float = 1.0) -> T:
    """Do something with a file that others use too: try again for ``PATIENCE_SECONDS``.

    Args:
        act: what to do.
        times: so many times as long.

    Returns:
        What ``act`` does.

    Raises:
        OSError: ``act`` fails, or is still not permitted.
    """
    until = time.monotonic() + times * PATIENCE_SECONDS
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= until:
                raise
        time.sleep(_PAUSE_SECONDS)


def move(source: Path, target: Path) -> None:
    """Move a file in place of another one, or a folder, in one step and patiently.

    Under Windows whoever just reads it, or a file in it, is in the way for a moment: a virus
    scanner, or a process that ends, for seconds.

    Raises:
        OSError: it cannot be moved.
    """
    patiently(lambda: os.replace(source, target), times=10)


@contextmanager
def replacing(path: Path, make_folder: bool = True) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and put it in place on success.

    The old file stays whole until the new one is complete and on disk; when the
    body raises, the temporary file goes away and ``path`` is as it was.

    Args:
        path: the file to write or replace; where it is a link, the file it points to.
        make_folder: whether its folder is made where there is none.

    Yields:
        A path in that file's folder with the suffixes of ``path`` (some writers look at them).

    Raises:
        OSError: the file cannot be written or replaced.
    """
    target = _written(path)
    if make_folder:
        target.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode(target)
    temporary = target.parent / f".{secrets.token_hex(8)}-{path.name}"
    # What was private is so from the first byte on; a new file is what umask says.
    temporary.touch(0o666 if mode is None else mode | 0o200, exist_ok=False)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        if mode is not None and os.name == "posix":
            temporary.chmod(mode)
        move(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _written(path: Path) -> Path:
    """The file that is written where this one is named: of a link, what it points to."""
    # Only of links: under Windows the real path of what lies on a server is another one.
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def _mode(path: Path) -> int | None:
    """Who may read and write a file; None where there is none."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text (newlines as given) in one step: all of it or nothing.

    Raises:
        OSError: the file cannot be written or replaced.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, values: Any, make_folder: bool = True) -> None:
    """Write JSON values as UTF-8 in one step: all of it or nothing.

    Args: see ``replacing``.

    Raises:
        OSError: the file cannot be written or replaced.
        TypeError: ``values`` are not those of JSON.
    """
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    with replacing(path, make_folder) as temporary:
        # The name of a file that is no UTF-8 has surrogates in Python: JSON can escape them.
        temporary.write_bytes(text.encode(errors="backslashreplace"))
