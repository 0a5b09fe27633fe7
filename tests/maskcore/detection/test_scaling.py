from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.detection.scaling import detect_at_sizes, suppress_overlaps
from maskcore.types import Detections

Image = NDArray[np.uint8]


def blank(width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def finding(*boxes_and_scores: tuple[float, ...]) -> Callable[[Image], Detections]:
    """A detector that finds the same (x0, y0, x1, y1, score) in any image."""
    rows = np.array(boxes_and_scores, np.float32).reshape(-1, 5)
    return lambda image: Detections(rows[:, :4], rows[:, 4])


def whole_image(image: Image) -> Detections:
    height, width = image.shape[:2]
    return Detections(np.array([[0, 0, width, height]], np.float32), np.array([0.9], np.float32))


@pytest.mark.parametrize(
    ("photo_wh", "sides", "working_wh"),
    [
        ((4000, 3000), [1280], [(1280, 960)]),
        ((3000, 4000), [1280], [(960, 1280)]),
        ((1280, 960), [1280], [(1280, 960)]),
        ((400, 300), [1280], [(400, 300)]),
        ((400, 300), [320, 1280], [(400, 300), (320, 240)]),
        ((400, 300), [1280, 640, 400], [(400, 300)]),
        ((1, 2000), [1280], [(1, 1280)]),
        ((2000, 1), [1280], [(1280, 1)]),
        ((1, 1), [1280, 320], [(1, 1)]),
    ],
)
def test_working_sizes_are_never_above_the_photo(
    photo_wh: tuple[int, int], sides: list[int], working_wh: list[tuple[int, int]]
) -> None:
    seen = []

    def detect(image: Image) -> Detections:
        assert image.dtype == np.uint8 and image.shape[2] == 3
        seen.append((image.shape[1], image.shape[0]))
        return whole_image(image)

    found = detect_at_sizes(blank(*photo_wh), sides, detect)

    assert seen == working_wh
    # What fills the working image fills the photo, whatever the sizes were rounded to.
    assert found.boxes_xyxy.tolist() == [[0, 0, *photo_wh]]


@pytest.mark.parametrize(
    ("enlarge", "working_wh"),
    [
        (1, [(400, 300), (320, 240)]),
        (2, [(800, 600), (320, 240)]),
        (8, [(1280, 960), (320, 240)]),
    ],
)
def test_photo_is_enlarged_no_further_than_allowed(
    enlarge: float, working_wh: list[tuple[int, int]]
) -> None:
    seen = []

    def detect(image: Image) -> Detections:
        seen.append((image.shape[1], image.shape[0]))
        return whole_image(image)

    found = detect_at_sizes(blank(400, 300), [320, 1280], detect, enlarge=enlarge)

    assert seen == working_wh
    assert found.boxes_xyxy.tolist() == [[0, 0, 400, 300]]


def test_boxes_come_back_in_the_photo_s_pixels() -> None:
    found = detect_at_sizes(blank(2000, 1000), [500], finding((10, 20, 60, 80, 0.75)))

    assert found.boxes_xyxy.tolist() == [[40, 80, 240, 320]]
    assert found.scores.tolist() == [0.75]
    assert found.boxes_xyxy.dtype == found.scores.dtype == np.float32


def test_each_axis_has_its_own_factor() -> None:
    # 1000 x 27 at 100 pixels is 100 x 2.7, rounded to 100 x 3.
    found = detect_at_sizes(blank(1000, 27), [100], finding((10, 1, 20, 2, 0.9)))

    assert found.boxes_xyxy.tolist() == [[100, 9, 200, 18]]


def test_reduced_photo_is_an_average_of_its_pixels() -> None:
    photo = blank(200, 100)
    photo[:, ::2] = 200
    seen = []

    detect_at_sizes(photo, [100], lambda image: (seen.append(image), Detections.empty())[1])

    assert set(seen[0].ravel().tolist()) == {100}


def test_photo_is_left_as_it_is() -> None:
    photo = np.arange(60 * 40 * 3, dtype=np.uint8).reshape(40, 60, 3)
    before = photo.copy()

    detect_at_sizes(photo, [30, 60], whole_image)

    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((-5, -6, 30, 20), (0, 0, 30, 20)),
        ((80, 30, 130, 70), (80, 30, 100, 50)),
        ((-10, -10, 200, 200), (0, 0, 100, 50)),
    ],
)
def test_boxes_are_clipped_to_the_photo(box: tuple[float, ...], clipped: tuple[float, ...]) -> None:
    found = detect_at_sizes(blank(100, 50), [1280], finding((*box, 0.9)))

    assert found.boxes_xyxy.tolist() == [list(clipped)]


def test_boxes_outside_the_photo_are_dropped() -> None:
    outside = [(-20, 5, -1, 15), (100, 5, 120, 15), (5, 50, 15, 60), (-9, -9, 0, 0)]
    detect = finding(*((*box, 0.99) for box in outside), (10, 10, 20, 20, 0.5))

    found = detect_at_sizes(blank(100, 50), [1280], detect)

    assert found.boxes_xyxy.tolist() == [[10, 10, 20, 20]]
    assert found.scores.tolist() == [0.5]


def test_one_face_found_at_two_sizes_is_one_face() -> None:
    def detect(image: Image) -> Detections:
        if image.shape[1] == 800:
            return finding((100, 100, 200, 200, 0.7), (600, 300, 650, 350, 0.6))(image)
        return finding((26, 25, 50, 51, 0.8), (0, 0, 20, 20, 0.9))(image)

    found = detect_at_sizes(blank(800, 400), [200, 1280], detect)

    # Of the pair the surer; faces seen at one size alone stay; surest first.
    assert found.boxes_xyxy.tolist() == [[0, 0, 80, 80], [104, 100, 200, 204], [600, 300, 650, 350]]
    np.testing.assert_allclose(found.scores, [0.9, 0.8, 0.6])


@pytest.mark.parametrize("photo_wh", [(1, 1), (1, 2000), (640, 480)])
def test_nothing_found_is_empty(photo_wh: tuple[int, int]) -> None:
    found = detect_at_sizes(blank(*photo_wh), [1280, 320], lambda image: Detections.empty())

    assert isinstance(found, Detections) and len(found) == 0


# Two squares of 10 x 10, the second moved right: they share (10 - moved) / (10 + moved).
@pytest.mark.parametrize(
    ("moved", "nms_iou", "kept"), [(4, 0.4, [1]), (5, 0.4, [1, 0]), (5, 0.3, [1]), (0, 0.99, [1])]
)
def test_overlap_above_the_limit_leaves_the_surer(
    moved: float, nms_iou: float, kept: list[int]
) -> None:
    boxes = np.array([[0, 0, 10, 10], [moved, 0, 10 + moved, 10]], np.float32)

    found = suppress_overlaps(boxes, np.array([0.6, 0.8], np.float32), nms_iou)

    np.testing.assert_array_equal(found.boxes_xyxy, boxes[kept])


def test_boxes_without_area_do_not_shift_the_scores() -> None:
    boxes = np.array([[5, 5, 5, 9], [0, 0, 4, 4], [7, 7, 3, 3], [20, 20, 30, 30]], np.float32)

    found = suppress_overlaps(boxes, np.array([0.95, 0.5, 0.9, 0.75], np.float32), 0.4)

    assert found.boxes_xyxy.tolist() == [[20, 20, 30, 30], [0, 0, 4, 4]]
    assert found.scores.tolist() == [0.75, 0.5]
