"""How sharp a face is, so that a smear is not called one thing or the other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from maskcore.classification.preprocess import crop_square, resize
from maskcore.types import ImageRgb

_SIDE = 48


def sharpness(image_rgb: ImageRgb, box_xyxy: ArrayLike) -> float:
    """Strength of edges against contrast, in a face brought to 48 x 48 pixels.

    The standard deviation of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
    brightfield microscopy", ICPR 2000), divided by that of the brightness: a dark picture is
    no less sharp than a bright one.

    Args:
        image_rgb: uint8 (H, W, 3).
        box_xyxy: the face, pixels.

    Returns:
        0 (one plain colour, or a smear) to 8 (a chessboard of pixels).
    """
    face = crop_square(image_rgb, box_xyxy, margin=0.0)
    # Whole grey levels would give a dark smear edges of rounding.
    gray = resize(cv2.cvtColor(face.astype(np.float32), cv2.COLOR_RGB2GRAY), _SIDE)
    contrast = float(gray.std())
    return float(cv2.Laplacian(gray, cv2.CV_32F).std()) / contrast if contrast >= 1 else 0.0
