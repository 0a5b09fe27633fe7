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
from maskcore.types import Box, ImageRgb

FindFace = Callable[[ImageRgb], Box | None]
_FINDER = "fcos"
# Pixels; the colour around the photo. On 400 close-ups it found a face in each, as at 256 pixels,
# in 397 the same one, in less than half of the time.
_SIDE, _GREY = 160, 128


def largest_face(image_rgb: ImageRgb) -> Box | None:
    """Look once at a small copy: whom a photo is filed under is not small in it.

    Args:
        image_rgb: uint8 (H, W, 3).

    Returns:
        The box of the largest face in pixels; None where none is found, or where a models'
        folder of one's own holds no finder: the photo is then taken for the face itself, margin
        included.

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
    box = shared_detector(_FINDER, live=True).detect(square).largest
    if box is None:
        return None
    left, top, right, bottom = (edge / factor for edge in box)
    return left, top, min(right, width), min(bottom, height)


def whole_photo(image_rgb: ImageRgb) -> Box | None:
    """In place of ``largest_face``, where photos are to be taken whole."""
    return None


def cut(image_rgb: ImageRgb, box_xyxy: Box | None, margin: float) -> ImageRgb:
    """The square around a face, see ``crop_square``; without a box the photo as it is."""
    return image_rgb if box_xyxy is None else crop_square(image_rgb, box_xyxy, margin)


def face_input(image_rgb: ImageRgb, spec: InputSpec) -> NDArray[np.float32]:
    """What a mask model is shown of a photo of one class, float32 (1, size, size, 3)."""
    box = largest_face(image_rgb)
    return preprocess(image_rgb, None if box is None else [box], spec)


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
