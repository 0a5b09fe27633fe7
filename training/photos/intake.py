"""Taking photos in from outside: within limits, counted, under names of our own."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from maskcore.errors import ImageError, MasklensError
from maskcore.files import write_json
from maskcore.images import MAX_BYTES, picture_suffix
from training.photos.class_names import CLASS_FOLDERS, deciding_folder, owner_names
from training.photos.data_folders import check_room, filling
from training.photos.offered import OfferedFile, Skip

MAX_PHOTOS = 30_000
MAX_TOTAL_BYTES = 4 * 2**30
# Photos are packed already: a ZIP makes them hardly smaller. What unpacks to a hundred
# times its size is a bomb; small plain pictures do so honestly.
MAX_GROWTH, GROWTH_FROM_BYTES = 100, 2**20
# Of each reason why files are left out, so many are named, and no more of a name is shown.
NAMED, NAME_LENGTH = 3, 40
# Beside the class folders: how the owner calls the photos that were taken in.
OWNER_NAMES_FILE = "masklens_names.json"
_STEP_BYTES = 2**18
_OUR_NAME = re.compile(r"\d{4,}-([0-9a-f]{8})\.[a-z]+")
# Their owner has never seen the ones, and has just set the others aside.
_UNNAMED = (Skip.HIDDEN, Skip.NOT_CHOSEN)


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


def copy_photos(
    files: Sequence[OfferedFile],
    classes: Mapping[str, str],
    into: Path,
    progress: Callable[[float], None],
) -> IntakeReport:
    """Copy photos, all or nothing, under names of our own.

    Args:
        files: all that are offered.
        classes: by name of a folder of ``plan``, the class of the photos in it; other folders
            are left out.
        into: a folder that is not there yet; then holds ``with_mask`` and ``without_mask``.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: they cannot be used, and why; ``into`` is then not there.
    """
    names = owner_names("/".join(file.parts) for file in files if file.skip is None)
    work = list(accumulate(file.packed_bytes or 1 for file in files))
    with filling(into) as folder:
        intake = _PhotoIntake(folder)
        for file, done in zip(files, work, strict=True):
            label = classes.get(deciding_folder(file.folder)[0])
            if file.skip is not None:
                intake.skip(file.skip, file.path)
            elif label is None:
                intake.skip(Skip.NOT_CHOSEN, file.path)
            else:
                intake.take(label, file, names.get("/".join(file.parts), file.path))
            progress(done / work[-1])
        return intake.finish()


class _PhotoIntake:
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

    def skip(self, reason: Skip, path: str) -> None:
        """Count what is left out, and note the first few."""
        self._skipped[reason] += 1
        names = self._skipped_names.setdefault(reason, [])
        if reason not in _UNNAMED and len(names) < NAMED:
            names.append(_shown(path))

    def take(self, label: str, file: OfferedFile, name: str) -> None:
        """Copy one photo, or count why not.

        Args:
            label: one of ``CLASS_FOLDERS``.
            file: what it really holds is counted, whatever was promised.
            name: what its owner calls it: as ``owner_names`` has it, else its path.

        Raises:
            MasklensError: there is too much in all, or too little room.
            OSError: it cannot be stored.
        """
        try:
            content = self._read(file)
        except file.damage:
            content = Skip.DAMAGED
        if isinstance(content, Skip):
            self.skip(content, file.path)
            return
        try:
            suffix = picture_suffix(content)
        except ImageError:
            self.skip(Skip.NO_PHOTO, file.path)
            return
        if sum(self._photos.values()) >= MAX_PHOTOS:
            raise MasklensError(
                f"There are more than {MAX_PHOTOS:,} photos. Take some of them away and try again."
            )
        self._photos[label] += 1
        # What is marked under such a name is not taken for a photo of another archive.
        place = f"{label}/{self._photos[label]:04d}-{content_hash(content)}{suffix}"
        check_room()  # others bring photos, too
        (self._folder / place).write_bytes(content)
        self._names[name] = place

    def _read(self, file: OfferedFile) -> bytes | Skip:
        content = bytearray()
        with file.open() as stream:
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
                if file.packed_bytes is not None and len(content) > max(
                    GROWTH_FROM_BYTES, MAX_GROWTH * file.packed_bytes
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
    """The ``content_hash`` in a name that ``copy_photos`` gave; empty where it gave none."""
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
