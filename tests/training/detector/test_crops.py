from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.detector.painted_faces import (
    BLUE,
    COLOURS,
    GREEN,
    NONE,
    RED,
    Box,
    coloured_box,
    covered,
    of_colour,
    painted,
)
from training.detector import crops
from training.detector.crops import Sample, crop_anywhere, crop_around
from training.detector.samples import SCENE_SIDES

# size of the photo, face, sides in the crop, size of the crop
CROPS: dict[str, tuple[tuple[int, int], Box, tuple[float, float], int]] = {
    "as large as it is": ((400, 300), (150, 100, 210, 170), (69.0, 71.0), 256),
    "shrunk": ((900, 700), (300, 200, 500, 420), (30.0, 60.0), 128),
    "enlarged": ((300, 200), (100, 60, 112, 75), (100.0, 180.0), 256),
    "in the photo's corner": ((400, 300), (0, 0, 50, 60), (40.0, 80.0), 128),
    "in the other corner": ((400, 300), (370, 250, 400, 300), (40.0, 80.0), 128),
    "fills the photo": ((120, 150), (0, 0, 120, 150), (60.0, 250.0), 128),
    "from edge to edge": ((300, 40), (0, 5, 300, 35), (60.0, 100.0), 128),
    "in a tiny photo": ((20, 16), (4, 3, 16, 14), (12.0, 60.0), 96),
}


@pytest.mark.parametrize("kind", CROPS)
def test_the_face_lies_under_its_box_to_the_pixel(tmp_path: Path, kind: str) -> None:
    """Mirrored or not, shrunk or enlarged, however the border falls."""
    size_wh, face, sides, size = CROPS[kind]
    sample = painted(tmp_path / "a.png", size_wh, [face], sides)
    for seed in range(60):
        crop, boxes, ignored = crop_around(sample, 0, size, np.random.default_rng(seed))
        assert crop.shape == (size, size, 3)
        assert crop.dtype == np.uint8
        assert boxes.shape == (1, 4)
        assert boxes.dtype == np.float32
        assert ignored.shape == (0, 4)
        assert (boxes >= 0).all()
        assert (boxes <= size).all()
        np.testing.assert_allclose(coloured_box(crop, RED), boxes[0], atol=1.1)


def test_half_of_the_crops_are_mirrored(tmp_path: Path) -> None:
    face = (150, 100, 210, 170)
    sample = painted(tmp_path / "a.png", (400, 300), [face], (60.0, 70.0))
    with Image.open(sample.path) as image:
        pixels = np.array(image)
    pixels[100:170, 150:180] = BLUE  # the left half
    Image.fromarray(pixels).save(sample.path)
    mirrored = 0
    for seed in range(100):
        crop, boxes, _ = crop_around(sample, 0, 128, np.random.default_rng(seed))
        x0, y0, x1, y1 = boxes[0].round().astype(int)
        left, right = crop[y0:y1, x0 : (x0 + x1) // 2], crop[y0:y1, (x0 + x1) // 2 : x1]
        blue = [of_colour(half, BLUE).mean() > 0.9 for half in (left, right)]
        assert sorted(blue) == [False, True]
        mirrored += blue[1]
    assert 35 <= mirrored <= 65


@pytest.mark.parametrize(
    ("sides", "size", "low", "high"),
    [
        ((20.0, 60.0), 128, 20, 60),
        ((56.0, 250.0), 96, 56, 91.2),  # no larger than 0.95 of the crop
        ((56.0, 250.0), 48, 45.6, 45.6),  # a quarter of a group picture of 96
    ],
)
def test_the_face_has_a_chance_size_within_the_sides_asked_for(
    tmp_path: Path, sides: tuple[float, float], size: int, low: float, high: float
) -> None:
    sample = painted(tmp_path / "a.png", (400, 300), [(150, 100, 200, 180)], sides)
    found = []
    for seed in range(80):
        _, boxes, _ = crop_around(sample, 0, size, np.random.default_rng(seed))
        found.append(float((boxes[0, 2:] - boxes[0, :2]).max()))
    stretch = np.exp(0.08) + 1e-3
    assert low / stretch <= min(found) <= low * 1.15
    assert high / 1.15 <= max(found) <= high * stretch
    # Sizes are drawn alike by ratio: half of them below the geometric mean.
    assert np.median(found) == pytest.approx(np.sqrt(low * high), rel=0.15)


def test_faces_mostly_outside_are_neither_face_nor_background(tmp_path: Path) -> None:
    faces: list[Box] = [(100 + 40 * i, 80 + 15 * i, 130 + 40 * i, 120 + 15 * i) for i in range(5)]
    sample = painted(tmp_path / "a.png", (520, 300), faces, (50.0, 60.0))
    counts = {"asked": 0, "ignored": 0, "absent": 0}
    for seed in range(80):
        crop, boxes, ignored = crop_around(sample, 2, 128, np.random.default_rng(seed))
        assert len(boxes) + len(ignored) <= 5
        whole = of_colour(crop, COLOURS[2]).sum()
        for index, colour in enumerate(COLOURS):
            seen = of_colour(crop, colour)
            holds = [
                [i for i, region in enumerate(regions) if covered(seen, region) > 0.4]
                for regions in (boxes, ignored)
            ]
            share = seen.sum() / whole
            if index == 2:
                assert [len(indices) for indices in holds] == [1, 0]
            elif share > 0.5:
                assert [len(indices) for indices in holds] == [1, 0]
                counts["asked"] += 1
            elif 0.1 < share < 0.3:
                assert [len(indices) for indices in holds] == [0, 1]
                counts["ignored"] += 1
            elif not share:
                counts["absent"] += 1
        regions = np.concatenate([boxes, ignored])
        assert (regions >= 0).all()
        assert (regions <= 128).all()
    assert min(counts.values()) > 15


def test_faces_too_small_in_the_crop_are_neither_face_nor_background(tmp_path: Path) -> None:
    faces: list[Box] = [(100, 100, 180, 180), (190, 100, 200, 110), (190, 130, 212, 150)]
    sample = painted(tmp_path / "a.png", (300, 300), faces, (40.0, 40.0))
    asked, small = [], 0
    for seed in range(60):
        _, boxes, ignored = crop_around(sample, 0, 128, np.random.default_rng(seed))
        small += len(ignored)
        asked += [(box[2:] - box[:2]).max() for box in boxes]
    assert small > 30  # 10 pixels became 5
    assert min(asked) >= 7
    assert sum(8 < side < 14 for side in asked) > 30  # 22 became 11


def test_doubtful_regions_move_with_the_photo(tmp_path: Path) -> None:
    face, doubtful = (300, 300, 480, 480), (510, 300, 600, 420)
    sample = painted(tmp_path / "a.png", (900, 700), [face, doubtful], (58.0, 62.0))
    sample = Sample(
        sample.path, sample.boxes_xyxy[:1], np.array([True]), sample.boxes_xyxy[1:], sample.sides
    )
    near = 0
    for seed in range(30):
        crop, boxes, ignored = crop_around(sample, 0, 160, np.random.default_rng(seed))
        assert (boxes.shape, ignored.shape) == ((1, 4), (1, 4))
        assert (ignored >= 0).all() and (ignored <= 160).all()
        if of_colour(crop, GREEN).sum() > 500:
            near += 1
            np.testing.assert_allclose(coloured_box(crop, GREEN), ignored[0], atol=2)
    assert near > 10


@pytest.mark.parametrize("share", [0, 1])
def test_no_more_border_is_shown_than_must_be_as_often_as_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    monkeypatch.setattr(crops, "_WITHOUT_BORDER_SHARE", share)
    image = np.full((300, 400, 3), RED, np.uint8)
    sample = painted(tmp_path / "a.png", (400, 300), [(10, 10, 60, 60)], (50.0, 60.0))
    Image.fromarray(image).save(sample.path)
    whole = [
        of_colour(crop_around(sample, 0, 128, np.random.default_rng(seed))[0], RED).all()
        for seed in range(30)
    ]
    assert all(whole) if share else np.mean(whole) < 0.5


@pytest.mark.parametrize("share", [0, 1])
def test_photos_are_shrunk_until_much_of_the_crop_is_border_no_more_often_than_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    monkeypatch.setattr(crops, "_WITHOUT_BORDER_SHARE", share)
    sample = painted(tmp_path / "a.png", (400, 300), [(100, 80, 200, 180)], (12.0, 180.0))
    longer_sides = []
    for seed in range(40):
        _, boxes, _ = crop_around(sample, 0, 256, np.random.default_rng(seed))
        # The photo's longer side in the crop, as its face's tells it.
        longer_sides.append(float((boxes[0, 2:] - boxes[0, :2]).max()) / 100 * 400)
    small = np.array(longer_sides) < 0.8 * 256 / np.exp(0.08) - 1
    assert not small.any() if share else small.mean() > 0.3


def test_faces_are_enlarged_little(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (200, 200), [(90, 90, 110, 110)], (12.0, 180.0))
    sides = []
    for seed in range(60):
        _, boxes, _ = crop_around(sample, 0, 256, np.random.default_rng(seed))
        sides.append(float((boxes[0, 2:] - boxes[0, :2]).max()))
    assert 33 < max(sides) <= 35 * np.exp(0.08) + 0.1
    assert min(sides) < 16


def test_beside_a_lone_face_in_a_wide_photo_there_is_mostly_none(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (600, 600), [(290, 290, 310, 310)], (40.0, 60.0))
    empty = [
        not len(crop_around(sample, 0, 128, np.random.default_rng(seed), beside=True)[1])
        for seed in range(60)
    ]
    assert np.mean(empty) > 0.7
    assert not np.all(empty)


def test_what_a_photo_laid_over_a_crop_leaves_of_it_stays(tmp_path: Path) -> None:
    # A red face that fills its photo: where it lands is where the photo lies.
    sample = painted(tmp_path / "a.png", (40, 40), [(0, 0, 40, 40)], (60.0, 60.0))
    blue = np.zeros((128, 128, 3), np.uint8)
    blue[..., 2] = 255
    everywhere = np.float32(
        [[x, y, x + 16, y + 16] for x in range(0, 128, 16) for y in range(0, 128, 16)]
    )
    doubtful = np.float32([[0, 0, 5, 5]])
    before = blue.copy()
    for seed in range(12):
        crop, boxes, ignored = crop_around(
            sample, 0, 128, np.random.default_rng(seed), behind=(blue, everywhere, doubtful)
        )
        np.testing.assert_array_equal(blue, before)
        red = of_colour(crop, RED)
        assert 50**2 < red.sum() < 70**2
        assert (of_colour(crop, BLUE) | red).mean() > 0.96  # but for the seam nothing else
        assert covered(red, boxes[0]) > 0.95
        left = np.array([1 - covered(red, box) for box in everywhere])
        asked = {tuple(box) for box in boxes[1:]}
        doubted = {tuple(box) for box in ignored}
        assert tuple(doubtful[0]) in doubted
        for box, share in zip(everywhere, left, strict=True):
            if share > 0.85:
                assert tuple(box) in asked
            elif 0.2 < share < 0.65:
                assert tuple(box) in doubted
            elif share < 0.02:
                assert tuple(box) not in asked | doubted


def test_a_photo_without_faces_is_seen_in_any_place_and_size(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    sample = Sample(tmp_path / "a.png", NONE, np.zeros(0, bool), NONE, SCENE_SIDES)
    views = [crop_anywhere(sample, 96, np.random.default_rng(seed)) for seed in range(20)]
    assert all(image.shape == (96, 96, 3) for image, _, _ in views)
    assert all(boxes.shape == ignored.shape == (0, 4) for _, boxes, ignored in views)
    assert len({image.tobytes() for image, _, _ in views}) == 20
    # Shrunk noise is greyer: some are seen from afar, some near.
    deviations = [image.std() for image, _, _ in views]
    assert max(deviations) > 2 * min(deviations)


def test_crops_repeat_by_seed(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (200, 150), [(50, 40, 90, 80)], (20.0, 60.0))
    first, again, other = (crop_around(sample, 0, 64, np.random.default_rng(s)) for s in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[1], other[1])
