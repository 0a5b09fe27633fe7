"""From a face in a photo to the classifier's input: one way, for training and for serving."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskcore.network_input import InputSpec, normalise
from maskcore.types import ImageRgb


def crop_square(image_rgb: ImageRgb, box_xyxy: ArrayLike, margin: float) -> ImageRgb:
    """Cut the square around a face; what lies beyond the photo repeats its edge.

    A square keeps the face's proportions, which training pictures do not promise but
    which makes a box two pixels too wide harmless.

    Args:
        image_rgb: uint8 (H, W, 3).
        box_xyxy: left, top, right, bottom in pixels; may reach beyond the photo.
        margin: share of the box's longer side added on each side.

    Returns:
        uint8 (S, S, 3), S at least 1.
    """
    left, top, right, bottom = np.asarray(box_xyxy, float)
    side = max(1, round(max(right - left, bottom - top) * (1 + 2 * margin)))
    x0 = round((left + right - side) / 2)
    y0 = round((top + bottom - side) / 2)
    height, width = image_rgb.shape[:2]
    # At least one column and row of the photo, even for a box wholly outside.
    x_in = slice(min(max(x0, 0), width - 1), max(min(x0 + side, width), 1))
    y_in = slice(min(max(y0, 0), height - 1), max(min(y0 + side, height), 1))
    inside = image_rgb[y_in, x_in]
    if inside.shape[:2] == (side, side):
        return inside
    missing_rows, missing_columns = side - inside.shape[0], side - inside.shape[1]
    pad_top = min(max(y_in.start - y0, 0), missing_rows)
    pad_left = min(max(x_in.start - x0, 0), missing_columns)
    pad_bottom, pad_right = missing_rows - pad_top, missing_columns - pad_left
    padded: ImageRgb = cv2.copyMakeBorder(
        inside, pad_top, pad_bottom, pad_left, pad_right, cv2.BORDER_REPLICATE
    )
    return padded


def resize(image_rgb: ImageRgb, size: int) -> ImageRgb:
    """Bring an image to (size, size): area average when shrinking, else bilinear.

    Args:
        image_rgb: uint8 (H, W, 3); other proportions than a square's are not kept.
        size: side in pixels.
    """
    shrinks = max(image_rgb.shape[:2]) > size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized: ImageRgb = cv2.resize(image_rgb, (size, size), interpolation=method)
    return resized


def preprocess(
    image_rgb: ImageRgb, boxes_xyxy: ArrayLike | None, spec: InputSpec
) -> NDArray[np.float32]:
    """Make the model's input from the faces of a photo.

    Args:
        image_rgb: uint8 (H, W, 3).
        boxes_xyxy: (N, 4) faces in pixels; None for a picture that is the face already.
        spec: the model's input.

    Returns:
        float32 (N, size, size, 3), N = 1 without boxes.
    """
    if boxes_xyxy is None:
        crops = [resize(image_rgb, spec.size)]
    else:
        crops = [
            resize(crop_square(image_rgb, box, spec.crop_margin), spec.size)
            for box in np.asarray(boxes_xyxy, float).reshape(-1, 4)
        ]
    pixels = np.stack(crops) if crops else np.zeros((0, spec.size, spec.size, 3), np.uint8)
    return normalise(pixels, spec)
