"""Photos of two classes: read, checked, and what there is to know of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import resize
from maskcore.errors import ImageError, MasklensError
from maskcore.files import in_order
from maskcore.images import IMAGE_SUFFIXES, read_image
from maskcore.types import Box, ImageRgb
from training.config import CROP_MARGIN, TrainConfig
from training.photos.class_names import CLASS_FOLDERS
from training.photos.corrections import NONE, Corrections
from training.photos.face_cut import FindFace, cut, largest_face
from training.photos.likeness import group_near_duplicates, photo_hashes, with_near_duplicate
from training.photos.splits import split, split_in_time

# Threads that decode photos: each may hold one of 50 megapixels.
_MOST_THREADS = 8

# Told of each photo read: how many of how many are done, and its pixels if it can be read.
OnPhoto = Callable[[int, int, NDArray[np.uint8] | None], None]
# Of a photo its pixels, box and hashes, or why it cannot be read.
_Read = tuple[NDArray[np.uint8], Box | None, NDArray[np.bool_]] | str
_Photo = TypeVar("_Photo")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Dataset:
    """A folder of photos, read.

    Attributes:
        root: the folder that holds the class folders.
        paths: N file names relative to ``root``, with forward slashes: those without a mask
            first, each class sorted.
        boxes: N boxes in pixels, of the face that each photo is cut to; None where a photo is
            taken whole.
        pixels: uint8 (N, S, S, 3), what the model is shown of each photo when serving.
        labels: int (N,), 1 with a mask, 0 without.
        groups: int (N,); photos that look alike share a number.
        skipped: (file name, reason) of what could not be read.
    """

    root: Path
    paths: tuple[str, ...]
    boxes: tuple[Box | None, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    skipped: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.paths)

    def photo(self, index: int) -> ImageRgb:
        """Read one photo again at its full size, uint8 (H, W, 3)."""
        return read_image(self.root / self.paths[index])

    def face(self, index: int, margin: float) -> ImageRgb:
        """The same, cut to its face; ``margin`` as in ``crop_square``."""
        return cut(self.photo(index), self.boxes[index], margin)


def read_dataset(
    root: Path,
    image_size: int,
    corrections: Corrections = NONE,
    on_photo: OnPhoto = lambda done, total, pixels: None,
    find_face: FindFace = largest_face,
    boxes: Mapping[str, Box | None] | None = None,
) -> Dataset:
    """Read ``root/with_mask`` and ``root/without_mask``, subfolders included.

    Args:
        root: the dataset's folder.
        image_size: side of the model's input, pixels.
        corrections: photos to leave out, or of the other class than their folder.
        on_photo: told of each file read, in order: how many of how many are done, and its
            pixels, uint8 (S, S, 3), or None; what it raises ends the reading.
        find_face: see ``training.photos.face_cut``.
        boxes: what it found before, by file name alone: those photos are not looked at again.

    Raises:
        MasklensError: a class folder is missing or holds no readable photo.
    """
    names: list[str] = []
    for folder in CLASS_FOLDERS:
        found = photo_files(root / folder)
        if not found:
            raise MasklensError(
                f"No photos were found in {folder}/. The data folder must hold with_mask/ and"
                " without_mask/, each with photos."
            )
        below = (path.relative_to(root).as_posix() for path in found)
        names += [name for name in below if name not in corrections.leave_out]

    def read(name: str) -> _Read:
        try:
            image = read_image(root / name)
        except ImageError as error:
            return str(error)
        box = boxes[name] if boxes and name in boxes else find_face(image)
        return resize(cut(image, box, CROP_MARGIN), image_size), box, photo_hashes(image)

    outcomes: list[_Read] = []
    for outcome in in_threads(read, names):
        outcomes.append(outcome)
        pixels = None if isinstance(outcome, str) else outcome[0]
        on_photo(len(outcomes), len(names), pixels)
    good = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, str)]
    seen = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    labels = np.array(
        [corrections.labels.get(names[i], folder_label(names[i])) for i in good], np.int64
    )
    for label, folder in enumerate(CLASS_FOLDERS):
        if label not in labels:
            raise MasklensError(f"None of the files in {folder}/ is a photo that can be read.")
    groups = group_near_duplicates(np.stack([hashes for _, _, hashes in seen]))
    return Dataset(
        root=root,
        paths=tuple(names[i] for i in good),
        boxes=tuple(box for _, box, _ in seen),
        pixels=np.stack([pixels for pixels, _, _ in seen]),
        labels=labels,
        groups=groups,
        skipped=tuple(
            (names[i], outcome) for i, outcome in enumerate(outcomes) if isinstance(outcome, str)
        ),
    )


def in_threads(read: Callable[[_Photo], _Result], photos: Iterable[_Photo]) -> Iterator[_Result]:
    """What comes of each photo, in order; once nobody asks for more, no other is begun."""
    # Decoding leaves Python's lock alone only half of the time: more threads hinder each other.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as executor:
        yield from executor.map(read, photos)


def folder_label(path: str) -> int:
    """The class that a photo's folder stands for: 1 mask, 0 no mask."""
    return CLASS_FOLDERS.index(path.split("/")[0])


def photo_files(folder: Path) -> list[Path]:
    """Files that are photos by their names, in subfolders too, sorted."""
    return [
        path
        for path in in_order(folder.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES and os.path.isfile(path)
    ]


def divide(dataset: Dataset, config: TrainConfig) -> dict[str, NDArray[np.int64]]:
    """The parts of a run's data, as its settings have them; see the two kinds of split."""
    if config.split_by == "time":
        return split_in_time(dataset.labels, config.validation_share, config.test_share)
    return split(
        dataset.labels, dataset.groups, config.validation_share, config.test_share, config.seed
    )


def data_report(dataset: Dataset, parts: dict[str, NDArray[np.int64]]) -> dict[str, Any]:
    """What there is to know of the data before training, as plain JSON values."""
    labels, groups = dataset.labels, dataset.groups
    mixed = {int(g) for g in groups[labels == 0]} & {int(g) for g in groups[labels == 1]}
    return {
        "photos": len(dataset),
        "by_class": _by_class(labels),
        "photos_with_a_near_duplicate": with_near_duplicate(groups),
        "groups_in_both_classes": [
            [dataset.paths[i] for i in np.flatnonzero(groups == number)] for number in sorted(mixed)
        ],
        "relabelled": {
            path: CLASS_FOLDERS[label]
            for path, label in zip(dataset.paths, labels, strict=True)
            if label != folder_label(path)
        },
        "boxes": dict(zip(dataset.paths, dataset.boxes, strict=True)),
        "skipped": [{"path": path, "reason": reason} for path, reason in dataset.skipped],
        "parts": {
            name: {
                "photos": len(members),
                "by_class": _by_class(labels[members]),
                "paths": [dataset.paths[i] for i in members],
            }
            for name, members in parts.items()
        },
    }


def _by_class(labels: NDArray[np.int64]) -> dict[str, int]:
    return {folder: int((labels == label).sum()) for label, folder in enumerate(CLASS_FOLDERS)}
