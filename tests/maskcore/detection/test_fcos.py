from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore import boxes
from maskcore.classification import InputSpec
from maskcore.detection import FcosDetector, fcos, levels, load_detector, tiles
from maskcore.detection.fcos import FcosSettings, decode
from maskcore.errors import ModelError
from maskcore.models import MODEL_FILE, StoredModel, installed_models
from tests.maskcore.detection.spots import Box, Image, in_order, picture, scattered, spots

STRIDES, LOGIT = (8, 16, 32), 3.0  # a score of 0.9526


Cell = tuple[int, Box, float]  # level, face in the network's picture, score


class FakeLiteRt:
    """Takes the place of the network: every white spot is a face, to the pixel."""

    made: list[FakeLiteRt] = []

    def __init__(self, content: bytes) -> None:
        self.inputs: list[NDArray[np.float32]] = []
        self.made.append(self)

    def sees(self, pixels: NDArray[np.float32]) -> list[Cell]:
        score = 1 / (1 + np.exp(-LOGIT))
        return [
            (int(np.searchsorted((40, 112), max(x1 - x0, y1 - y0))), (x0, y0, x1, y1), score)
            for x0, y0, x1, y1 in spots(pixels > 0.4)
        ]

    def run(self, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.inputs.append(inputs)
        height, width = inputs.shape[1:3]
        maps = [np.full((1, height // s, width // s, 5), -20, np.float32) for s in STRIDES]
        for level, (x0, y0, x1, y1), score in self.sees(inputs[0]):
            column, row = (int(c / 2 // STRIDES[level]) for c in (x0 + x1, y0 + y1))
            while maps[level][0, row, column, 0] > -20:
                column += 1  # another cell that sees the same
            x, y = (column + 0.5) * STRIDES[level], (row + 0.5) * STRIDES[level]
            logit = np.log(score / (1 - score))
            maps[level][0, row, column] = logit, x - x0, y - y0, x1 - x, y1 - y
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


Show = Callable[..., FcosDetector]


@pytest.fixture
def show(make: Make, monkeypatch: pytest.MonkeyPatch) -> Show:
    """(cells, settings of the card) -> a detector whose network sees these in any picture."""

    def show(*cells: Cell, **serving: Any) -> FcosDetector:
        detector, _ = make(**serving)
        monkeypatch.setattr(FakeLiteRt, "sees", lambda self, pixels: cells)
        return detector

    return show


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


def test_boxes_that_reach_into_the_border_are_clipped_and_those_in_it_dropped(show: Show) -> None:
    over_edge, in_border, at_corner = (80, 58, 130, 93), (16, 72, 24, 80), (-5, -3, 13, 13)

    found = show(*((0, box, 0.9) for box in (over_edge, in_border, at_corner)))

    assert in_order(found.detect(picture(100, 70))) == [[0, 0, 13, 13], [80, 58, 100, 70]]


# --- several levels. TWIN shares 29/31 with FACE.

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
    detector, _ = make(photo_sides=[96], mirrored_sides=[96])
    sees = FakeLiteRt.sees

    def at_first_alone(self: FakeLiteRt, pixels: NDArray[np.float32]) -> list[Cell]:
        return sees(self, pixels) if seen_twice or len(self.inputs) == 1 else []

    monkeypatch.setattr(FakeLiteRt, "sees", at_first_alone)

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


@pytest.mark.parametrize(
    ("live", "settings", "count"),
    [
        (False, {"score_threshold": 0.95}, 1),
        (False, {"score_threshold": 0.96}, 0),
        (False, {"score_threshold": 0.95, "live_score_threshold": 0.96}, 1),
        (True, {"score_threshold": 0.95, "live_score_threshold": 0.96}, 0),
    ],
)
def test_score_threshold_is_that_of_the_card_and_live_has_its_own(
    make: Make, live: bool, settings: dict[str, float], count: int
) -> None:
    detector, _ = make(live=live, **settings)

    assert len(detector.detect(picture(96, 96, (20, 20, 60, 60)))) == count


def test_settings_given_replace_those_of_the_card(make: Make) -> None:
    make()  # brings the network in
    model = StoredModel("fcos", card(), b"")
    settings = FcosSettings(score_threshold=0.96, photo_sides=(96,))
    detector = FcosDetector(model, settings=settings)

    found = detector.detect(picture(192, 192, (20, 20, 60, 60)))

    assert FakeLiteRt.made[-1].inputs[-1].shape == (1, 96, 96, 3)
    assert len(found) == 0


@pytest.mark.parametrize(("nms_iou", "count"), [(0.3, 1), (0.36, 2)])
def test_merging_is_that_of_the_card(show: Show, nms_iou: float, count: int) -> None:
    """The two share a third."""
    detector = show((0, (20, 10, 40, 30), 0.9), (1, (10, 10, 30, 30), 0.9), nms_iou=nms_iou)

    assert len(detector.detect(picture(96, 96))) == count


# --- tiles


def test_faces_in_a_large_photo_are_found_once_at_several_sizes(make: Make) -> None:
    for seed in range(3):
        faces = scattered(1500, 1200, tiles.OVERLAP - 4, seed)
        detector, network = make(photo_sides=[416, 832, 1664, 3328], nms_iou=0.3)

        found = detector.detect(picture(1500, 1200, *faces))

        assert [inputs.shape[1:3] for inputs in network.inputs] == [
            (352, 416),
            *[(640, 640)] * 4,
            *[(640, 640)] * 9,
        ]
        assert len(found) == len(faces)
        for box in faces:
            assert np.abs(found.boxes_xyxy - box).max(axis=1).min() <= 2


def test_large_face_is_taken_from_the_smaller_size(make: Make) -> None:
    box = (500, 500, 800, 740)  # partly in every tile

    assert len(make(photo_sides=[1200])[0].detect(picture(1200, 1000, box))) == 0
    found = make(photo_sides=[600, 1200])[0].detect(picture(1200, 1000, box))
    np.testing.assert_allclose(found.boxes_xyxy, [box], atol=2)


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
