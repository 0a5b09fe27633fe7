"""Squares cut out of photos with their faces, and what may be laid over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

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
# An ellipse so many times as large as the lent face's box is taken over.
_LENT_GROWTH = 1.3

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
    visible = _areas(inside) / np.maximum(_areas(faces), 1e-6)
    large = (inside[:, 2:] - inside[:, :2]).max(axis=1, initial=0) >= SMALLEST
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
    covered = np.concatenate(
        [
            np.maximum(faces[:, :2], photo_xyxy[:, :2]),
            np.minimum(faces[:, 2:], photo_xyxy[:, 2:]),
        ],
        axis=1,
    )
    meet = (covered[:, 2:] > covered[:, :2]).all(axis=1)
    left = 1 - meet * _areas(covered) / np.maximum(_areas(faces), 1e-6)
    asked = left >= _STILL_ASKED
    return faces[asked], np.concatenate([faces[~asked & (left >= _STILL_THERE)], ignored])


def lend_face(
    image: ImageRgb, box: Boxes, lender: Sample, index: int, rng: np.random.Generator
) -> tuple[ImageRgb, Boxes]:
    """Put the face of another photo in the place of one, as large and about as bright.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face to be replaced, pixels.
        lender: the other photo.
        index: of its face.
        rng: where chance comes from.

    Returns:
        A copy of the image, or the image itself where nothing of the face lies in it, and the
        new face's box, (4,).
    """
    photo, face = read_image(lender.path), lender.boxes_xyxy[index]
    if rng.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
        face = np.array([photo.shape[1] - face[2], face[1], photo.shape[1] - face[0], face[3]])
    scale = float((box[2:] - box[:2]).max() / (face[2:] - face[:2]).max())
    if scale < 0.75:  # a warp alone would alias
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face, scale = face * scale, 1.0
    target, source = (box[:2] + box[2:]) / 2, (face[:2] + face[2:]) / 2
    half = (face[2:] - face[:2]) / 2 * scale
    axes = np.maximum(1, np.rint(half * _LENT_GROWTH)).astype(int)
    blur = max(0.5, 0.08 * float(half.max()))
    # All that is changed lies in this window of the picture.
    size_wh = np.array(image.shape[1::-1])
    reach = axes + int(np.ceil(4 * blur)) + 1
    start = np.clip(np.rint(target).astype(int) - reach, 0, size_wh)
    end = np.clip(np.rint(target).astype(int) + reach + 1, 0, size_wh)
    if (end <= start).any():
        return image, box
    window = image[start[1] : end[1], start[0] : end[0]]
    matrix = np.array([[scale, 0, 0], [0, scale, 0]])
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    matrix[:, 2] = target - start - scale * source + 0.5 * scale - 0.5
    moved = cv2.warpAffine(
        photo, matrix, tuple((end - start).tolist()), borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros(window.shape[:2], np.float32)
    middle = (np.rint(target).astype(int) - start).tolist()
    cv2.ellipse(mask, middle, axes.tolist(), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    inside = mask > 0.5
    if not inside.any():
        return image, box
    gain = (window[inside].mean() + 20) / (moved[inside].mean() + 20)
    mask = cv2.GaussianBlur(mask, (0, 0), blur)[..., None]
    lit = moved * float(np.clip(gain, 0.6, 1.6))
    blended = image.copy()
    blended[start[1] : end[1], start[0] : end[0]] = (window * (1 - mask) + lit * mask).clip(0, 255)
    new_box = np.concatenate([target - half, target + half]).clip(0, np.tile(size_wh, 2))
    return blended, new_box.astype(np.float32)


def turn(crop: Crop, degrees: float) -> Crop:
    """Turn a crop about its middle.

    Args:
        crop: a square picture, its faces, (N, 4), and the regions not asked about, (M, 4).
        degrees: how far, clockwise.

    Returns:
        The same, with the upright box around each turned face, taken for an ellipse; what
        comes in at the corners is the picture's edge drawn out. A face of which too little
        is left in the picture is no longer asked about.
    """
    image, faces, ignored = crop
    size = image.shape[0]
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    rotation = np.array([[cos, -sin], [sin, cos]])
    middle = np.array([size / 2, size / 2])
    matrix = np.column_stack([rotation, middle - rotation @ middle])
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    matrix[:, 2] += rotation @ (0.5, 0.5) - 0.5
    turned: ImageRgb = cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)

    def moved(boxes: Boxes) -> Boxes:
        centres = ((boxes[:, :2] + boxes[:, 2:]) / 2 - middle) @ rotation.T + middle
        half_x, half_y = (boxes[:, 2:] - boxes[:, :2]).T / 2
        half = np.stack(
            [np.hypot(half_x * cos, half_y * sin), np.hypot(half_x * sin, half_y * cos)]
        )
        return np.concatenate([centres - half.T, centres + half.T], axis=1).astype(np.float32)

    faces = moved(faces)
    inside, ignored = faces.clip(0, size), moved(ignored).clip(0, size)
    asked = _areas(inside) / np.maximum(_areas(faces), 1e-6) >= LEAST_VISIBLE
    return turned, inside[asked], np.concatenate([inside[~asked], ignored])


def cover_part(image: ImageRgb, box: Boxes, rng: np.random.Generator) -> ImageRgb:
    """Lay a blot over a face, its middle in the lower half of the box.

    It is an ellipse of one colour with up to three straight lines, and resembles nothing: like
    a hand or a microphone it hides a part of the face, which stays one to be found.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face, pixels.
        rng: where chance comes from.

    Returns:
        A copy, uint8 (H, W, 3).
    """
    image = image.copy()
    width, height = box[2:] - box[:2]
    height_, width_ = image.shape[:2]
    x = float(rng.uniform(box[0], box[2]))
    y = float(rng.uniform(box[1] + 0.5 * height, box[3]))
    # A colour of the picture itself, which may be that of skin or cloth, or any.
    colour = image[int(rng.integers(height_)), int(rng.integers(width_))].tolist()
    if rng.random() < 0.5:
        colour = rng.integers(0, 256, 3).tolist()
    axes = (
        max(1, round(width * rng.uniform(0.1, 0.6))),
        max(1, round(height * rng.uniform(0.08, 0.3))),
    )
    angle = float(rng.uniform(0, 180))
    cv2.ellipse(image, (round(x), round(y)), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        end = (round(x + rng.normal(0, 0.4 * width)), round(y + rng.normal(0, 0.4 * height)))
        thickness = max(1, round(width * rng.uniform(0.04, 0.12)))
        cv2.line(image, (round(x), round(y)), end, colour, thickness, cv2.LINE_AA)
    return image


def _moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    x = boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2]
    y = boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1).astype(np.float32)


def _areas(boxes: Boxes) -> Boxes:
    areas: Boxes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
