from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.detection import FcosDetector, tiles
from maskcore.detection.fcos import FcosSettings
from maskcore.models import StoredModel
from tests.maskcore.detection.fcos.network import LOGIT, Cell, FakeLiteRt, Make, Show, card
from tests.maskcore.detection.spots import in_order, picture, scattered


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
