from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore import boxes
from maskcore.detection import levels
from maskcore.detection.fcos import decode
from tests.maskcore.detection.fcos.network import LOGIT, STRIDES, Cell, FakeLiteRt, Make, Show
from tests.maskcore.detection.spots import Box, in_order, picture


def test_box_is_measured_from_the_middle_of_its_cell() -> None:
    level = np.full((3, 5, 5), -9, np.float32)
    level[2, 4] = 0, 1, 2, 3, 4  # the middle: x (4 + 0.5) * 8 = 36, y (2 + 0.5) * 8 = 20
    level[0, 1] = np.log(3), 20, 0.5, -1, 7  # the middle: 12, 4

    boxes, scores = decode(level, 8, 0.5)

    assert boxes.tolist() == [[-8, 3.5, 11, 11], [35, 18, 39, 24]]
    np.testing.assert_allclose(scores, [0.75, 0.5], rtol=1e-6)
    assert boxes.dtype == scores.dtype == np.float32


@pytest.mark.parametrize(("threshold", "count"), [(0.5, 1), (0.5001, 0), (0.0, 4), (0.04, 1)])
def test_score_at_the_threshold_counts(threshold: float, count: int) -> None:
    level = np.full((2, 2, 5), -3.5, np.float32)  # a score of 0.029
    level[1, 0, 0] = 0

    boxes, scores = decode(level, 16, threshold)

    assert boxes.shape == (count, 4)
    assert scores.shape == (count,)


@pytest.mark.parametrize(
    ("size_wh", "boxes"),
    [
        ((400, 300), [(10, 20, 40, 60), (200, 100, 290, 190), (300, 5, 308, 12)]),
        ((64, 64), [(0, 0, 64, 64)]),
        ((416, 416), [(0, 0, 200, 300), (406, 406, 416, 416)]),
    ],
)
def test_faces_of_all_sizes_are_found_in_a_picture_of_working_size(
    make: Make, size_wh: tuple[int, int], boxes: list[Box]
) -> None:
    detector, network = make()

    found = detector.detect(picture(*size_wh, *boxes))

    assert in_order(found) == sorted(map(list, boxes))
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-LOGIT)), rtol=1e-6)
    assert len(network.inputs) == 1


def test_what_lies_beyond_the_picture_is_grey_and_the_rest_as_in_training(make: Make) -> None:
    detector, network = make()

    detector.detect(np.full((70, 100, 3), (0, 51, 255), np.uint8))

    (inputs,) = network.inputs
    assert inputs.shape == (1, 96, 128, 3)
    assert inputs.dtype == np.float32
    photo = np.broadcast_to(np.float32([-1, -0.6, 1]), (70, 100, 3))
    np.testing.assert_allclose(inputs[0, :70, :100], photo, atol=1e-6)
    for beyond in (inputs[0, 70:], inputs[0, :, 100:]):
        np.testing.assert_allclose(beyond, 128 / 127.5 - 1, atol=1e-6)


def test_boxes_that_reach_into_the_border_are_clipped_and_those_in_it_dropped(show: Show) -> None:
    over_edge, in_border, at_corner = (80, 58, 130, 93), (16, 72, 24, 80), (-5, -3, 13, 13)

    found = show(*((0, box, 0.9) for box in (over_edge, in_border, at_corner)))

    assert in_order(found.detect(picture(100, 70))) == [[0, 0, 13, 13], [80, 58, 100, 70]]


# TWIN shares 29/31 with FACE.
FACE, TWIN, ELSEWHERE = (10, 10, 40, 40), (11, 10, 41, 40), (60, 60, 80, 80)


@pytest.mark.parametrize(
    ("cells", "scores"),
    [
        ([(0, FACE, 0.3), (1, TWIN, 0.3)], [0.6]),
        ([(1, FACE, 0.3), (2, TWIN, 0.3)], [0.6]),
        ([(0, FACE, 0.2), (1, FACE, 0.2), (2, FACE, 0.2)], [0.6]),
        ([(0, FACE, 0.3)], []),
        ([(0, FACE, 0.3), (1, TWIN, 0.15)], []),
        ([(0, FACE, 0.3), (0, FACE, 0.3)], []),  # of one level, which adds nothing
        ([(0, FACE, 0.3), (0, TWIN, 0.3), (1, FACE, 0.3)], [0.6]),
        ([(0, FACE, 0.3), (1, (20, 10, 50, 40), 0.3)], []),  # shares a half
        ([(0, FACE, 0.45), (1, FACE, 0.09)], [0.54]),
        ([(0, FACE, 0.45), (1, FACE, 0.07)], []),  # too little to play a part
        ([(0, FACE, 0.9), (1, TWIN, 0.9)], [1.0]),
        ([(0, FACE, 0.3), (1, TWIN, 0.3), (0, ELSEWHERE, 0.7)], [0.7, 0.6]),
        ([(0, FACE, 0.3), (1, ELSEWHERE, 0.3)], []),
    ],
)
def test_face_of_which_two_levels_are_half_sure_is_found_once(
    show: Show, cells: list[Cell], scores: list[float]
) -> None:
    found = show(*cells).detect(picture(96, 96))

    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)
    assert found.scores.dtype == np.float32
    expected = [ELSEWHERE if score == 0.7 else FACE for score in scores]  # or TWIN
    np.testing.assert_allclose(found.boxes_xyxy, np.reshape(expected, (-1, 4)), atol=1.001)


def test_of_two_levels_the_surer_one_s_box_is_taken(show: Show) -> None:
    found = show((0, TWIN, 0.95), (1, FACE, 0.98), (0, ELSEWHERE, 0.95)).detect(picture(96, 96))

    np.testing.assert_allclose(found.boxes_xyxy, [FACE, ELSEWHERE], atol=1e-4)


def test_crowd_seen_by_every_cell_costs_no_more_than_its_faces(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cell of two levels sees the block of 32 x 32 pixels that it lies in."""
    detector, _ = make(photo_sides=[640])
    compared = []

    def run(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = [np.full((1, 640 // s, 640 // s, 5), -20, np.float32) for s in STRIDES]
        for level, stride in zip(maps[:2], STRIDES[:2], strict=True):
            y, x = (np.indices(level.shape[1:3]) + 0.5) * stride
            edges = [x % 32, y % 32, 32 - x % 32, 32 - y % 32]
            level[0] = np.stack([np.full_like(x, np.log(3 / 7)), *edges], axis=-1)
        return [maps[1], maps[2], maps[0]]

    def overlaps(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
        compared.append((len(a), len(b)))
        return boxes.overlaps(a, b)

    monkeypatch.setattr(FakeLiteRt, "run", run)
    monkeypatch.setattr(levels, "overlaps", overlaps)

    found = detector.detect(picture(640, 640))

    corners = [[x, y, x + 32, y + 32] for x in range(0, 640, 32) for y in range(0, 640, 32)]
    assert in_order(found) == sorted(corners)
    np.testing.assert_allclose(found.scores, 0.6, rtol=1e-5)
    assert compared == [(400, 400)] * 2  # not 6400 cells with 1600


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 3000), (3000, 1)])
def test_picture_of_a_single_column_is_searched_like_others(
    make: Make, size_wh: tuple[int, int]
) -> None:
    found = make()[0].detect(picture(*size_wh, (0, 0, *size_wh)))

    assert found.boxes_xyxy.tolist() == [[0, 0, *size_wh]]


def test_photo_is_left_as_it_is(make: Make) -> None:
    photo = picture(1100, 70, (10, 10, 40, 40))
    before = photo.copy()

    make()[0].detect(photo)

    np.testing.assert_array_equal(photo, before)
