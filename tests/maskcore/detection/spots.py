"""Pictures with white spots for faces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.types import Detections

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def picture(width: int, height: int, *boxes: Box) -> Image:
    """Black, with white boxes."""
    image = np.zeros((height, width, 3), np.uint8)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = 255
    return image


def scattered(width: int, height: int, largest: int, seed: int) -> list[Box]:
    """One face of 12 to ``largest`` pixels in each square of 150."""
    rng = np.random.default_rng(seed)
    boxes = []
    for x in range(0, width, 150):
        for y in range(0, height, 150):
            w, h = rng.integers(12, largest, 2)
            x0, y0 = x + rng.integers(0, 149 - w), y + rng.integers(0, 149 - h)
            boxes.append((int(x0), int(y0), int(x0 + w), int(y0 + h)))
    return boxes


def spots(bright: NDArray[np.bool_]) -> list[Box]:
    """The boxes around what is bright in all three colours, (H, W, 3)."""
    found = cv2.connectedComponentsWithStats(bright.all(axis=-1).astype(np.uint8))[2]
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in found[1:]]


def in_order(found: Detections) -> list[list[float]]:
    return sorted(found.boxes_xyxy.round(3).tolist())
