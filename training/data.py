"""Photos of two classes: read, checked, grouped by likeness, split without leaks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from maskcore.classification.preprocess import resize
from maskcore.errors import ImageError, MasklensError
from maskcore.images import IMAGE_SUFFIXES, read_image
from training.class_names import CLASS_FOLDERS as CLASS_FOLDERS
from training.config import TrainConfig
from training.corrections import NONE, Corrections

PARTS = ("train", "validation", "test")
DATA_FILE = "data.json"  # in a run's folder: its data report

# Photos are dealt out in so many folds; a class needs one that differs for each.
FOLDS = 20

# Bits of 64 in which the hashes of re-encoded, slightly cropped or recoloured copies
# differ at most. On 3,991 close-ups, pairs at 8 are about half true copies, at 10 few
# are, and chains begin to join hundreds of strangers.
NEAR_DUPLICATE_BITS = 8

# Photos compared at a time with all others: what a comparison takes grows with it.
_ROWS = 128

# Threads that decode photos: each may hold one of 50 megapixels.
_MOST_THREADS = 8

# Of a recording, left out between two parts; and the fewest pictures a class may have.
GAP_SHARE = 0.04
SHORTEST_RECORDING = 20

# Told of each photo read: how many of how many are done, and its pixels if it can be read.
OnPhoto = Callable[[int, int, NDArray[np.uint8] | None], None]
# Of a photo its pixels and hashes, or why it cannot be read.
_Read = tuple[NDArray[np.uint8], NDArray[np.bool_]] | str
_Photo = TypeVar("_Photo")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Dataset:
    """A folder of photos, read.

    Attributes:
        root: the folder that holds the class folders.
        paths: N file names relative to ``root``, with forward slashes, sorted.
        pixels: uint8 (N, S, S, 3), each photo brought to the model's input size.
        labels: int (N,), 1 with a mask, 0 without.
        groups: int (N,); photos that look alike share a number.
        near_duplicate_pairs: how many pairs of photos look alike.
        skipped: (file name, reason) of what could not be read.
    """

    root: Path
    paths: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    near_duplicate_pairs: int
    skipped: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.paths)

    def photo(self, index: int) -> NDArray[np.uint8]:
        """Read one photo again at its full size, uint8 (H, W, 3)."""
        return read_image(self.root / self.paths[index])


def read_dataset(
    root: Path,
    image_size: int,
    corrections: Corrections = NONE,
    on_photo: OnPhoto = lambda done, total, pixels: None,
) -> Dataset:
    """Read ``root/with_mask`` and ``root/without_mask``, subfolders included.

    Args:
        root: the dataset's folder.
        image_size: side of the model's input, pixels.
        corrections: photos to leave out, or of the other class than their folder.
        on_photo: told of each file read, in order: how many of how many are done, and its
            pixels, uint8 (S, S, 3), or None; what it raises ends the reading.

    Raises:
        MasklensError: a class folder is missing or holds no readable photo.
    """
    files = []
    for folder in CLASS_FOLDERS:
        found = photo_files(root / folder)
        if not found:
            raise MasklensError(
                f"No photos were found in {folder}/. The data folder must hold with_mask/ and"
                " without_mask/, each with photos."
            )
        files += [
            path for path in found if path.relative_to(root).as_posix() not in corrections.leave_out
        ]

    def read(path: Path) -> _Read:
        try:
            image = read_image(path)
        except ImageError as error:
            return str(error)
        return resize(image, image_size), photo_hashes(image)

    outcomes: list[_Read] = []
    for outcome in in_threads(read, files):
        outcomes.append(outcome)
        pixels = None if isinstance(outcome, str) else outcome[0]
        on_photo(len(outcomes), len(files), pixels)
    names = [path.relative_to(root).as_posix() for path in files]
    good = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, str)]
    labels = np.array(
        [corrections.labels.get(names[i], folder_label(names[i])) for i in good], np.int64
    )
    for label, folder in enumerate(CLASS_FOLDERS):
        if label not in labels:
            raise MasklensError(f"None of the files in {folder}/ is a photo that can be read.")
    groups, pairs = group_near_duplicates(np.stack([outcomes[i][1] for i in good]))
    return Dataset(
        root=root,
        paths=tuple(names[i] for i in good),
        pixels=np.stack([outcomes[i][0] for i in good]),
        labels=labels,
        groups=groups,
        near_duplicate_pairs=pairs,
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
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    ]


def photo_hashes(image_rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Perceptual hash of a photo and of its mirror image, bool (2, 64)."""
    # A first reduction makes hashing a photo of any size cheap.
    small = Image.fromarray(resize(image_rgb, 96)).convert("L")
    mirrored = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.stack([imagehash.phash(small).hash.ravel(), imagehash.phash(mirrored).hash.ravel()])


def group_near_duplicates(hashes: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """Find photos that are copies of one another, mirrored ones included.

    Two are where their hashes, one of them perhaps of its photo's mirror image, differ in at
    most ``NEAR_DUPLICATE_BITS`` bits. Copies of copies belong to one group.

    Args:
        hashes: bool (N, 2, 64), of each photo and of its mirror image.

    Returns:
        Each photo's group, int (N,), numbered as they first come, and how many pairs there are.
    """
    # Equal hashes are compared once: an archive may hold one photo ten thousand times.
    numbers: dict[bytes, int] = {}
    number_of = np.array([numbers.setdefault(both.tobytes(), len(numbers)) for both in hashes])
    _, first, counts = np.unique(number_of, return_index=True, return_counts=True)
    signs = np.where(hashes[first], np.float32(1), np.float32(-1))
    plain, mirrored = signs[:, 0], signs[:, 1]
    groups = np.arange(len(first))
    pairs = int(counts @ (counts - 1)) // 2
    # Groups and a count grow from rows to rows: a list of all pairs may not fit.
    for start in range(0, len(first), _ROWS):
        rows, others = slice(start, start + _ROWS), slice(start, None)
        # Bits that agree less bits that differ. The mirrored likeness is not symmetric to the
        # last bit: take either order.
        likeness = plain[rows] @ plain[others].T
        np.maximum(likeness, mirrored[rows] @ plain[others].T, out=likeness)
        np.maximum(likeness, plain[rows] @ mirrored[others].T, out=likeness)
        alike = likeness >= hashes.shape[2] - 2 * NEAR_DUPLICATE_BITS
        i, j = (start + indices for indices in np.nonzero(np.triu(alike, 1)))
        pairs += int(counts[i] @ counts[j])
        apart = groups[i] != groups[j]
        ends = groups[i[apart]], groups[j[apart]]
        links = csr_array((np.ones(len(ends[0])), ends), shape=(len(first), len(first)))
        groups = connected_components(links, directed=False)[1][groups]
    return groups[number_of].astype(np.int64), pairs


def with_near_duplicate(groups: NDArray[np.int64]) -> int:
    """How many photos have another one in their group."""
    sizes = np.bincount(groups)
    return int(sizes[sizes > 1].sum())


def split(
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    validation_share: float,
    test_share: float,
    seed: int,
) -> dict[str, NDArray[np.int64]]:
    """Divide photos into train, validation and test: classes balanced, groups undivided.

    Args:
        labels: int (N,) classes, whose shares the parts keep as nearly as groups allow.
        groups: int (N,); photos of one group land in one part.
        validation_share, test_share: of the whole, 0..1, met to the nearest twentieth.
        seed: another seed, another division.

    Returns:
        Sorted indices of each part; every photo is in exactly one.

    Raises:
        MasklensError: too few photos for a part to hold both classes.
    """
    validation_folds = max(1, round(validation_share * FOLDS))
    test_folds = max(1, round(test_share * FOLDS))
    smallest = min(len(set(groups[labels == label])) for label in set(labels.tolist()))
    if smallest < FOLDS:
        raise MasklensError(
            f"Too few photos: one class has {smallest} that differ from one another;"
            f" at least {FOLDS} are needed."
        )
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    fold = np.empty(len(labels), int)
    for number, (_, members) in enumerate(splitter.split(labels, labels, groups)):
        fold[members] = number
    test = fold < test_folds
    validation = ~test & (fold < test_folds + validation_folds)
    return {
        "train": np.flatnonzero(~test & ~validation),
        "validation": np.flatnonzero(validation),
        "test": np.flatnonzero(test),
    }


def split_in_time(
    labels: NDArray[np.int64], validation_share: float, test_share: float
) -> dict[str, NDArray[np.int64]]:
    """Divide recordings into train, validation and test: each class into three stretches.

    Pictures of a recording all look alike, and neighbours are nearly equal. So the parts
    lie apart in time, and those between two parts belong to none.

    Args:
        labels: int (N,) classes; the photos of each stand in the order they were taken.
        validation_share, test_share: of each class, 0..1.

    Returns:
        Sorted indices of each part.

    Raises:
        MasklensError: a class has fewer than ``SHORTEST_RECORDING`` photos.
    """
    parts: dict[str, list[NDArray[np.int64]]] = {name: [] for name in PARTS}
    for label in sorted(set(labels.tolist())):
        taken = np.flatnonzero(labels == label)
        if len(taken) < SHORTEST_RECORDING:
            raise MasklensError(
                f"Too few photos: one class has {len(taken)};"
                f" at least {SHORTEST_RECORDING} are needed."
            )
        gap = max(1, round(len(taken) * GAP_SHARE))
        test = max(2, round(len(taken) * test_share))
        validation = max(2, round(len(taken) * validation_share))
        first_test = len(taken) - test
        first_validation = first_test - gap - validation
        if first_validation - gap < 2:
            raise MasklensError(
                "Too little is left to learn from. Keep fewer photos for validation and test."
            )
        parts["train"].append(taken[: first_validation - gap])
        parts["validation"].append(taken[first_validation : first_test - gap])
        parts["test"].append(taken[first_test:])
    return {name: np.sort(np.concatenate(members)) for name, members in parts.items()}


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
        "near_duplicate_pairs": dataset.near_duplicate_pairs,
        "photos_with_a_near_duplicate": with_near_duplicate(groups),
        "groups_in_both_classes": [
            [dataset.paths[i] for i in np.flatnonzero(groups == number)] for number in sorted(mixed)
        ],
        "relabelled": {
            path: CLASS_FOLDERS[label]
            for path, label in zip(dataset.paths, labels, strict=True)
            if label != folder_label(path)
        },
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
