"""Pictures made smaller, where they would be larger than what they are for."""

from __future__ import annotations

import cv2

from maskcore.types import ImageRgb


def reduced(image_rgb: ImageRgb, longest_side: int) -> ImageRgb:
    """An image whose longer side is at most so many pixels, uint8 (H, W, 3)."""
    height, width = image_rgb.shape[:2]
    if max(height, width) <= longest_side:
        return image_rgb
    factor = longest_side / max(height, width)
    size_wh = max(1, round(width * factor)), max(1, round(height * factor))
    smaller: ImageRgb = cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA)
    return smaller
