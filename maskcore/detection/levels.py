"""Levels of a feature pyramid, put together: each is there for faces of one size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import overlaps
from maskcore.types import Detections

# Boxes of two levels that overlap by this IoU are of the same face.
_SAME_FACE_IOU = 0.6


def add_up_levels(found: list[Detections]) -> list[NDArray[np.float32]]:
    """Scores of each level's faces, with what the other levels say of the same faces.

    In training each face belongs to one level alone, by its size. Of a face near the border
    between two sizes each of the two levels is but half sure: the chances that it belongs
    to the one and to the other add up to the chance that there is a face.

    Args:
        found: for each level, faces that do not overlap.

    Returns:
        For each level, float32 (N,) scores in 0..1.
    """
    sums = []
    for mine in found:
        total = mine.scores.copy()
        for other in found:
            if other is not mine and len(mine) and len(other):
                same = overlaps(mine.boxes_xyxy, other.boxes_xyxy) >= _SAME_FACE_IOU
                total += (same * other.scores).max(axis=1)
        sums.append(np.minimum(total, 1, dtype=np.float32))
    return sums
