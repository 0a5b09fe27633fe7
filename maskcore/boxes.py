"""How large many boxes are, and what they share with many others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating[Any]]


def longer_sides(boxes_xyxy: Boxes) -> Boxes:
    """Of (N, 4) boxes, in their unit: (N,)."""
    sides: Boxes = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).max(axis=1, initial=0)
    return sides


def areas(boxes_xyxy: Boxes) -> Boxes:
    """Of (N, 4) boxes, in their unit squared: (N,)."""
    areas: Boxes = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    return areas


def shared_areas(a_xyxy: Boxes, b_xyxy: Boxes) -> Boxes:
    """Areas that (N, 4) boxes share with (M, 4) others, square pixels: (N, M)."""
    # One axis after the other: numpy is slow along a last axis of two.
    width, height = (
        np.minimum(a_xyxy[:, None, axis + 2], b_xyxy[:, axis + 2])
        - np.maximum(a_xyxy[:, None, axis], b_xyxy[:, axis])
        for axis in (0, 1)
    )
    shared: Boxes = width.clip(0) * height.clip(0)
    return shared


def overlaps(a_xyxy: Boxes, b_xyxy: Boxes) -> Boxes:
    """Intersection over union, 0..1, of (N, 4) with (M, 4) boxes that have an area: (N, M)."""
    shared = shared_areas(a_xyxy, b_xyxy)
    ratio: Boxes = shared / (areas(a_xyxy)[:, None] + areas(b_xyxy) - shared)
    return ratio
