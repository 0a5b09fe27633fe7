"""Boxes, labels and blurred faces on a copy of the photo, from thumbnail to 12 megapixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from maskcore.types import Box, Face, ImageRgb, Verdict

# Blue and vermilion of Okabe and Ito's palette (Color Universal Design, 2008): told
# apart under every common colour blindness. White is read on both.
COLOURS: dict[Verdict, tuple[int, int, int]] = {
    "Mask": (0, 114, 178),
    "No Mask": (213, 94, 0),
    "Not sure": (96, 96, 96),
}
_WHITE = (255, 255, 255)
# Letters of labels, large and small, as parts of the photo's longer side.
_LETTERS = (40, 64)
# In photos of several faces words may be so many times as wide as their face.
_WIDEST = 2
# The share of another face that a label may cover.
_MOST_COVERED = 0.15
# Cells across a blurred face. Each keeps a mean alone, which no sharpening undoes.
_CELLS = 8
_BLUR_GROWTH = 1.15


def draw_faces(image_rgb: ImageRgb, faces: Sequence[Face], numbered: bool = True) -> ImageRgb:
    """Draw a box and a label, such as "Mask 98%", for every face.

    Text and lines grow with the photo, so that they are read when it is shown at any
    size. Labels stay inside the photo and evade one another and other faces. Where there
    is no room the letters become smaller, and where that does not help the label is the
    face's number alone, or the verdict where faces have none. The words and a thicker box
    for "No Mask" tell the classes apart without colour.

    In a photo of several faces every label begins with the face's number, counted from 1
    in the order given, as in tables, and small faces have their number alone. In video,
    which has no table beside it, the number is the track's and only takes the place of words.

    Args:
        image_rgb: uint8 (H, W, 3); left as it is.
        faces: boxes in this image's pixels.
        numbered: whether faces that are no tracks have a number, for a table to refer to.

    Returns:
        An annotated copy, uint8 (H, W, 3).
    """
    image = Image.fromarray(image_rgb)
    draw = ImageDraw.Draw(image)
    line = max(2, round(max(image.size) / 320))
    for face in faces:
        # Thick lines would fill a small box.
        thin = min(line, max(2, round(_shorter_side(face.box_xyxy) / 12)))
        width = round(thin * 1.5) if face.verdict == "No Mask" else thin
        _frame(draw, face.box_xyxy, width, COLOURS[face.verdict])
    # A very tall photo's labels are to be no wider than itself.
    side = min(max(image.size), 5 * image.width)
    # Below 11 pixels the letters run together.
    large, small = (ImageFont.load_default(size=max(11, side / part)) for part in _LETTERS)
    boxes = np.array([face.box_xyxy for face in faces], float).reshape(-1, 4)
    placed = np.zeros((0, 4))
    # The surest faces come first and choose their places first.
    for index, face in enumerate(faces):
        words = caption(face)
        short = str(face.track or index + 1) if numbered or face.track else face.verdict
        with_number = numbered and len(faces) > 1 and not face.track
        if with_number:
            words = f"{short}: {words}"
        widest = min(_WIDEST * (boxes[index, 2] - boxes[index, 0]), image.width - 1)
        taken = np.concatenate([placed, boxes])
        may_cover = np.concatenate([np.zeros(len(placed)), _MOST_COVERED * _areas(boxes)])
        may_cover[len(placed) + index] = np.inf
        for text, font, pad in (
            (words, large, max(2, line)),
            (words, small, max(2, line // 2)),
            (short, small, max(2, line // 2)),
        ):
            ink = draw.textbbox((0, 0), text, font=font, anchor="lt")
            label_wh = (ink[2] + 2 * pad, ink[3] + 2 * pad)
            if with_number and text != short and label_wh[0] > widest:
                continue
            places = np.array([*_places(face.box_xyxy, label_wh, image.size)])
            covered = _overlaps(places, taken)
            free = np.flatnonzero((covered <= may_cover).all(axis=1))
            if len(free):
                break
        # Where no place is free, the one that covers least.
        place = places[free[0] if len(free) else covered.sum(axis=1).argmin()]
        placed = np.concatenate([placed, place[None]])
        draw.rectangle(place.tolist(), fill=COLOURS[face.verdict])
        draw.text((place[0] + pad, place[1] + pad), text, fill=_WHITE, font=font, anchor="lt")
    return np.array(image)


def caption(face: Face) -> str:
    """What stands at a face's box: "Mask 98%", "No Mask 91%" or "Not sure"."""
    if face.verdict == "Not sure":
        return face.verdict
    mask = face.mask_probability
    return f"{face.label} {mask if face.label == 'Mask' else 1 - mask:.0%}"


def blur_faces(image_rgb: ImageRgb, boxes_xyxy: Iterable[Box]) -> ImageRgb:
    """Make faces unrecognisable: each becomes a coarse mosaic.

    Args:
        image_rgb: uint8 (H, W, 3); left as it is.
        boxes_xyxy: faces in this image's pixels; boxes off the image or empty change nothing.

    Returns:
        A copy, uint8 (H, W, 3), with about 8 cells across the longer side of every box.
    """
    blurred = image_rgb.copy()
    height, width = image_rgb.shape[:2]
    for x0, y0, x1, y1 in boxes_xyxy:
        if not (x1 > x0 and y1 > y0):
            continue
        dx, dy = ((side * (_BLUR_GROWTH - 1) / 2) for side in (x1 - x0, y1 - y0))
        left, right = _whole(x0 - dx, x1 + dx, width)
        top, bottom = _whole(y0 - dy, y1 + dy, height)
        if left < right and top < bottom:
            # Of the whole face, so that one half outside the image has no finer cells.
            _pixelate(blurred[top:bottom, left:right], max(x1 - x0, y1 - y0) * _BLUR_GROWTH)
    return blurred


def _whole(low: float, high: float, size: int) -> tuple[int, int]:
    """The pixels from ``low`` to ``high`` that an image of ``size`` pixels has."""
    return math.floor(min(max(low, 0), size)), math.ceil(min(max(high, 0), size))


def _pixelate(patch: ImageRgb, longer_side: float) -> None:
    """Replace the patch by its means over cells of a ``_CELLS``-th of ``longer_side`` pixels."""
    height, width = patch.shape[:2]
    # Cells of less than 2 pixels would keep the face as it is.
    cell = max(longer_side / _CELLS, 2)
    cells_wh = max(1, round(width / cell)), max(1, round(height / cell))
    means = cv2.resize(patch, cells_wh, interpolation=cv2.INTER_AREA)
    patch[:] = cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST)


def _frame(draw: ImageDraw.ImageDraw, box: Box, width: int, colour: tuple[int, int, int]) -> None:
    x0, y0, x1, y1 = (round(edge) for edge in box)
    # A white hair line around it keeps the box visible on any ground.
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=_WHITE)
    draw.rectangle((x0, y0, x1, y1), outline=colour, width=width)


def _places(box: Box, label_wh: tuple[float, float], size_wh: tuple[int, int]) -> Iterable[Box]:
    """Where a label may stand, best first: above, below, inside at the top, beside."""
    x0, y0, x1, y1 = box
    width, height = label_wh
    for x, y in (
        (x0, y0 - height),
        (x0, y1),
        (x1 - width, y0 - height),
        (x1 - width, y1),
        (x0, y0),
        (x0, y1 - height),
        (x1, y0),
        (x0 - width, y0),
    ):
        # Shifted inside where it would reach out; a label wider than the photo starts at 0.
        left = max(0.0, min(x, size_wh[0] - 1 - width))
        top = max(0.0, min(y, size_wh[1] - 1 - height))
        yield left, top, left + width, top + height


def _shorter_side(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _areas(boxes_xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    return areas


def _overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shared areas of (N, 4) with (M, 4) boxes, square pixels, (N, M)."""
    inner = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared: NDArray[np.float64] = inner.clip(0).prod(axis=2)
    return shared
