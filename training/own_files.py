"""Photos that somebody brings to measure a model on, unpacked without trusting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from maskcore.errors import MasklensError
from maskcore.images import IMAGE_SUFFIXES, MAX_BYTES
from training.archive import ZippedFile, open_files
from training.class_names import CLASS_FOLDERS, deciding_folder

MAX_TOTAL_BYTES = 2 * 2**30
MAX_NOTE_BYTES = 2 * 2**20  # of one file of annotations
# That are damaged or too large: each may have cost what the largest photo costs to unpack.
MAX_REFUSED = 500
_NOTES = {".xml": "annotations", ".txt": "labels"}
_IMAGES = "images"

Progress = Callable[[float], None]
Planned = tuple[str, ZippedFile, str]  # our name, the file, its owner's name


@dataclass(frozen=True)
class OwnFiles:
    """Photos in a folder, ready to be measured on.

    Attributes:
        root: holds ``with_mask/`` and ``without_mask/``, or annotated scenes.
        annotated: whether it is scenes.
        names: by a file's name within ``root``, how its owner calls it.
    """

    root: Path
    annotated: bool
    names: dict[str, str] = field(default_factory=dict)

    def name_of(self, path: str) -> str:
        """How the owner calls a file of ``root``."""
        return self.names.get(path, path)


def folder_files(root: Path) -> OwnFiles:
    """Take a folder of this machine as it is.

    Raises:
        MasklensError: it holds neither the two class folders nor annotations.
    """
    annotated = any((root / name).is_dir() for name in _NOTES.values())
    if not annotated and not any((root / name).is_dir() for name in CLASS_FOLDERS):
        raise MasklensError(_WANTED)
    return OwnFiles(root, annotated)


_WANTED = (
    "There are neither folders with and without masks nor annotated photos here. Needed are"
    " photos in with_mask/ and without_mask/, or images/ with annotations/*.xml (Pascal VOC) or"
    " labels/*.txt and classes.txt (YOLO)."
)


def unpack(stream: IO[bytes], into: Path, progress: Progress = lambda share: None) -> OwnFiles:
    """Copy what is needed out of a ZIP archive, under names of our own.

    Args:
        stream: the archive; it is left open.
        into: an empty folder.
        progress: told the share done, 0..1.

    Raises:
        MasklensError: the archive cannot be used, and why.
    """
    with open_files(stream, IMAGE_SUFFIXES | set(_NOTES)) as files:
        notes = [file for file in files if _is_note(file.parts)]
        photos = [file for file in files if _suffix(file) in IMAGE_SUFFIXES]
        planned = list(_plan_scenes(photos, notes) if notes else _plan_classes(photos))
        if not planned:
            raise MasklensError(_WANTED)
        names, written, refused = {}, 0, 0
        for done, (place, file, name) in enumerate(planned):
            progress(done / len(planned))
            is_photo = _suffix(file) in IMAGE_SUFFIXES
            content = file.read(MAX_BYTES if is_photo else MAX_NOTE_BYTES)
            if content is None:
                refused += 1
                if refused > MAX_REFUSED:
                    raise MasklensError(
                        f"More than {MAX_REFUSED} files in this ZIP archive are damaged or too"
                        " large. Pack it again."
                    )
                continue  # the rest may serve
            written += len(content)
            if written > MAX_TOTAL_BYTES:
                raise MasklensError(
                    f"These photos take more than {MAX_TOTAL_BYTES // 2**30} GB once unpacked."
                    " Take fewer of them, or make smaller copies."
                )
            (into / place).parent.mkdir(exist_ok=True)
            (into / place).write_bytes(content)
            names[place] = name
    return OwnFiles(into, bool(notes), names)


def _suffix(file: ZippedFile) -> str:
    return PurePosixPath(file.parts[-1]).suffix.lower()


def _is_note(parts: tuple[str, ...]) -> bool:
    suffix = PurePosixPath(parts[-1]).suffix.lower()
    # Texts lie about for many reasons; only these are YOLO's.
    return suffix == ".xml" or (suffix == ".txt" and _NOTES[suffix] in parts[:-1])


def _plan_classes(photos: list[ZippedFile]) -> Iterator[Planned]:
    for number, file in enumerate(photos, 1):
        folder, label = deciding_folder("/".join(file.parts[:-1]))
        if label is not None:
            rest = "/".join(file.parts[len(folder.split("/")) :])
            yield f"{label}/{number:05d}{_suffix(file)}", file, f"{label}/{rest}"


def _plan_scenes(photos: list[ZippedFile], notes: list[ZippedFile]) -> Iterator[Planned]:
    """Photos and what is noted of them under the same number; others are of no use."""
    by_key = {_key(file.parts): file for file in photos}
    for number, note in enumerate(notes, 1):
        folder = _NOTES[_suffix(note)]
        if note.parts[-1] == "classes.txt":
            yield f"{folder}/classes.txt", note, "classes.txt"
        elif photo := by_key.get(_key(note.parts)):
            for kind, file in ((_IMAGES, photo), (folder, note)):
                yield f"{kind}/{number:05d}{_suffix(file)}", file, "/".join(file.parts)


def _key(parts: tuple[str, ...]) -> tuple[str, ...]:
    """What a photo and its annotation have in common: all but kind of folder and suffix."""
    folders = (part for part in parts[:-1] if part not in (_IMAGES, *_NOTES.values()))
    return (*folders, PurePosixPath(parts[-1]).stem)
