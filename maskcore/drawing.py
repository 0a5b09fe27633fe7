"""Boxes, labels and blurred faces on a copy of the photo, from thumbnail to 12 megapixels."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from maskcore.label_places import arrange
from maskcore.types import Box, Face, ImageRgb, Verdict

# Blue and vermilion of Okabe and Ito's palette (Color Universal Design, 2008): told apart
# under every common colour blindness. The latter is darker here, for white letters (4.5 : 1).
COLOURS: dict[Verdict, tuple[int, int, int]] = {
    "Mask": (0, 114, 178),
    "No Mask": (195, 85, 0),
    "Not sure": (96, 96, 96),
}
_WHITE = (255, 255, 255)
# Letters of labels, large and small, as parts of the photo's longer side.
_LETTERS = (40, 64)
# In photos of several faces words with a percentage, in large letters and in small ones, may
# be so many times as wide as their face.
_WIDEST = (2, 3)
# Cells across a blurred face. Each keeps a mean alone, which no sharpening undoes.
_CELLS = 8
_BLUR_GROWTH = 1.15


def draw_faces(
    image_rgb: ImageRgb, faces: Sequence[Face], numbered: bool = True, blur: bool = False
) -> ImageRgb:
    """Draw a box and a label, such as "Mask 98%", for every face.

    Text and lines grow with the photo, so that they are read when it is shown at any
    size. Labels stay inside the photo and evade one another and other faces, also places
    where they would be taken for those of other faces. Where there is no room the letters
    become smaller, in a photo those of all words alike; where that does not help the label is
    the verdict alone, "Mask", and in the end the face's number, or the verdict where faces
    have none.
    The words and a thicker box for "No Mask" tell the classes apart without colour.

    In a photo of several faces every label begins with the face's number, counted from 1
    in the order given, as in tables, and small faces do without the percentage. In video,
    which has no table beside it, the number is the track's and only takes the place of words.

    Args:
        image_rgb: uint8 (H, W, 3); left as it is.
        faces: boxes in this image's pixels.
        numbered: whether faces that are no tracks have a number, for a table to refer to.
        blur: whether faces are made unrecognisable first, see ``blur_faces``.

    Returns:
        An annotated copy, uint8 (H, W, 3).
    """
    if not faces:
        return image_rgb.copy()
    if blur:
        image_rgb = blur_faces(image_rgb, [face.box_xyxy for face in faces])
    image = Image.fromarray(image_rgb)
    draw = ImageDraw.Draw(image)
    # A panorama is never shown so large as its longer side asks for; and labels are to be no
    # wider than a very tall photo.
    side = min(max(image.size), 5 * image.width, 3 * image.height)
    line = max(2, round(side / 320))
    for face in faces:
        # Thick lines would fill a small box.
        thin = min(line, max(2, round(_shorter_side(face.box_xyxy) / 12)))
        width = round(thin * 1.5) if face.verdict == "No Mask" else thin
        _frame(draw, face.box_xyxy, width, COLOURS[face.verdict])
    # Below 11 pixels the letters run together.
    large, small = (max(11.0, side / part) for part in _LETTERS)
    labels = [
        [
            _label(words, large, max(2, line)),
            *(_label(text, small, max(2, line // 2)) for text in (words, *shorter)),
        ]
        for words, *shorter in _texts(faces, numbered)
    ]
    boxes = np.array([face.box_xyxy for face in faces], float)
    sizes_wh = np.array([[label.size_wh for label in forms] for forms in labels], float)
    allowed = sizes_wh[..., 0] <= image.width - 1
    group = numbered and len(faces) > 1 and not any(face.track for face in faces)
    if group:
        allowed[:, :2] &= sizes_wh[:, :2, 0] <= np.array(_WIDEST) * (boxes[:, 2:3] - boxes[:, :1])
    # The surest faces choose their places first; in video the oldest, lest labels jump.
    order = sorted(range(len(faces)), key=lambda i: (faces[i].track, -faces[i].score))
    forms, places = arrange(boxes, sizes_wh, allowed, image.size, order, group)
    for face, its_labels, form, place in zip(faces, labels, forms, places, strict=True):
        label = its_labels[form]
        draw.rectangle(place.tolist(), fill=COLOURS[face.verdict])
        at = (place[0] + label.pad, place[1] + label.pad)
        draw.text(at, label.text, fill=_WHITE, font=_font(label.letters), anchor="lt")
    return np.array(image)


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


def _shorter_side(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _frame(draw: ImageDraw.ImageDraw, box: Box, width: int, colour: tuple[int, int, int]) -> None:
    x0, y0, x1, y1 = (round(edge) for edge in box)
    # A white hair line around it keeps the box visible on any ground.
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=_WHITE)
    draw.rectangle((x0, y0, x1, y1), outline=colour, width=width)


class _Label(NamedTuple):
    """A label as it may be written: letters and the pad around them in pixels."""

    text: str
    letters: float
    pad: int
    size_wh: tuple[float, float]


def _label(text: str, letters: float, pad: int) -> _Label:
    width, height = _ink_wh(text, letters)
    return _Label(text, letters, pad, (width + 2 * pad, height + 2 * pad))


# Both take longer than drawing, and every frame of a video asks for the same ones.
@functools.lru_cache(maxsize=32)
def _font(letters: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=letters)


@functools.lru_cache(maxsize=4096)
def _ink_wh(text: str, letters: float) -> tuple[float, float]:
    ink = ImageDraw.Draw(Image.new("RGB", (1, 1))).textbbox(
        (0, 0), text, font=_font(letters), anchor="lt"
    )
    return ink[2], ink[3]


def _words(face: Face) -> str:
    """What is said of a face: "Mask 98%", "No Mask 91%" or "Not sure"."""
    if face.verdict == "Not sure":
        return face.verdict
    return f"{face.label} {face.certainty:.0%}"


def _texts(faces: Sequence[Face], numbered: bool) -> Iterator[tuple[str, str, str]]:
    """What may stand at each face, the longest first."""
    for number, face in enumerate(faces, 1):
        words, verdict = _words(face), face.verdict
        if face.track:
            yield words, verdict, str(face.track)
        elif numbered and len(faces) > 1:
            yield f"{number}: {words}", f"{number}: {verdict}", str(number)
        else:
            yield words, verdict, verdict
