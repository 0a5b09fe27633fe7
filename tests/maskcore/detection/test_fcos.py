from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.classification import InputSpec
from maskcore.detection import FcosDetector, fcos, levels, load_detector, scaling
from maskcore.detection.fcos import FcosSettings, decode
from maskcore.errors import ModelError
from maskcore.models import MODEL_FILE, StoredModel, installed_models
from maskcore.types import Detections

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]

STRIDES, LOGIT = (8, 16, 32), 3.0  # a score of 0.9526


class FakeLiteRt:
    """Takes the place of the network: every white spot is a face, to the pixel."""

    made: list[FakeLiteRt] = []

    def __init__(self, content: bytes) -> None:
        self.inputs: list[NDArray[np.float32]] = []
        self.made.append(self)

    def run(self, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.inputs.append(inputs)
        height, width = inputs.shape[1:3]
        maps = [np.full((1, height // s, width // s, 5), -20, np.float32) for s in STRIDES]
        white = (inputs[0].min(axis=-1) > 0.4).astype(np.uint8)
        for x, y, w, h, _ in cv2.connectedComponentsWithStats(white)[2][1:]:
            level = int(np.searchsorted((40, 112), max(w, h)))
            row, column = (int(c // STRIDES[level]) for c in (y + h / 2, x + w / 2))
            cx, cy = (column + 0.5) * STRIDES[level], (row + 0.5) * STRIDES[level]
            maps[level][0, row, column] = LOGIT, cx - x, cy - y, x + w - cx, y + h - cy
        return [maps[1], maps[2], maps[0]]


def card(**serving: Any) -> dict[str, Any]:
    return {
        "kind": "detector",
        "strides": list(STRIDES),
        "serving": {
            "score_threshold": 0.5,
            "nms_iou": 0.4,
            "live_side": 320,
            "photo_sides": [416, 832, 1664, 3328],
            "enlarge": 1.0,
        }
        | serving,
        "input": InputSpec().to_card(),
    }


Make = Callable[..., tuple[FcosDetector, FakeLiteRt]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """(live, settings of the card) -> a detector that finds white spots, and its network."""
    monkeypatch.setattr(FakeLiteRt, "made", [])
    monkeypatch.setattr(fcos, "LiteRtModel", FakeLiteRt)

    def make(live: bool = False, **serving: Any) -> tuple[FcosDetector, FakeLiteRt]:
        detector = FcosDetector(StoredModel("fcos", card(**serving), b""), live)
        network = FakeLiteRt.made[-1]
        network.inputs.clear()  # of the first run, which checks the file
        return detector, network

    return make


def picture(width: int, height: int, *boxes: Box) -> Image:
    """Black, with white boxes."""
    image = np.zeros((height, width, 3), np.uint8)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = 255
    return image


def in_order(found: Detections) -> list[list[float]]:
    return sorted(found.boxes_xyxy.round(3).tolist())


# --- decoding


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


# --- one look


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


def test_boxes_that_reach_into_the_border_are_clipped_and_those_in_it_dropped(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector, _ = make()
    run = FakeLiteRt.run

    def overshoot(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = run(self, inputs)
        maps[2][0, 8, 12] = LOGIT, 20, 10, 30, 25  # from (80, 58) to (130, 93)
        maps[2][0, 9, 2] = LOGIT, 4, 4, 4, 4  # from (16, 72) to (24, 80)
        maps[2][0, 0, 0] = LOGIT, 9, 7, 9, 9  # from (-5, -3) to (13, 13)
        return maps

    monkeypatch.setattr(FakeLiteRt, "run", overshoot)

    found = detector.detect(picture(100, 70))

    assert in_order(found) == [[0, 0, 13, 13], [80, 58, 100, 70]]


def test_one_face_seen_by_cells_of_two_levels_is_one(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector, _ = make()
    run = FakeLiteRt.run

    def again(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = run(self, inputs)
        maps[0][0, 1, 1] = LOGIT + 1, 14, 14, 16, 16  # of stride 16: from (10, 10) to (40, 40)
        return maps

    monkeypatch.setattr(FakeLiteRt, "run", again)

    found = detector.detect(picture(96, 96, (11, 10, 41, 40), (60, 60, 80, 80)))

    assert found.boxes_xyxy.tolist() == [[10, 10, 40, 40], [60, 60, 80, 80]]  # the surer first


# --- several levels. TWIN shares 29/31 with FACE.

FACE, TWIN, ELSEWHERE = (10, 10, 40, 40), (11, 10, 41, 40), (60, 60, 80, 80)


Show = Callable[..., FcosDetector]


@pytest.fixture
def show(make: Make, monkeypatch: pytest.MonkeyPatch) -> Show:
    """(level, box, score)... -> a detector whose network sees these in any picture."""

    def show(*cells: tuple[int, Box, float]) -> FcosDetector:
        detector, _ = make()

        def run(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
            height, width = inputs.shape[1:3]
            maps = [np.full((1, height // s, width // s, 5), -20, np.float32) for s in STRIDES]
            for level, (x0, y0, x1, y1), score in cells:
                column, row = (int(c / 2 // STRIDES[level]) for c in (x0 + x1, y0 + y1))
                while maps[level][0, row, column, 0] > -20:
                    column += 1  # another cell that sees the same
                x, y = (column + 0.5) * STRIDES[level], (row + 0.5) * STRIDES[level]
                logit = np.log(score / (1 - score))
                maps[level][0, row, column] = logit, x - x0, y - y0, x1 - x, y1 - y
            return [maps[1], maps[2], maps[0]]

        monkeypatch.setattr(FakeLiteRt, "run", run)
        return detector

    return show


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
    show: Show, cells: list[tuple[int, Box, float]], scores: list[float]
) -> None:
    found = show(*cells).detect(picture(96, 96))

    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)
    assert found.scores.dtype == np.float32
    expected = [ELSEWHERE if score == 0.7 else FACE for score in scores]  # or TWIN
    np.testing.assert_allclose(found.boxes_xyxy, np.reshape(expected, (-1, 4)), atol=1.001)


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
        return scaling.overlaps(a, b)

    monkeypatch.setattr(FakeLiteRt, "run", run)
    monkeypatch.setattr(levels, "overlaps", overlaps)

    found = detector.detect(picture(640, 640))

    corners = [[x, y, x + 32, y + 32] for x in range(0, 640, 32) for y in range(0, 640, 32)]
    assert in_order(found) == sorted(corners)
    np.testing.assert_allclose(found.scores, 0.6, rtol=1e-5)
    assert compared == [(400, 400)] * 2  # not 6400 cells with 1600


# --- working sizes


def test_photo_is_searched_at_each_size_and_boxes_are_in_its_own_pixels(make: Make) -> None:
    detector, network = make(photo_sides=[400, 800])
    boxes = [(80, 80, 160, 240), (1200, 640, 1480, 960)]

    found = detector.detect(picture(1600, 1200, *boxes))

    assert [inputs.shape[1:3] for inputs in network.inputs] == [(320, 416), (608, 800)]
    assert in_order(found) == sorted(map(list, boxes))


def test_large_faces_are_left_to_the_smallest_size(show: Show) -> None:
    """The network sees the same wherever it looks: a large face and a small one. In the
    finer look the large one plays no part; it does not see the small one of the coarse look."""
    detector = show((2, (10, 10, 170, 170), 0.9), (0, (180, 180, 210, 210), 0.8))

    found = detector.detect(picture(832, 600))

    assert in_order(found) == [[20, 20, 340, 340], [180, 180, 210, 210]]
    np.testing.assert_allclose(found.scores, [0.9, 0.8], rtol=1e-5)


@pytest.mark.parametrize(
    ("longer_side", "sides", "enlarge", "looks"),
    [
        (300, [416, 832], 1.0, [300]),
        (500, [416, 832], 1.0, [416]),
        (623, [416, 832], 1.0, [416]),
        (624, [416, 832], 1.0, [416, 624]),
        (624, [832, 416], 1.0, [416, 624]),  # in whatever order the card has them
        (2000, [416, 832, 1664], 1.0, [416, 832, 1664]),
        (1000, [416, 832, 1664], 1.0, [416, 832]),
        (500, [416, 832], 2.0, [416, 832]),
        (2000, [400, 500, 700], 1.0, [400, 700]),
    ],
)
def test_a_second_look_is_only_taken_at_a_size_well_above_the_first(
    make: Make, longer_side: int, sides: list[int], enlarge: float, looks: list[int]
) -> None:
    detector, network = make(photo_sides=sides, enlarge=enlarge)

    detector.detect(picture(longer_side, 32))

    widths = [inputs.shape[2] for inputs in network.inputs]
    assert widths == [side + -side % 32 for side in looks]


def test_small_photo_is_enlarged_as_far_as_the_card_allows(make: Make) -> None:
    detector, network = make(photo_sides=[64, 832], enlarge=4.0)

    found = detector.detect(picture(100, 80, (20, 10, 40, 30)))

    assert [inputs.shape[1:3] for inputs in network.inputs] == [(64, 64), (320, 416)]
    np.testing.assert_allclose(found.boxes_xyxy, [(20, 10, 40, 30)], atol=1.6)


@pytest.mark.parametrize(("live_side", "input_hw"), [(320, (256, 320)), (640, (480, 640))])
def test_live_is_one_look_at_its_own_size(
    make: Make, live_side: int, input_hw: tuple[int, int]
) -> None:
    detector, network = make(live=True, live_side=live_side)

    found = detector.detect(picture(1280, 960, (640, 320, 960, 720)))

    assert [inputs.shape for inputs in network.inputs] == [(1, *input_hw, 3)]
    np.testing.assert_allclose(found.boxes_xyxy, [(640, 320, 960, 720)], atol=0.1)


# --- several looks, some in the mirror


@pytest.mark.parametrize(
    ("longer_side", "straight", "mirrored"),
    [
        (96, [96], [168]),  # enlarged by 1.75 at most
        (400, [128], [192]),
        (500, [128, 400], [192, 400]),
        (280, [128, 280], [192]),
        (288, [128, 288], [192, 288]),
    ],
)
def test_large_photos_are_looked_at_in_the_mirror_at_further_sizes(
    make: Make, longer_side: int, straight: list[int], mirrored: list[int]
) -> None:
    if longer_side == 400:
        detector, network = make(photo_sides=[128], mirrored_sides=[192])
    else:
        detector, network = make(photo_sides=[128, 400], mirrored_sides=[192, 400])

    detector.detect(picture(longer_side, 32))

    widths = [inputs.shape[2] for inputs in network.inputs]
    assert widths == [side + -side % 32 for side in (*straight, *mirrored)]


def test_the_second_look_is_in_the_mirror_at_its_own_size(make: Make) -> None:
    detector, network = make(photo_sides=[96, 400], mirrored_sides=[192])
    boxes = [(40, 20, 80, 60)]

    found = detector.detect(picture(192, 96, *boxes))

    straight, finer, mirrored = network.inputs
    assert [x.shape[1:3] for x in (straight, finer, mirrored)] == [(64, 96), (96, 192), (96, 192)]
    np.testing.assert_array_equal(mirrored, finer[:, :, ::-1])
    assert in_order(found) == [[40, 20, 80, 60]]
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-LOGIT)), rtol=1e-6)


@pytest.mark.parametrize(("longer_side", "mirrored"), [(64, 112), (200, 224), (600, 224)])
def test_the_second_look_enlarges_a_small_photo_a_little(
    make: Make, longer_side: int, mirrored: int
) -> None:
    detector, network = make(photo_sides=[416], mirrored_sides=[224])

    detector.detect(picture(longer_side, 32))

    assert network.inputs[1].shape[2] == mirrored + -mirrored % 32


@pytest.mark.parametrize(("seen_twice", "count"), [(False, 0), (True, 1)])
def test_a_face_of_one_look_alone_must_be_surer(
    make: Make, monkeypatch: pytest.MonkeyPatch, seen_twice: bool, count: int
) -> None:
    """A score of 0.95, halved."""
    detector, network = make(photo_sides=[96], mirrored_sides=[96])
    run = FakeLiteRt.run

    def at_first_alone(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = run(self, inputs)
        return maps if seen_twice or len(self.inputs) == 1 else [x * 0 - 20 for x in maps]

    monkeypatch.setattr(FakeLiteRt, "run", at_first_alone)

    assert len(detector.detect(picture(96, 96, (20, 20, 60, 60)))) == count


def test_live_takes_no_second_look(make: Make) -> None:
    detector, network = make(live=True, mirrored_sides=[448])

    detector.detect(picture(320, 240))

    assert len(network.inputs) == 1


@pytest.mark.parametrize("name", ["photo_sides", "mirrored_sides"])
def test_a_working_size_that_does_not_serve_is_refused(name: str) -> None:
    FcosSettings(**{name: (400, 32)})
    with pytest.raises(ValueError, match="must be 32 pixels or more, got 256, "):
        FcosSettings(**{name: (400, 31)})


def test_looks_that_are_averaged_see_large_faces() -> None:
    FcosSettings(photo_sides=(1000, 640), mirrored_sides=(640, 1000))
    for sides in (((1000, 641), (640,)), ((640,), (641, 1000))):
        with pytest.raises(ValueError, match="one of mirrored_sides must be at most 640 pixels"):
            FcosSettings(photo_sides=sides[0], mirrored_sides=sides[1])


@pytest.mark.parametrize(("live", "count"), [(False, 1), (True, 0)])
def test_live_has_a_threshold_of_its_own(make: Make, live: bool, count: int) -> None:
    detector, _ = make(live=live, score_threshold=0.95, live_score_threshold=0.96)

    assert len(detector.detect(picture(96, 96, (20, 20, 60, 60)))) == count


def test_settings_given_replace_those_of_the_card(make: Make) -> None:
    make()  # brings the network in
    model = StoredModel("fcos", card(), b"")
    settings = FcosSettings(score_threshold=0.96, photo_sides=(96,))
    detector = FcosDetector(model, settings=settings)

    found = detector.detect(picture(192, 192, (20, 20, 60, 60)))

    assert FakeLiteRt.made[-1].inputs[-1].shape == (1, 96, 96, 3)
    assert len(found) == 0


@pytest.mark.parametrize(("threshold", "count"), [(0.95, 1), (0.96, 0)])
def test_score_threshold_is_that_of_the_card(make: Make, threshold: float, count: int) -> None:
    detector, _ = make(score_threshold=threshold)

    assert len(detector.detect(picture(96, 96, (20, 20, 60, 60)))) == count


@pytest.mark.parametrize(("nms_iou", "count"), [(0.3, 1), (0.36, 2)])
def test_merging_is_that_of_the_card(
    make: Make, monkeypatch: pytest.MonkeyPatch, nms_iou: float, count: int
) -> None:
    detector, _ = make(nms_iou=nms_iou)
    run = FakeLiteRt.run

    def again(self: FakeLiteRt, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps = run(self, inputs)
        maps[0][0, 1, 1] = LOGIT, 14, 14, 6, 6  # from (10, 10) to (30, 30): shares a third
        return maps

    monkeypatch.setattr(FakeLiteRt, "run", again)

    assert len(detector.detect(picture(96, 96, (20, 10, 40, 30)))) == count


# --- tiles. With those of the fixture a photo of 750 x 600 has tiles of 512 from
# (0 and 238, 0 and 88).


@pytest.fixture
def tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcos, "_TILE", 512)
    monkeypatch.setattr(fcos, "_OVERLAP", 96)
    monkeypatch.setattr(fcos, "_WHOLE_PIXELS", 512 * 300)


SMALL: dict[str, Box] = {
    "middle of a tile": (100, 40, 120, 60),
    "middle of the last tile": (600, 520, 650, 570),
    "all four tiles": (350, 250, 370, 265),
    "left edge of the right tiles": (230, 150, 250, 165),
    "just inside the right tiles": (240, 200, 260, 220),
    "right edge of the left tiles": (500, 150, 520, 170),
    "top edge of the lower tiles": (400, 80, 415, 100),
    "bottom edge of the upper tiles": (400, 505, 415, 525),
    "corner of the last tile": (235, 85, 245, 95),
    "corner of the first tile": (505, 506, 525, 525),
    "touching the edge of the right tiles": (238, 300, 250, 310),
    "touching the edge of the left tiles": (495, 350, 512, 365),
    "top left of the photo": (0, 0, 15, 20),
    "bottom right of the photo": (730, 590, 750, 600),
    "right edge of the photo": (740, 300, 750, 320),
    "bottom edge of the photo": (150, 580, 170, 600),
    "as large as may be": (550, 350, 646, 400),
    "as large as may be, across an edge": (450, 400, 542, 492),
}


@pytest.mark.parametrize("place", SMALL)
def test_small_face_is_found_once_wherever_it_lies_among_tiles(
    make: Make, tiles: None, place: str
) -> None:
    detector, network = make(photo_sides=[750])

    found = detector.detect(picture(750, 600, SMALL[place]))

    assert [inputs.shape for inputs in network.inputs] == [(1, 512, 512, 3)] * 4
    assert found.boxes_xyxy.tolist() == [list(SMALL[place])]


def test_all_small_faces_are_found_together(make: Make, tiles: None) -> None:
    detector, _ = make(photo_sides=[750])

    found = detector.detect(picture(750, 600, *SMALL.values()))

    assert in_order(found) == sorted(map(list, SMALL.values()))


def test_faces_found_at_several_sizes_count_once(make: Make, tiles: None) -> None:
    detector, network = make(photo_sides=[375, 750, 3000], nms_iou=0.3)

    found = detector.detect(picture(750, 600, *SMALL.values()))

    assert [inputs.shape[1:3] for inputs in network.inputs] == [(320, 384)] + [(512, 512)] * 4
    assert len(found) == len(SMALL)
    for box in SMALL.values():
        assert np.abs(found.boxes_xyxy - box).max(axis=1).min() <= 2


@pytest.mark.parametrize("seed", range(3))
def test_faces_in_a_large_photo_are_found_once_with_the_tiles_as_they_are(
    make: Make, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    boxes = []
    for x in range(0, 1500, 150):
        for y in range(0, 1200, 150):
            w, h = rng.integers(12, fcos._OVERLAP - 4, 2)
            x0, y0 = x + rng.integers(0, 149 - w), y + rng.integers(0, 149 - h)
            boxes.append((int(x0), int(y0), int(x0 + w), int(y0 + h)))
    photo = picture(1500, 1200, *boxes)

    assert in_order(make(photo_sides=[1500])[0].detect(photo)) == sorted(map(list, boxes))
    assert len(make(photo_sides=[416, 832, 1664, 3328])[0].detect(photo)) == len(boxes)


@pytest.mark.parametrize(
    "box",
    [
        (50, 50, 160, 115),  # whole in the first tile
        (490, 490, 640, 590),  # 22 pixels of it in the first tile's corner
        (150, 150, 250, 200),  # 12 of it beside the edge of the right tiles
        (300, 200, 350, 300),  # whole in all tiles
    ],
)
def test_large_face_is_taken_from_the_smaller_size_and_no_piece_of_it_from_tiles(
    make: Make, tiles: None, box: Box
) -> None:
    photo = picture(750, 600, box)

    assert len(make(photo_sides=[750])[0].detect(photo)) == 0
    found = make(photo_sides=[375, 750])[0].detect(photo)
    np.testing.assert_allclose(found.boxes_xyxy, [box], atol=2)


@pytest.mark.parametrize("size_wh", [(512, 300), (320, 480), (1536, 100)])
def test_picture_of_few_pixels_goes_through_whole(
    make: Make, tiles: None, size_wh: tuple[int, int]
) -> None:
    detector, network = make(photo_sides=[2000])
    box = (10, 10, size_wh[0] - 10, 90)

    found = detector.detect(picture(*size_wh, box))

    assert len(network.inputs) == 1
    assert found.boxes_xyxy.tolist() == [list(box)]


def test_tiles_cover_every_pixel_and_overlap_enough() -> None:
    for length in [1, 31, *range(fcos._TILE - 2, 3000), 3328, 5000, 8191, 12000]:
        starts = fcos._tile_starts(length)
        assert starts[0] == 0
        assert starts[-1] == max(0, length - fcos._TILE)
        steps = np.diff(starts)
        assert (steps > 0).all()
        assert (steps <= fcos._TILE - fcos._OVERLAP).all()


# --- odd pictures


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


# --- loading


CHANGES: dict[str, dict[str, Any]] = {
    "no strides": {"strides": None},
    "strides that are no list": {"strides": 8},
    "an empty list of strides": {"strides": []},
    "no serving": {"serving": None},
    "serving that is text": {"serving": "fast"},
    "no working sizes": {"serving": {"score_threshold": 0.5}},
    "an unknown setting": {"serving": {**card()["serving"], "tiles": 4}},
    "a threshold that is no number": {"serving": {**card()["serving"], "score_threshold": "high"}},
    "a threshold out of range": {"serving": {**card()["serving"], "score_threshold": 2}},
    "one stride fewer": {"strides": [8, 16]},
}


def check_refused(install: Callable[..., Path], values: dict[str, Any]) -> None:
    install("fcos", b"network", **values)

    with pytest.raises(ModelError, match="'fcos' .*Install the model again"):
        FcosDetector.load()


@pytest.mark.parametrize("wrong", CHANGES)
def test_card_of_something_else_is_refused(
    make: Make, install: Callable[..., Path], wrong: str
) -> None:
    check_refused(install, {**card(), **CHANGES[wrong]})


@pytest.mark.parametrize("left_out", ["strides", "serving"])
def test_card_that_lacks_a_part_is_refused(
    make: Make, install: Callable[..., Path], left_out: str
) -> None:
    check_refused(install, {key: value for key, value in card().items() if key != left_out})


def test_card_that_does_not_say_how_its_input_is_made_is_refused(
    make: Make, install: Callable[..., Path]
) -> None:
    install("fcos", b"network", **{**card(), "input": None})

    with pytest.raises(ModelError, match="'fcos' does not say how its input is made"):
        FcosDetector.load()


def test_installed_detector_is_loaded_by_name(make: Make, install: Callable[..., Path]) -> None:
    install("fcos", b"network", **card(live_side=96))

    detector = load_detector("fcos", live=True)
    found = detector.detect(picture(192, 192, (40, 40, 80, 80)))

    assert FakeLiteRt.made[-1].inputs[-1].shape == (1, 96, 96, 3)
    np.testing.assert_allclose(found.boxes_xyxy, [(40, 40, 80, 80)], atol=0.1)


def test_missing_detector_is_a_model_error(models_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"fcos/card\.json is missing"):
        FcosDetector.load()


def test_content_that_is_no_model_is_refused_whatever_its_checksum(
    install: Callable[..., Path],
) -> None:
    install("fcos", b"no model" * 99, **card())

    with pytest.raises(ModelError, match="'fcos' cannot be run"):
        FcosDetector.load()


def test_changed_content_is_refused(make: Make, install: Callable[..., Path]) -> None:
    folder = install("fcos", b"network", **card())
    (folder / MODEL_FILE).write_bytes(b"Network")

    with pytest.raises(ModelError, match="damaged: its SHA-256"):
        FcosDetector.load()


def test_model_for_another_input_is_refused(install: Callable[..., Path]) -> None:
    """The mask classifier, say, under the detector's card."""
    shipped = Path(fcos.__file__).parents[2] / "models" / "mobilenet_v2" / MODEL_FILE
    if not shipped.is_file():
        pytest.skip("models/mobilenet_v2 is not here")
    content = shipped.read_bytes()
    install("fcos", content, **card(), sha256=hashlib.sha256(content).hexdigest())

    with pytest.raises(ModelError, match="'fcos' cannot be run"):
        FcosDetector.load()


# --- the shipped detector


@pytest.fixture(scope="module")
def shipped() -> FcosDetector:
    if "fcos" not in installed_models("detector"):
        pytest.skip("models/fcos is not installed")
    return FcosDetector.load()


def test_portrait_s_face_is_found_in_its_place(shipped: FcosDetector, portrait: Image) -> None:
    """As those who annotated the scenes draw boxes: below the forehead."""
    found = shipped.detect(portrait)

    assert len(found) == 1
    np.testing.assert_allclose(found.boxes_xyxy[0], (177, 83, 272, 183), atol=8)


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 3000), (3000, 1), (300, 400)])
def test_shipped_detector_finds_nothing_in_a_blank_picture(
    shipped: FcosDetector, size_wh: tuple[int, int]
) -> None:
    assert len(shipped.detect(picture(*size_wh))) == 0
