"""Photos that somebody brings to measure a model on, unpacked without trusting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from maskcore.errors import MasklensError
from maskcore.files import in_order
from maskcore.images import IMAGE_SUFFIXES, MAX_BYTES
from training.photos.archive import open_files
from training.photos.class_names import CLASS_FOLDERS, owner_names
from training.photos.data_folders import check_room
from training.photos.folder_intake import files_below, is_ready, links_stay_below
from training.photos.offered import OfferedFile
from training.photos.yolo_names import CLASSES_FILE, NAMES_FILES, listed_names

MAX_TOTAL_BYTES = 2 * 2**30
MAX_NOTE_BYTES = 2 * 2**20  # of one file of annotations
# That are damaged or too large: each may have cost what the largest photo costs to unpack.
MAX_REFUSED = 500
_MAX_LISTS = 40  # that are read to see whether they are the same
_BOXES = {".xml": "annotations", ".txt": "labels"}
_IMAGES = "images"
_SCENES = (_IMAGES, *_BOXES.values(), *NAMES_FILES)
_SUFFIXES = IMAGE_SUFFIXES | set(_BOXES) | {PurePosixPath(name).suffix for name in NAMES_FILES}

Progress = Callable[[float], None]


Planned = tuple[str, OfferedFile, str]  # our name, the file, its owner's name


@dataclass(frozen=True)
class OwnFiles:
    """Photos in a folder, ready to be measured on.

    Attributes:
        root: holds ``with_mask/`` and ``without_mask/``, or annotated scenes.
        annotated: whether it is scenes.
        names: by a file's name within ``root``, how its owner calls it.
        refused: damaged or too large files that are not in ``root``, as their owner calls them.
    """

    root: Path
    annotated: bool
    names: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    def name_of(self, path: str) -> str:
        """How the owner calls a file of ``root``."""
        return self.names.get(path, path)


_WANTED = (
    "There are neither folders with and without masks nor annotated photos here. Needed are"
    " photos in with_mask/ and without_mask/, or images/ with annotations/*.xml (Pascal VOC) or"
    " labels/*.txt and classes.txt or data.yaml (YOLO)."
)


def folder_files(root: Path, into: Path) -> OwnFiles:
    """Take a folder of this machine: as it is where it can be measured on so.

    What an archive may hold may stand in a folder, too: of other names or deeper, it is
    copied as if it came in one.

    Args:
        root: it stays as it is.
        into: an empty folder, for the copies.

    Raises:
        MasklensError: it holds neither folders of the two classes nor annotations, or too much;
            or there is no room for the copies.
        OSError: it may not be read.
    """
    photos = {
        path.stem for path in (root / _IMAGES).glob("*") if path.suffix.lower() in IMAGE_SUFFIXES
    }
    annotated = any(
        path.stem in photos and path.name != CLASSES_FILE
        for suffix, name in _BOXES.items()
        for path in in_order((root / name).glob(f"*{suffix}"))
    )
    ready = links_stay_below(root, _SCENES) if annotated else is_ready(root)
    if ready:
        return OwnFiles(root, annotated)
    return _copy(files_below(root, _SUFFIXES), into, lambda share: None)


def unpack(stream: IO[bytes], into: Path, progress: Progress = lambda share: None) -> OwnFiles:
    """Copy what is needed out of a ZIP archive, under names of our own.

    Args:
        stream: the archive; it is left open.
        into: an empty folder.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: the archive cannot be used, and why.
    """
    with open_files(stream, _SUFFIXES) as files:
        return _copy(files, into, progress)


def _copy(offered: Iterable[OfferedFile], into: Path, progress: Progress) -> OwnFiles:
    files = [file for file in offered if file.skip is None]
    photos = [file for file in files if _suffix(file) in IMAGE_SUFFIXES]
    boxes = _boxes(files, photos)
    planned = list(_plan_classes(photos))
    # Some who labelled a few photos of their class folders left the notes beside them.
    both = {place.partition("/")[0] for place, _, _ in planned} == set(CLASS_FOLDERS)
    beside = {_key(note.parts) for note in boxes} <= {_key(file.parts) for _, file, _ in planned}
    annotated = bool(boxes) and not (both and beside and 2 * len(boxes) < len(photos))
    if annotated:
        planned = [*_lists_of_classes(files, boxes), *_plan_scenes(photos, boxes)]
    if not planned:
        raise MasklensError(_WANTED)
    names: dict[str, str] = {}
    refused: list[str] = []
    without_photo: set[str] = set()
    written = 0
    for done, (place, file, name) in enumerate(planned):
        progress(done / len(planned))
        if PurePosixPath(place).stem in without_photo:
            continue
        is_photo = _suffix(file) in IMAGE_SUFFIXES
        content = file.read(MAX_BYTES if is_photo else MAX_NOTE_BYTES)
        if content is None:
            refused.append(name)
            if is_photo:
                without_photo.add(PurePosixPath(place).stem)
            if len(refused) > MAX_REFUSED:
                raise MasklensError(
                    f"More than {MAX_REFUSED} files here are damaged or too large. Take them"
                    " away, or pack or copy the photos again."
                )
            continue  # the rest may serve
        written += len(content)
        if written > MAX_TOTAL_BYTES:
            raise MasklensError(
                f"These photos take more than {MAX_TOTAL_BYTES // 2**30} GB once unpacked."
                " Take fewer of them, or make smaller copies."
            )
        check_room()  # others bring photos, too
        with storing():
            (into / place).parent.mkdir(exist_ok=True)
            (into / place).write_bytes(content)
        names[place] = name
    if not any(PurePosixPath(place).suffix in IMAGE_SUFFIXES for place in names):
        raise MasklensError(
            f"No photo here could be read: all are damaged or over {MAX_BYTES // 2**20} MB. Pack"
            " or copy them again."
        )
    return OwnFiles(into, annotated, names, tuple(refused))


@contextmanager
def storing() -> Iterator[None]:
    """Tell what cannot be written from what cannot be read."""
    try:
        yield
    except OSError as error:
        raise MasklensError("The photos could not be stored: the disk may be full.") from error


def _suffix(file: OfferedFile) -> str:
    return PurePosixPath(file.parts[-1]).suffix.lower()


def _boxes(files: Sequence[OfferedFile], photos: Sequence[OfferedFile]) -> list[OfferedFile]:
    """The annotations of photos: of several of one a single one, Pascal VOC's before YOLO's."""
    of_photos = {_key(photo.parts) for photo in photos}
    found = [file for file in files if _has_boxes(file) and _key(file.parts) in of_photos]
    by_photo = {_key(file.parts): file for file in found}
    by_photo |= {_key(file.parts): file for file in found if _suffix(file) == ".xml"}
    return list(by_photo.values())


def _has_boxes(file: OfferedFile) -> bool:
    suffix = _suffix(file)
    # Texts lie about for many reasons; only these are YOLO's.
    return suffix == ".xml" or (
        suffix == ".txt" and _BOXES[suffix] in file.parts[:-1] and file.parts[-1] != CLASSES_FILE
    )


def _plan_classes(photos: list[OfferedFile]) -> Iterator[Planned]:
    by_path = {"/".join(file.parts): file for file in photos}
    names = owner_names(by_path)
    for number, (path, file) in enumerate(by_path.items(), 1):
        if path in names:
            label = names[path].partition("/")[0]
            yield f"{label}/{number:05d}{_suffix(file)}", file, names[path]


def _plan_scenes(photos: list[OfferedFile], boxes: list[OfferedFile]) -> Iterator[Planned]:
    """Photos, each before what is noted of it under the same number; others are of no use."""
    by_key = {_key(file.parts): file for file in photos}
    for number, note in enumerate(boxes, 1):
        photo = by_key[_key(note.parts)]
        for kind, file in ((_IMAGES, photo), (_BOXES[_suffix(note)], note)):
            yield f"{kind}/{number:05d}{_suffix(file)}", file, "/".join(file.parts)


def _lists_of_classes(files: Sequence[OfferedFile], boxes: list[OfferedFile]) -> Iterator[Planned]:
    """The list that YOLO's numbers need, of several the one above the others.

    Raises:
        MasklensError: none is above the others and they differ, so that a number means now
            this, now that.
    """
    if not any(_suffix(file) == ".txt" for file in boxes):
        return
    lists: list[OfferedFile] = []
    for file in sorted(
        (file for file in files if file.parts[-1] in NAMES_FILES),
        key=lambda file: (NAMES_FILES.index(file.parts[-1]), len(file.parts)),
    ):
        if len(lists) <= _MAX_LISTS and not any(_is_above(other, file) for other in lists):
            lists.append(file)
    if not lists:
        return
    name = lists[0].parts[-1]
    if len(lists) > _MAX_LISTS or not _say_the_same(lists):
        places = ", ".join("/".join(file.parts) for file in lists[:3])
        raise MasklensError(
            f"One {name} is needed for all photos, but there are several: {places}. Bring"
            " these photos one set after the other."
        )
    yield f"{_BOXES['.txt']}/{name}", lists[0], name


def _is_above(upper: OfferedFile, lower: OfferedFile) -> bool:
    """Whether a list of classes holds for the photos of another, which comes after it."""
    folder = _set_folder(upper.parts)
    # Beside each other or in labels/, those of one kind must be the same.
    comes_first = upper.parts[-1] != lower.parts[-1] or len(upper.parts) < len(lower.parts)
    return comes_first and _set_folder(lower.parts)[: len(folder)] == folder


def _say_the_same(lists: list[OfferedFile]) -> bool:
    contents = {(file.parts[-1], (file.read(MAX_NOTE_BYTES) or b"").strip()) for file in lists}
    kinds = {name for name, _ in contents}
    # Only two of different kinds are understood to compare them: that may take long.
    return len(contents) == len(kinds) and (
        len(kinds) == 1 or len({tuple(listed_names(*content)) for content in contents}) == 1
    )


def _set_folder(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The folder of the set of photos to which a file belongs."""
    return tuple(part for part in parts[:-1] if part not in (_IMAGES, *_BOXES.values()))


def _key(parts: tuple[str, ...]) -> tuple[str, ...]:
    """What a photo and its annotation have in common: all but kind of folder and suffix."""
    return (*_set_folder(parts), PurePosixPath(parts[-1]).stem)
