"""What is in a folder of photos, before anything is trained on it: counts, faults, a look."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import resize
from maskcore.errors import ImageError, MasklensError
from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import in_threads, photo_files
from training.photos.findings import WORDS, DataReport
from training.photos.likeness import group_near_duplicates, photo_hashes, with_near_duplicate

SHEET_PHOTOS, SHEET_COLUMNS, SHEET_SIDE = 24, 6, 96


@dataclass(frozen=True)
class _Photo:
    digest: bytes
    hashes: NDArray[np.bool_]
    size_wh: tuple[int, int]


def inspect(
    root: Path, progress: Callable[[float], None] = lambda share: None, recorded: bool = False
) -> DataReport:
    """Read every photo of a data folder once and report.

    Args:
        root: holds ``with_mask/`` and ``without_mask/``.
        progress: told the share done, 0..1.
        recorded: whether they are frames of a camera.

    Raises:
        MasklensError: a class holds no readable photo.
    """
    files = [path for folder in CLASS_FOLDERS for path in photo_files(root / folder)]
    names = [path.relative_to(root).as_posix() for path in files]
    seen: list[tuple[str, _Photo]] = []
    unreadable = []
    for number, (name, photo) in enumerate(zip(names, in_threads(_look_at, files), strict=True), 1):
        if isinstance(photo, _Photo):
            seen.append((name, photo))
        else:
            unreadable.append((name, photo))
        # Comparing all with all comes after and takes a moment.
        progress(0.95 * number / len(files))
    classes = [name.split("/")[0] for name, _ in seen]
    for folder in CLASS_FOLDERS:
        if folder not in classes:
            raise MasklensError(f"No photo {WORDS[folder]} can be read. Bring other photos.")
    groups = group_near_duplicates(np.stack([photo.hashes for _, photo in seen]))
    progress(1.0)
    by_class = Counter(classes)
    return DataReport(
        photos={folder: by_class[folder] for folder in WORDS},
        different={
            folder: len({g for g, c in zip(groups.tolist(), classes, strict=True) if c == folder})
            for folder in WORDS
        },
        unreadable=tuple(unreadable),
        exact_copies=len(seen) - len({photo.digest for _, photo in seen}),
        look_alikes=with_near_duplicate(groups),
        in_both=_in_both([name for name, _ in seen], classes, groups),
        smallest_wh=min((photo.size_wh for _, photo in seen), key=lambda wh: (wh[0] * wh[1], wh)),
        recorded=recorded,
    )


def _look_at(path: Path) -> _Photo | str:
    try:
        content = path.read_bytes()
        image = read_image(content)
    except (ImageError, OSError) as error:
        return str(error) if isinstance(error, ImageError) else "This file cannot be opened."
    height, width = image.shape[:2]
    return _Photo(hashlib.sha256(content).digest(), photo_hashes(image), (width, height))


def _in_both(
    names: list[str], classes: list[str], groups: NDArray[np.int64]
) -> tuple[tuple[str, ...], ...]:
    members: dict[int, list[int]] = {}
    for index, number in enumerate(groups.tolist()):
        members.setdefault(number, []).append(index)
    return tuple(
        tuple(names[index] for index in indices)
        for indices in members.values()
        if len({classes[index] for index in indices}) > 1
    )


def contact_sheet(root: Path, label: str) -> ImageRgb:
    """A grid of up to 24 photos of a class, drawn evenly from all of them.

    Args:
        root: the data folder.
        label: one of ``CLASS_FOLDERS``.

    Returns:
        uint8 (96 * rows, 96 * columns, 3); cells without a photo are grey.
    """
    files = photo_files(root / label)
    chosen = np.unique(np.linspace(0, max(len(files) - 1, 0), SHEET_PHOTOS).round().astype(int))
    tiles = [_tile(files[index]) for index in chosen] if files else []
    shown = [tile for tile in tiles if tile is not None]
    columns = min(max(len(shown), 1), SHEET_COLUMNS)
    rows = max(-(-len(shown) // columns), 1)
    sheet: ImageRgb = np.full((rows, SHEET_SIDE, columns, SHEET_SIDE, 3), 128, np.uint8)
    for number, tile in enumerate(shown):
        sheet[number // columns, :, number % columns] = tile
    return sheet.reshape(rows * SHEET_SIDE, columns * SHEET_SIDE, 3)


def _tile(path: Path) -> ImageRgb | None:
    """The middle square of a photo; None where it cannot be read."""
    try:
        image = read_image(path)
    except ImageError:
        return None
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(image[top : top + side, left : left + side], SHEET_SIDE)
