"""Squares cut out of photos with their faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import areas, longer_sides, shared_areas
from maskcore.images import read_image
from maskcore.types import ImageRgb

# Faces smaller than this, pixels of the crop, are not asked for.
SMALLEST = 7.0
# A face of which less is left in the crop is neither face nor background.
LEAST_VISIBLE = 0.4
# Beyond this factor an enlarged face is a smear that nobody will look for.
LARGEST_FACTOR = 1.75
# Mostly a photo is not shrunk so far that more than this share of the crop's side is border,
# and mostly no more of the border shows than the photo's size makes necessary.
_LARGEST_BORDER, _WITHOUT_BORDER_SHARE = 0.2, 0.85
# A face of which this share or more is left beside a photo laid over it is still asked for.
_STILL_ASKED, _STILL_THERE = 0.75, 0.1

Boxes = NDArray[np.float32]
# A picture, uint8 (S, S, 3), its faces, (N, 4), and the regions not asked about, (M, 4).
Crop = tuple[ImageRgb, Boxes, Boxes]


@dataclass(frozen=True)
class Sample:
    """One photo with its faces.

    Attributes:
        path: the photo.
        boxes_xyxy: float32 (N, 4) faces, pixels.
        bare: bool (N,), which of them wear no mask.
        doubtful_xyxy: float32 (M, 4), neither face nor background.
        sides: smallest and largest side to which a face of it is brought in a crop.
    """

    path: Path
    boxes_xyxy: Boxes
    bare: NDArray[np.bool_]
    doubtful_xyxy: Boxes
    sides: tuple[float, float]


def crop_around(
    sample: Sample,
    index: int,
    size: int,
    rng: np.random.Generator,
    beside: bool = False,
    behind: Crop | None = None,
) -> Crop:
    """Cut a square out of a photo so that one face has a chance size at a chance place.

    Args:
        sample: the photo.
        index: of the face.
        size: side of the square, pixels.
        rng: where chance comes from.
        beside: aim a few faces' widths beside the face instead.
        behind: another crop of that size, on which the photo is laid; left as it is.

    Returns:
        uint8 (size, size, 3), faces (N, 4), regions not asked about (M, 4). What lies
        beyond the photo is one plain colour, as in service, or what is ``behind`` it.
    """
    image = read_image(sample.path)
    box = sample.boxes_xyxy[index]
    own_side = float((box[2:] - box[:2]).max())
    side = _draw_side(sample.sides, own_side, image, size, rng, laid_over=behind is not None)
    image, scale, done = _scaled(image, float(side / own_side), rng)
    if rng.random() < 0.5:  # mirrored
        scale[0] = -scale[0]
    # The face's centre lands where the whole face fits, as far as it does.
    room = max(0.0, size - side) / 2
    target = size / 2 + rng.uniform(-room, room, 2)
    centre = (box[:2] + box[2:]) / 2 * done
    if beside:
        centre = centre + rng.uniform(-6, 6, 2) * (box[2:] - box[:2]) * done
    matrix = np.column_stack([np.diag(scale), target - scale * centre])
    if rng.random() < _WITHOUT_BORDER_SHARE:
        matrix[:, 2] += _away_from_border(_photo_box(image, matrix), size)
    crop = _laid_out(image, matrix, size, rng, behind)
    faces, ignored = _faces_left(sample, done, matrix, size)
    if behind is None:
        return crop, faces, ignored
    still_asked, still_there = _left_uncovered(behind, _photo_box(image, matrix))
    return crop, np.concatenate([faces, still_asked]), np.concatenate([ignored, still_there])


def _draw_side(
    sides: tuple[float, float],
    own_side: float,
    image: ImageRgb,
    size: int,
    rng: np.random.Generator,
    laid_over: bool,
) -> float:
    """The longer side that a face shall have in the crop, alike by ratio within ``sides``."""
    low, high = sides[0], min(sides[1], 0.95 * size, LARGEST_FACTOR * own_side)
    if not laid_over and rng.random() < _WITHOUT_BORDER_SHARE:
        low = max(low, (1 - _LARGEST_BORDER) * size / max(image.shape[:2]) * own_side)
    side: float = np.exp(rng.uniform(np.log(min(low, high)), np.log(high)))
    return side


def _scaled(
    image: ImageRgb, factor: float, rng: np.random.Generator
) -> tuple[ImageRgb, NDArray[np.float64], float]:
    """Draw a little stretch, and shrink a photo where the warp to come would alias.

    Returns:
        The photo, shrunk or as it was; what is left to scale it by in x and y, (2,); and the
        factor by which it was shrunk, or 1.
    """
    stretch = np.exp(rng.uniform(-0.08, 0.08))
    scale = np.array([factor * stretch, factor / stretch])
    if factor >= 0.75:
        return image, scale, 1.0
    shrunk = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return shrunk, scale / factor, factor


def _photo_box(image: ImageRgb, matrix: NDArray[np.float64]) -> Boxes:
    """Where in the crop a whole photo comes to lie, (1, 4)."""
    return _moved(np.array([[0, 0, *image.shape[1::-1]]], np.float32), matrix)


def _away_from_border(photo_xyxy: Boxes, size: int) -> Boxes:
    """How far to move a photo, (1, 4), so that no more border shows than it must, (2,)."""
    corner, extent = photo_xyxy[0, :2], photo_xyxy[0, 2:] - photo_xyxy[0, :2]
    slack = size - extent
    move: Boxes = np.clip(corner, slack.clip(max=0), slack.clip(min=0)) - corner
    return move


def _laid_out(
    image: ImageRgb,
    matrix: NDArray[np.float64],
    size: int,
    rng: np.random.Generator,
    behind: Crop | None,
) -> ImageRgb:
    """The photo, moved, over a plain colour or over what is behind it."""
    shade = int(rng.integers(256)) if rng.random() < 0.5 else 128
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    warp = matrix.copy()
    warp[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    crop: ImageRgb
    if behind is None:
        crop = cv2.warpAffine(image, warp, (size, size), borderValue=(shade, shade, shade))
    else:
        crop = behind[0].copy()
        cv2.warpAffine(image, warp, (size, size), crop, borderMode=cv2.BORDER_TRANSPARENT)
    return crop


def _faces_left(
    sample: Sample, done: float, matrix: NDArray[np.float64], size: int
) -> tuple[Boxes, Boxes]:
    """The faces asked for, and the regions that are not, of a photo shrunk and then moved."""
    faces = _moved(sample.boxes_xyxy * done, matrix)
    doubtful = _moved(sample.doubtful_xyxy * done, matrix).clip(0, size)
    inside = faces.clip(0, size)
    visible = areas(inside) / np.maximum(areas(faces), 1e-6)
    large = longer_sides(inside) >= SMALLEST
    asked = (visible >= LEAST_VISIBLE) & large
    return inside[asked], np.concatenate([inside[~asked & (visible > 0)], doubtful])


def crop_anywhere(sample: Sample, size: int, rng: np.random.Generator) -> Crop:
    """Cut a square out of a photo without faces, as if there were one somewhere in it.

    Returns:
        uint8 (size, size, 3), no faces, (0, 4), and nothing that is not asked about, (0, 4).
    """
    height, width = read_image(sample.path).shape[:2]
    side = rng.uniform(0.05, 0.5) * min(height, width)
    corner = rng.uniform((0, 0), (width - side, height - side))
    box = np.concatenate([corner, corner + side]).astype(np.float32)
    imagined = replace(sample, boxes_xyxy=box[None], bare=np.array([False]))
    image, _, _ = crop_around(imagined, 0, size, rng)
    nothing = np.zeros((0, 4), np.float32)
    return image, nothing, nothing


def _left_uncovered(behind: Crop, photo_xyxy: Boxes) -> tuple[Boxes, Boxes]:
    """Of what lies behind a photo, (1, 4), the faces still asked for and what is left of others."""
    _, faces, ignored = behind
    left = 1 - shared_areas(faces, photo_xyxy)[:, 0] / np.maximum(areas(faces), 1e-6)
    asked = left >= _STILL_ASKED
    return faces[asked], np.concatenate([faces[~asked & (left >= _STILL_THERE)], ignored])


def _moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    x = boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2]
    y = boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1).astype(np.float32)
