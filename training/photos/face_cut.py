"""The face that a photo's class is about, found in the photo as the app finds faces."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import crop_square, preprocess
from maskcore.loaded import shared_detector
from maskcore.models import models_dir
from maskcore.network_input import InputSpec
from maskcore.resizing import reduced
from maskcore.types import Box, Detections, ImageRgb, longer_side

FindFace = Callable[[ImageRgb], Box | None]
_FINDER = "fcos"
# Pixels; the colour around the photo. In 400 close-ups it finds a face in each, in all but 3 the
# same as in a copy of 256 pixels, in half of the time.
_SIDE, _GREY = 160, 128
# Pixels: several times what a network takes in, so that shrinking it once more changes nothing.
_LARGEST_SQUARE = 2000


def largest_face(image_rgb: ImageRgb) -> Box | None:
    """Look once at a small copy: whom a photo is filed under is not small in it.

    Args:
        image_rgb: uint8 (H, W, 3).

    Returns:
        The box of the largest face in tenths of a pixel; None where none is found, or where a
        models' folder of one's own holds no finder: the photo is then taken for the face itself,
        margin included.

    Raises:
        ModelError: the finder's files are damaged.
    """
    if not (models_dir() / _FINDER).is_dir():
        return None
    height, width = image_rgb.shape[:2]
    factor = _SIDE / max(height, width)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size_wh = max(1, round(width * factor)), max(1, round(height * factor))
    # Photos come in all proportions. Made anew for each, the network takes several times as long.
    square = np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)
    square[: size_wh[1], : size_wh[0]] = cv2.resize(image_rgb, size_wh, interpolation=method)
    found = shared_detector(_FINDER, live=True).detect(square)
    boxes = found.boxes_xyxy.clip(0, (*size_wh, *size_wh))
    within = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)  # of the photo, not of the grey beside it
    box = Detections(boxes[within], found.scores[within]).largest
    if box is None:
        return None
    left, top, right, bottom = (round(edge / factor, 1) for edge in box)
    return left, top, right, bottom


def whole_photo(image_rgb: ImageRgb) -> Box | None:
    """In place of ``largest_face``, where photos are to be taken whole."""
    return None


def cut(image_rgb: ImageRgb, box_xyxy: Box | None, margin: float) -> ImageRgb:
    """The square around a face, see ``crop_square``; without a box the photo as it is.

    Of a face that fills a photo of many megapixels it is made from a smaller copy: several
    threads cut at once, and the square is the larger the more of it lies beyond the photo.
    """
    if box_xyxy is None:
        return image_rgb
    factor = _LARGEST_SQUARE / (longer_side(box_xyxy) * (1 + 2 * margin))
    if factor < 1:
        image_rgb = reduced(image_rgb, round(max(image_rgb.shape[:2]) * factor))
        left, top, right, bottom = (edge * factor for edge in box_xyxy)
        box_xyxy = left, top, right, bottom
    return crop_square(image_rgb, box_xyxy, margin)


def shown(image_rgb: ImageRgb, box_xyxy: Box | None, spec: InputSpec) -> NDArray[np.float32]:
    """What a mask model is shown of a photo and its face, float32 (1, size, size, 3)."""
    return preprocess(cut(image_rgb, box_xyxy, spec.crop_margin), None, spec)


def face_box(image_rgb: ImageRgb, margin: float) -> Box:
    """The largest face in pixels, or where none is found ``whole_face``."""
    return largest_face(image_rgb) or whole_face(image_rgb, margin)


def whole_face(photo_rgb: ImageRgb, margin: float) -> Box:
    """The box, in pixels, of the face in a photo that shows it with its margin and no more.

    Args:
        photo_rgb: uint8 (H, W, 3).
        margin: as in ``crop_square``, which cuts a square photo's box out as the whole photo.
    """
    height, width = photo_rgb.shape[:2]
    inset = margin / (1 + 2 * margin)
    return width * inset, height * inset, width * (1 - inset), height * (1 - inset)
