"""What the network should say about a picture, and how far off it is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import longer_sides
from training.detector.network import STRIDES

# Faces go to a level by their longer side in pixels: up to 40, up to 112, larger.
LEVEL_LIMITS = (40.0, 112.0, np.inf)
# Cells this many strides around a face's centre answer for it (FCOS' centre sampling).
CENTRE_RADIUS = 1.5
# The columns of a target row, one row a cell.
IS_FACE, WEIGHT, EDGES = 0, 1, slice(2, 6)


def cell_centres(height: int, width: int, stride: int) -> NDArray[np.float32]:
    """Centres of the cells of one level for a picture of this size, float32 (cells, 2) x, y."""
    y, x = np.mgrid[0 : height // stride, 0 : width // stride]
    return ((np.stack([x.ravel(), y.ravel()], 1) + 0.5) * stride).astype(np.float32)


def make_targets(
    boxes_xyxy: NDArray[np.float32], ignored_xyxy: NDArray[np.float32], height: int, width: int
) -> NDArray[np.float32]:
    """Assign faces to cells.

    Args:
        boxes_xyxy: (N, 4) faces, pixels.
        ignored_xyxy: (M, 4) regions in which nothing is asked: faces too small or cut.
        height, width: of the picture, multiples of 32.

    Returns:
        float32 (cells of all levels, 6): whether the cell answers for a face, the weight
        of that answer in the loss (0 where nothing is asked), and the distances in pixels
        to the face's left, top, right and bottom.
    """
    levels = []
    sides = longer_sides(boxes_xyxy)
    low = 0.0
    for stride, high in zip(STRIDES, LEVEL_LIMITS, strict=True):
        centres = cell_centres(height, width, stride)
        rows = np.zeros((len(centres), 6), np.float32)
        rows[:, WEIGHT] = 1
        for box in ignored_xyxy:
            rows[_inside(centres, box), WEIGHT] = 0
        mine = np.flatnonzero((sides > low) & (sides <= high))
        # The smallest last: where faces overlap, the cell answers for the smaller one.
        for index in mine[np.argsort(-sides[mine])]:
            box = boxes_xyxy[index]
            middle = (box[:2] + box[2:]) / 2
            near = (np.abs(centres - middle) < CENTRE_RADIUS * stride).all(axis=1)
            cells = np.flatnonzero(near & _inside(centres, box))
            if not len(cells):  # a face smaller than a cell, between centres
                cells = np.array([((centres - middle) ** 2).sum(axis=1).argmin()])
            rows[cells, IS_FACE] = rows[cells, WEIGHT] = 1
            rows[cells, 2:4] = centres[cells] - box[:2]
            rows[cells, 4:6] = box[2:] - centres[cells]
        levels.append(rows)
        low = high
    return np.concatenate(levels)


def _inside(centres: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.bool_]:
    x, y = centres.T
    inside: NDArray[np.bool_] = (x > box[0]) & (y > box[1]) & (x < box[2]) & (y < box[3])
    return inside


@keras.saving.register_keras_serializable("masklens")  # type: ignore[untyped-decorator]
def detector_loss(targets: Any, outputs: Any) -> Any:
    """Focal loss over all cells plus generalised IoU loss over those that answer for a face.

    Focal loss: Lin et al., ICCV 2017 (alpha 0.25, gamma 2). GIoU: Rezatofighi et al.,
    CVPR 2019. Both are divided by the number of answering cells in the batch.

    Args:
        targets: (N, cells, 6) as ``make_targets`` makes them.
        outputs: (N, cells, 5): logit and edges in pixels.
    """
    ops = keras.ops
    is_face, weight = targets[..., IS_FACE], targets[..., WEIGHT]
    logit = outputs[..., 0]
    probability = ops.sigmoid(logit)
    entropy = ops.relu(logit) - logit * is_face + ops.log1p(ops.exp(-ops.abs(logit)))
    missed = is_face * (1 - probability) + (1 - is_face) * probability
    alpha = 0.25 * is_face + 0.75 * (1 - is_face)
    focal = ops.sum(weight * alpha * missed**2 * entropy)

    wanted, given = ops.maximum(targets[..., EDGES], 0.01), outputs[..., 1:]
    # Both boxes hold the cell's centre, so overlap and hull follow from the edges alone.
    inner, outer = ops.minimum(wanted, given), ops.maximum(wanted, given)
    overlap, hull = _area(inner), _area(outer)
    union = _area(wanted) + _area(given) - overlap
    giou = overlap / union - (hull - union) / hull
    boxes = ops.sum(is_face * (1 - giou))
    return (focal + boxes) / ops.maximum(ops.sum(is_face), 1.0)


def _area(edges: Any) -> Any:
    return (edges[..., 0] + edges[..., 2]) * (edges[..., 1] + edges[..., 3])
