"""ZIP archives from strangers: looked at by name, then read entry by entry, never extracted."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from maskcore.errors import MasklensError
from maskcore.images import IMAGE_SUFFIXES
from training.photos.intake import IntakeReport, copy_photos
from training.photos.offered import OfferedFile, PhotoFolder, Skip, plan, skip_by_name

# The list of entries is held in memory as a whole: both bounds keep that small.
MAX_ENTRIES = 60_000
MAX_DIRECTORY_BYTES = 16 * 2**20
# Each folder's name is looked at for a class, which takes long in names that nobody gives.
MAX_NAME, MAX_PARTS = 1_000, 32
# Python unpacks other kinds (bzip2, LZMA) without a bound on what one read may give.
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_LOCAL_HEADER_BYTES = 30
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What zipfile raises on damaged entries.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
)


def read_plan(stream: IO[bytes]) -> tuple[PhotoFolder, ...]:
    """Tell from the names which folders of a ZIP archive hold photos, and of which class.

    Args:
        stream: the archive; it is left open.

    Raises:
        MasklensError: it cannot be used, and why.
    """
    with open_files(stream) as files:
        skips = {file.skip for file in files}
        if None not in skips and Skip.ARCHIVE in skips:
            raise MasklensError(
                "Inside this ZIP archive lies another one. Unpack that one first, then pack the"
                " two folders in it, with and without masks."
            )
        return plan(files, "ZIP archive")


def take_in(
    stream: IO[bytes],
    classes: Mapping[str, str],
    into: Path,
    progress: Callable[[float], None] = lambda share: None,
) -> IntakeReport:
    """Copy the photos of a ZIP archive; see ``training.photos.intake.copy_photos``.

    Args:
        stream: the archive; it is left open.
        classes: by name of a folder of ``read_plan``.
        into: a folder that is not there yet.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: the archive cannot be used, and why; ``into`` is then not there.
    """
    with open_files(stream) as files:
        return copy_photos(files, classes, into, progress)


@contextmanager
def open_files(
    stream: IO[bytes], suffixes: Container[str] = IMAGE_SUFFIXES
) -> Iterator[list[OfferedFile]]:
    """Give the files of a ZIP archive in the order in which they lie there.

    Args:
        stream: the archive; it is left open.
        suffixes: of files that are not left out, in small letters, e.g. ".jpg".

    Raises:
        MasklensError: it cannot be used, and why.
    """
    with _opened(stream) as (archive, entries):
        files = (_offered(archive, entry, suffixes) for entry in entries)
        yield [file for file in files if file.parts or file.skip]


def _offered(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, suffixes: Container[str]
) -> OfferedFile:
    """A file; what has neither parts nor a reason to leave it out is a folder."""
    path = _path(entry)
    place = _place(entry, path, suffixes)
    parts, skip = ((), place) if isinstance(place, Skip) else (place, None)
    return OfferedFile(
        path, parts, skip, partial(archive.open, entry), _DAMAGE, entry.compress_size
    )


@contextmanager
def _opened(stream: IO[bytes]) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """The archive and its entries in the order in which they lie there, checked as a whole."""
    stream.seek(0)
    begins = stream.read(4)
    try:
        archive = zipfile.ZipFile(_Careful(stream))
    except UnicodeDecodeError as error:
        raise MasklensError(
            "The file names in this ZIP archive are wrongly encoded. Pack it again with another"
            " program, or give the folders plain names."
        ) from error
    except _DAMAGE as error:
        if begins.startswith(b"PK"):
            raise MasklensError(
                "This ZIP archive is damaged or incomplete. Pack it or upload it again."
            ) from error
        raise MasklensError(
            "This is not a ZIP archive. Pack the folders with and without masks as ZIP"
            " and try again."
        ) from error
    with archive:
        yield archive, _checked(archive)


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    if not entries:
        raise MasklensError(
            "This ZIP archive is empty. Put the folders with and without masks into it."
        )
    if len(entries) > MAX_ENTRIES:
        raise _too_many()
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise MasklensError(
            "This ZIP archive is protected by a password. Pack it again without one."
        )
    ends = [entry.header_offset for entry in entries[1:]] + [archive.start_dir]
    for entry, end in zip(entries, ends, strict=True):
        # Entries that share bytes: that is how a small file unpacks to petabytes (Fifield,
        # "A better zip bomb", WOOT 2019). Python itself looks from 3.11.8 on.
        least = _LOCAL_HEADER_BYTES + len(entry.orig_filename) + entry.compress_size
        if entry.header_offset < 0 or entry.header_offset + least > end:
            raise MasklensError(
                "This ZIP archive is damaged: its parts overlap. Pack it again with another"
                " program."
            )
    return entries


def _too_many() -> MasklensError:
    return MasklensError(
        f"This ZIP archive lists too many files; at most {MAX_ENTRIES:,} are accepted."
        " Pack fewer of them."
    )


def _place(entry: zipfile.ZipInfo, name: str, suffixes: Container[str]) -> tuple[str, ...] | Skip:
    """Where a file of such a name lies in its archive, file name last; empty for a folder."""
    if len(name) > MAX_NAME or name.count("/") >= MAX_PARTS:
        return Skip.UNUSUAL
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or _DRIVE.match(name) or _CONTROL.search(name):
        return Skip.ELSEWHERE
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return Skip.LINK
    if name.endswith("/") or kind == stat.S_IFDIR or not parts:
        return ()
    by_name = skip_by_name(parts, suffixes)
    if by_name is None and entry.compress_type not in _KINDS:
        return Skip.UNUSUAL
    return parts if by_name is None else by_name


def _path(entry: zipfile.ZipInfo) -> str:
    """As stored, not as zipfile bends it to this system's habits; with forward slashes."""
    path = entry.orig_filename
    if not entry.flag_bits & _UTF8:  # many programs write UTF-8 and do not say so
        with suppress(UnicodeError):
            path = path.encode("cp437").decode("utf-8")
    return path.replace("\\", "/")  # old Windows programs write backslashes


class _Careful:
    """Passes reads on to a stream, but no read so large that it could fill the memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:  # only the list of entries is read at once
            raise _too_many()
        return self._stream.read(size if size >= 0 else MAX_DIRECTORY_BYTES)
