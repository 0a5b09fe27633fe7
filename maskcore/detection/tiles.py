"""Searching a large picture in tiles, which bounds memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maskcore.boxes import longer_sides
from maskcore.detection.scaling import suppress_overlaps
from maskcore.types import Detections, ImageRgb

# Pictures of up to so many pixels are searched whole.
_WHOLE_PIXELS = 832 * 640
# Side of a tile, pixels. Tiles overlap by more than the largest face looked for in them: one
# that is cut by a tile's edge is whole in the next tile.
TILE, OVERLAP = 640, 112


def find_in_tiles(
    image_rgb: ImageRgb, find: Callable[[ImageRgb], Detections], nms_iou: float
) -> Detections:
    """Find the faces of a picture, piece by piece where it is large.

    Args:
        image_rgb: uint8 (H, W, 3).
        find: finds faces in a picture of at most ``TILE`` x ``TILE`` pixels, or about as many;
            boxes in its pixels.
        nms_iou: intersection over union in 0..1 above which two boxes are one face.

    Returns:
        Faces in the picture's pixels; where it takes several tiles, those of up to ``OVERLAP``
        pixels alone.
    """
    height, width = image_rgb.shape[:2]
    if height * width <= _WHOLE_PIXELS:
        return find(image_rgb)
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    for y in _starts(height):
        for x in _starts(width):
            found = without_large(find(image_rgb[y : y + TILE, x : x + TILE]))
            # Faces cut by an inner edge are whole in the next tile.
            cut = ((found.boxes_xyxy < 2) & (np.array([x, y, 0, 0]) > 0)).any(axis=1)
            ends = np.array([min(x + TILE, width) - x, min(y + TILE, height) - y])
            more = np.array([x + TILE < width, y + TILE < height])
            cut |= ((found.boxes_xyxy[:, 2:] > ends - 2) & more).any(axis=1)
            boxes.append(found.boxes_xyxy[~cut] + np.array([x, y, x, y], np.float32))
            scores.append(found.scores[~cut])
    return suppress_overlaps(np.concatenate(boxes), np.concatenate(scores), nms_iou)


def without_large(found: Detections) -> Detections:
    """Without faces of more than ``OVERLAP`` pixels, which a smaller working size sees better."""
    keep = longer_sides(found.boxes_xyxy) <= OVERLAP
    return Detections(found.boxes_xyxy[keep], found.scores[keep])


def _starts(length: int) -> list[int]:
    """Where tiles begin so that they cover a length, overlap enough, and the last one ends it."""
    if length <= TILE:
        return [0]
    # Two pixels more on either side: a box that touches an edge counts as cut.
    return [*range(0, length - TILE, TILE - OVERLAP - 4), length - TILE]
