"""Taking photos in from outside: within limits, counted, under names of our own."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO

from maskcore.errors import ImageError, MasklensError
from maskcore.files import write_json
from maskcore.images import IMAGE_SUFFIXES, MAX_BYTES, picture_suffix
from training.photos.class_names import CLASS_FOLDERS, deciding_folder

MAX_PHOTOS = 30_000
MAX_TOTAL_BYTES = 4 * 2**30
# Photos are packed already: a ZIP makes them hardly smaller. What unpacks to a hundred
# times its size is a bomb; small plain pictures do so honestly.
MAX_GROWTH, GROWTH_FROM_BYTES = 100, 2**20
# Each is shown for confirmation.
MAX_FOLDERS = 40
# Of each reason why files are left out, so many are named, and no more of a name is shown.
NAMED, NAME_LENGTH = 3, 40
# Beside the class folders: how the owner calls the photos that were taken in.
OWNER_NAMES_FILE = "masklens_names.json"
_STEP_BYTES = 2**18
_OUR_NAME = re.compile(r"\d{4,}-([0-9a-f]{8})\.[a-z]+")
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


# Their owner has never seen the ones, and has just set the others aside.
_UNNAMED = (Skip.HIDDEN, Skip.NOT_CHOSEN)


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


def plan(folders: Iterable[str], what: str) -> tuple[PhotoFolder, ...]:
    """Tell, from where photos lie, which folders to ask about.

    Args:
        folders: of each photo.
        what: holds them, e.g. "ZIP archive", for errors.

    Raises:
        MasklensError: there are no photos, or too many folders.
    """
    counts = Counter(deciding_folder(folder) for folder in folders)
    if not counts:
        raise MasklensError(
            f"No photos were found in this {what}. It must hold two folders of photos, one"
            " with and one without masks."
        )
    if len(counts) > MAX_FOLDERS:
        raise MasklensError(
            f"The photos in this {what} lie in {len(counts)} folders. Sort them into two, with"
            " mask and without mask."
        )
    return tuple(PhotoFolder(name, counts[name, label], label) for name, label in sorted(counts))


@dataclass(frozen=True)
class IntakeReport:
    """What was taken in.

    Attributes:
        photos: by class.
        skipped: what was left out, by reason.
        named: the first few of those files, by reason.
    """

    photos: Mapping[str, int]
    skipped: Mapping[Skip, int] = field(default_factory=dict)
    named: Mapping[Skip, Sequence[str]] = field(default_factory=dict)

    @property
    def left_out(self) -> str:
        """What was left out, in a sentence; empty where nothing was."""
        reasons = [f"{reason} ({self._which(reason)})" for reason in self.skipped]
        return f"Left out: {', '.join(reasons)}." if reasons else ""

    def _which(self, reason: Skip) -> str:
        """How many, and the first few of them, e.g. "4: notes.txt, list.csv, a.mp4 and others"."""
        count, names = self.skipped[reason], self.named.get(reason, ())
        others = " and others" if count > len(names) else ""
        return f"{count:,}: {', '.join(names)}{others}" if names else f"{count:,}"


def skip_by_name(parts: Sequence[str], suffixes: Container[str] = IMAGE_SUFFIXES) -> Skip | None:
    """What is wrong with a file going by its path's parts; None for one of these suffixes."""
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return Skip.HIDDEN
    suffix = PurePosixPath(parts[-1]).suffix.lower()
    if suffix in _ARCHIVES:
        return Skip.ARCHIVE
    return None if suffix in suffixes else Skip.NO_PHOTO


class PhotoIntake:
    """Copies photos into a folder of one's own, class by class.

    Args:
        folder: empty; the class folders are made in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._photos = dict.fromkeys(reversed(CLASS_FOLDERS), 0)
        self._skipped: Counter[Skip] = Counter()
        self._skipped_names: dict[Skip, list[str]] = {}
        self._names: dict[str, str] = {}
        self._bytes = 0
        for name in CLASS_FOLDERS:
            (folder / name).mkdir()

    def skip(self, reason: Skip, name: str) -> None:
        """Count what is left out.

        Args:
            reason: why.
            name: its path, with forward slashes.
        """
        self._skipped[reason] += 1
        names = self._skipped_names.setdefault(reason, [])
        if reason not in _UNNAMED and len(names) < NAMED:
            names.append(_shown(name))

    def take(
        self,
        label: str,
        stream: IO[bytes],
        name: str,
        packed_bytes: int | None = None,
    ) -> None:
        """Copy one photo, or count why not.

        Args:
            label: one of ``CLASS_FOLDERS``.
            stream: the file; what it really holds is counted, whatever was promised.
            name: what its owner calls it: as ``owner_names`` has it, else its path.
            packed_bytes: that it takes in its archive.

        Raises:
            MasklensError: there is too much in all.
        """
        content = self._read(stream, packed_bytes)
        if isinstance(content, Skip):
            self.skip(content, name)
            return
        try:
            suffix = picture_suffix(content)
        except ImageError:
            self.skip(Skip.NO_PHOTO, name)
            return
        if sum(self._photos.values()) >= MAX_PHOTOS:
            raise MasklensError(
                f"There are more than {MAX_PHOTOS:,} photos. Take some of them away and try again."
            )
        self._photos[label] += 1
        # What is marked under such a name is not taken for a photo of another archive.
        place = f"{label}/{self._photos[label]:04d}-{content_hash(content)}{suffix}"
        (self._folder / place).write_bytes(content)
        self._names[name] = place

    def _read(self, stream: IO[bytes], packed_bytes: int | None) -> bytes | Skip:
        content = bytearray()
        while step := stream.read(_STEP_BYTES):
            content += step
            self._bytes += len(step)
            if self._bytes > MAX_TOTAL_BYTES:
                raise MasklensError(
                    f"The photos take more than {MAX_TOTAL_BYTES // 2**30} GB once unpacked."
                    " Take some of them away, or make smaller copies."
                )
            if len(content) > MAX_BYTES:
                return Skip.LARGE
            if packed_bytes is not None and len(content) > max(
                GROWTH_FROM_BYTES, MAX_GROWTH * packed_bytes
            ):
                return Skip.GROWS
        return bytes(content)

    def finish(self) -> IntakeReport:
        """Keep the owner's names beside the photos, and tell what was taken in.

        Raises:
            MasklensError: a class has no photo.
        """
        missing = [name.replace("_", " ") for name, number in self._photos.items() if not number]
        report = IntakeReport(dict(self._photos), dict(self._skipped), self._skipped_names)
        if missing:
            raise MasklensError(
                f"There is no usable photo {' and none '.join(missing)}. Two classes are needed,"
                f" each in a folder of its own. {report.left_out}".rstrip()
            )
        write_json(self._folder / OWNER_NAMES_FILE, self._names)
        return report


def _shown(path: str) -> str:
    """A file's name, short and without what would not be seen."""
    name = "".join(filter(str.isprintable, path.rpartition("/")[2]))
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def content_hash(content: bytes) -> str:
    """What tells a photo from others of its name: the first 8 digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:8]


def hash_in_name(path: str) -> str:
    """The ``content_hash`` in a name that ``PhotoIntake`` gave; empty where it gave none."""
    named = _OUR_NAME.fullmatch(path.rpartition("/")[2])
    return named[1] if named else ""


def kept_names(folder: Path) -> dict[str, str]:
    """Where the photos lie that were taken into a folder, by their owner's names.

    Returns:
        Names of files relative to ``folder``; empty where photos are used in place.
    """
    try:
        names = json.loads((folder / OWNER_NAMES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(names, dict):
        return {}  # a file of the visitor's own, in a folder used in place
    return {name: place for name, place in names.items() if isinstance(place, str)}
