"""Several looks at one photo, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import longer_sides, overlaps
from maskcore.types import Detections

# Boxes of two looks that overlap by this IoU are of the same face.
_SAME_FACE_IOU = 0.5


@dataclass(frozen=True)
class Look:
    """What one look at a photo found.

    Attributes:
        found: faces that do not overlap, in the photo's pixels.
        sizes: the longer sides, pixels of the photo, from and up to which the look should see
            every face.
    """

    found: Detections
    sizes: tuple[float, float] = (0.0, np.inf)


def average_looks(looks: Sequence[Look]) -> Detections:
    """What several looks at a photo say together.

    Most false alarms, and most doubts about real faces, are of one look alone.

    Args:
        looks: one or more.

    Returns:
        Faces of any look. The score of a face is the mean of the looks that should see it, 0
        where one does not, and of those that see it all the same; its box is the mean of
        theirs, weighted by their scores.
    """
    boxes, sums = np.zeros((0, 4)), np.zeros(0)
    seen = np.zeros((len(looks), 0), bool)
    for number, look in enumerate(looks):
        mine, scores = look.found.boxes_xyxy, look.found.scores
        known, own = _same_faces(boxes, mine)
        shares = (scores[own] / (sums[known] + scores[own]))[:, None]
        boxes[known] += shares * (mine[own] - boxes[known])
        sums[known] += scores[own]
        new = np.setdiff1d(np.arange(len(mine)), own)
        boxes, sums = np.concatenate([boxes, mine[new]]), np.concatenate([sums, scores[new]])
        seen = np.pad(seen, ((0, 0), (0, len(new))))
        seen[number, known] = seen[number, len(sums) - len(new) :] = True
    sides = longer_sides(boxes)
    low, high = np.array([look.sizes for look in looks]).T[..., None]
    counts = (seen | (sides >= low) & (sides <= high)).sum(axis=0)
    return Detections(boxes.astype(np.float32), (sums / counts).astype(np.float32))


def _same_faces(
    boxes: NDArray[np.float64], others: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair boxes of two looks, those that share most first: numbers in the one, in the other."""
    shared = overlaps(boxes, others)
    pairs = np.argwhere(shared >= _SAME_FACE_IOU)
    known: dict[int, int] = {}
    taken: set[int] = set()
    for i, j in pairs[np.argsort(-shared[tuple(pairs.T)], kind="stable")].tolist():
        if i not in known and j not in taken:
            known[i] = j
            taken.add(j)
    return np.array([*known], np.int64), np.array([*known.values()], np.int64)
