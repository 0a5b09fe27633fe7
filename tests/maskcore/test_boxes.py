from __future__ import annotations

import numpy as np
import pytest

from maskcore.boxes import overlaps, shared_areas


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        ((2, 3, 12, 23), (2, 3, 12, 23), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150),
        ((0, 0, 10, 20), (5, 10, 25, 20), 50 / 350),
        ((0, 0, 10, 10), (2, 3, 7, 9), 30 / 100),
        ((0, 4, 20, 6), (9, 0, 11, 10), 4 / 56),  # a cross
        ((-10, -10, 10, 10), (0, 0, 20, 20), 100 / 700),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),  # side by side
        ((0, 0, 10, 10), (0, 30, 10, 40), 0.0),
        ((0, 0, 10, 10), (20, 30, 40, 50), 0.0),  # apart in both directions
    ],
)
def test_overlap_is_what_two_boxes_share(
    a: tuple[float, ...], b: tuple[float, ...], iou: float
) -> None:
    boxes = np.array([a], np.float32), np.array([b], np.float32)

    for one, other in (boxes, boxes[::-1]):
        np.testing.assert_allclose(overlaps(one, other), [[iou]], rtol=1e-6)


def test_overlaps_are_those_of_each_with_each() -> None:
    a = np.array([[0, 0, 10, 10], [100, 0, 120, 20], [5, 5, 6, 6]], np.float32)
    b = np.array([[105, 0, 120, 20], [0, 0, 10, 5]], np.float32)

    np.testing.assert_array_equal(shared_areas(a, b), [[0, 50], [300, 0], [0, 0]])
    np.testing.assert_allclose(overlaps(a, b), [[0, 0.5], [0.75, 0], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (2, 0)])
def test_overlaps_with_no_boxes_are_empty(rows: int, columns: int) -> None:
    a, b = (np.tile(np.float32([1, 2, 3, 4]), (count, 1)) for count in (rows, columns))

    assert overlaps(a, b).shape == (rows, columns)
