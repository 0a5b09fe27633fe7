"""What an archive or a folder offers: its files, and the folders that hold photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO

from maskcore.errors import MasklensError
from maskcore.images import MAX_BYTES
from training.photos.class_names import deciding_folder

# Each is shown for confirmation.
MAX_FOLDERS = 40
_ARCHIVES = frozenset(".zip .tar .gz .tgz .bz2 .xz .7z .rar .jar".split())


class Skip(StrEnum):
    """Why something was left out, in words."""

    ELSEWHERE = "files with paths that lead elsewhere"
    LINK = "links to other files"
    ARCHIVE = "archives inside"
    HIDDEN = "hidden files"
    NO_PHOTO = "files that are no photos"
    LARGE = f"files over {MAX_BYTES // 2**20} MB"
    GROWS = "files that unpack to far more than photos do"
    DAMAGED = "damaged files"
    UNUSUAL = "files packed or named in an unusual way"
    NOT_CHOSEN = "photos in other folders"


@dataclass(frozen=True)
class OfferedFile:
    """A file as it stands in an archive that is open, or in a folder.

    Attributes:
        path: as it is stored, with forward slashes.
        parts: of the path, the file's name last; means nothing where it is left out.
        skip: why it is left out, going by its name; None where it is not.
        open: opens it to read.
        damage: what opening or reading it raises where it is damaged.
        packed_bytes: that it takes in its archive; None in a folder.
    """

    path: str
    parts: tuple[str, ...]
    skip: Skip | None
    open: Callable[[], IO[bytes]]
    damage: tuple[type[Exception], ...]
    packed_bytes: int | None = None

    @property
    def folder(self) -> str:
        """The folder that it lies in; "" for the top."""
        return "/".join(self.parts[:-1])

    def read(self, most_bytes: int) -> bytes | None:
        """What is in it; None where it is damaged or larger, whatever was promised."""
        try:
            with self.open() as stream:
                content = stream.read(most_bytes + 1)
        except self.damage:
            return None
        return content if len(content) <= most_bytes else None


def skip_by_name(parts: Sequence[str], suffixes: Container[str]) -> Skip | None:
    """What is wrong with a file going by its path's parts; None for one of these suffixes."""
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return Skip.HIDDEN
    suffix = PurePosixPath(parts[-1]).suffix.lower()
    if suffix in _ARCHIVES:
        return Skip.ARCHIVE
    return None if suffix in suffixes else Skip.NO_PHOTO


@dataclass(frozen=True)
class PhotoFolder:
    """One folder that holds photos, in folders below it perhaps.

    Attributes:
        name: as it is called there, with forward slashes; "" for the top.
        photos: how many lie in it, going by their names.
        label: the class it seems to stand for, one of ``CLASS_FOLDERS``; None if unknown.
    """

    name: str
    photos: int
    label: str | None


def plan(files: Iterable[OfferedFile], what: str) -> tuple[PhotoFolder, ...]:
    """Tell, from where photos lie, which folders to ask about.

    Args:
        files: all that are offered.
        what: holds them, e.g. "ZIP archive", for errors.

    Raises:
        MasklensError: there are no photos, or too many folders.
    """
    # Names are looked at once a folder, and no more folders than are asked about: strangers
    # bring tens of thousands.
    photos = Counter(file.folder for file in files if file.skip is None)
    counts: Counter[tuple[str, str | None]] = Counter()
    for folder, number in photos.items():
        counts[deciding_folder(folder)] += number
        if len(counts) > MAX_FOLDERS:
            raise MasklensError(
                f"The photos in this {what} lie in more than {MAX_FOLDERS} folders. Sort them into"
                " two, with mask and without mask."
            )
    if not counts:
        raise MasklensError(
            f"No photos were found in this {what}. It must hold two folders of photos, one"
            " with and one without masks."
        )
    return tuple(PhotoFolder(name, counts[name, label], label) for name, label in sorted(counts))
