from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training.annotated.scenes import Scene, SceneFace
from training.detector import crops, samples
from training.detector.crops import Sample, cover_part, crop_anywhere, crop_around, lend_face, turn
from training.detector.samples import (
    CLOSE_UP_SIDES,
    SCENE_SIDES,
    Sampler,
    as_annotated,
    close_up_samples,
    scene_samples,
)
from training.photos.data import read_dataset
from training.photos.splits import split

Box = tuple[int, int, int, int]

NONE = np.zeros((0, 4), np.float32)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
COLOURS = (RED, GREEN, BLUE, (255, 255, 0), (255, 0, 255))


def painted(
    path: Path,
    size_wh: tuple[int, int],
    faces: list[Box],
    sides: tuple[float, float],
    doubtful: NDArray[np.float32] = NONE,
) -> Sample:
    """A black photo on which each face is a box of a colour of its own."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for (x0, y0, x1, y1), colour in zip(faces, COLOURS, strict=False):
        image[max(y0, 0) : y1, max(x0, 0) : x1] = colour
    Image.fromarray(image).save(path)
    boxes = np.array(faces, np.float32).reshape(-1, 4)
    return Sample(path, boxes, np.zeros(len(faces), bool), doubtful, sides)


def of_colour(image: ImageRgb, colour: tuple[int, ...]) -> NDArray[np.bool_]:
    """Pixels that are more of this colour, whose channels are 0 or 255, than of any other."""
    on = np.array(colour) == 255
    mask: NDArray[np.bool_] = (
        image[..., on].min(axis=-1).astype(int) - image[..., ~on].max(axis=-1) > 127
    )
    return mask


def coloured_box(image: ImageRgb, colour: tuple[int, ...]) -> list[int]:
    y, x = np.nonzero(of_colour(image, colour))
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


# --- reading


def test_scenes_become_samples_of_all_faces() -> None:
    faces = (
        SceneFace((1, 2, 31, 42), 1),
        SceneFace((5, 5, 9, 9.5), 0),
        SceneFace((50, 2, 60, 20), None),
    )
    one, other = scene_samples([Scene(Path("a.jpg"), faces), Scene(Path("b.jpg"), ())])
    assert one.boxes_xyxy.tolist() == [[1, 2, 31, 42], [5, 5, 9, 9.5], [50, 2, 60, 20]]
    assert one.boxes_xyxy.dtype == np.float32
    assert one.bare.tolist() == [False, True, False]  # a mask worn wrong is a mask
    assert (one.path, one.sides) == (Path("a.jpg"), SCENE_SIDES)
    assert one.doubtful_xyxy.shape == other.boxes_xyxy.shape == (0, 4)
    assert other.bare.shape == (0,)
    assert other.bare.dtype == bool


def test_close_ups_are_those_of_the_training_part_that_have_a_box(
    tmp_path: Path, make_photos: Callable[[Path, int], Path]
) -> None:
    root = make_photos(tmp_path / "masks", 24)
    names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.jpg"))]
    boxes = {
        name: {"faces": [[i, 1.5, 40, 50]] * (1 + i % 2), "doubtful": [[0, 0, 5, 5]] * (i % 3)}
        for i, name in enumerate(names)
        if i % 4
    }
    (tmp_path / "boxes.json").write_text(json.dumps({"boxes": boxes}))
    dataset = read_dataset(root, 96)
    members = split(dataset.labels, dataset.groups, 0.15, 0.15, seed=3)["train"]
    expected = [dataset.paths[i] for i in members if dataset.paths[i] in boxes]
    found = close_up_samples(root, tmp_path / "boxes.json", seed=3)
    assert [sample.path for sample in found] == [root / name for name in expected]
    for sample, name in zip(found, expected, strict=True):
        for found_boxes, kind in ((sample.boxes_xyxy, "faces"), (sample.doubtful_xyxy, "doubtful")):
            given = np.float32(boxes[name][kind]).reshape(-1, 4)
            np.testing.assert_array_equal(found_boxes, as_annotated(given))
        bare = name.startswith("without_mask/")
        assert sample.bare.tolist() == [bare] * len(boxes[name]["faces"])
        assert sample.sides == CLOSE_UP_SIDES


def test_yunet_s_boxes_move_down_to_where_annotators_draw_them() -> None:
    given = np.float32([[10, 20, 60, 120], [0, 0, 10, 10]])
    cut = as_annotated(given)
    np.testing.assert_allclose(cut, [[10, 39, 61.5, 128], [0, 1.9, 10.3, 10.8]], rtol=1e-6)
    assert cut.dtype == np.float32
    assert as_annotated(given[:0]).shape == (0, 4)


def test_missing_boxes_are_an_error_that_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="python -m training pseudo-boxes"):
        close_up_samples(tmp_path, tmp_path / "boxes.json", seed=0)


# --- crops

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
def test_the_face_lies_under_its_box(tmp_path: Path, kind: str) -> None:
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
        scale = (boxes[0, 2:] - boxes[0, :2]).max() / max(face[2] - face[0], face[3] - face[1])
        # Not to the pixel: see the next test.
        tolerance = 0.55 * max(scale, 1) + 1.5
        np.testing.assert_allclose(coloured_box(crop, RED), boxes[0], atol=tolerance)


@pytest.mark.parametrize("kind", CROPS)
def test_the_face_lies_under_its_box_to_the_pixel(tmp_path: Path, kind: str) -> None:
    size_wh, face, sides, size = CROPS[kind]
    sample = painted(tmp_path / "a.png", size_wh, [face], sides)
    for seed in range(60):
        crop, boxes, _ = crop_around(sample, 0, size, np.random.default_rng(seed))
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


def covered(seen: NDArray[np.bool_], region: NDArray[np.float32]) -> float:
    """Share of a region, at least a pixel wide, of which ``seen`` holds."""
    x0, y0, x1, y1 = region.round().astype(int)
    inside = seen[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    return float(inside.mean()) if inside.size else 0.0


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


def test_crops_repeat_by_seed(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (200, 150), [(50, 40, 90, 80)], (20.0, 60.0))
    first, again, other = (crop_around(sample, 0, 64, np.random.default_rng(s)) for s in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[1], other[1])


# --- covering


def test_what_covers_a_face_lies_on_its_lower_part_of_a_copy() -> None:
    box = np.float32([60, 50, 120, 130])
    image = np.full((200, 200, 3), 100, np.uint8)
    changes = np.zeros((200, 200))
    for seed in range(100):
        covered = cover_part(image, box, np.random.default_rng(seed))
        assert covered.shape == image.shape
        assert covered.dtype == np.uint8
        changes += (covered != 100).any(axis=-1)
    assert (image == 100).all()
    assert (changes > 0).any()
    rows = changes.sum(axis=1)
    assert rows[90:140].sum() > 3 * rows[:90].sum()
    columns = changes.sum(axis=0)
    assert columns[50:130].sum() > 3 * (columns[:50].sum() + columns[130:].sum())


def test_a_face_of_a_pixel_at_the_edge_can_be_covered() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    for seed in range(20):
        cover_part(image, np.float32([29, 19, 30, 20]), np.random.default_rng(seed))


# --- lending


@pytest.mark.parametrize(
    ("face", "wanted"),
    [
        ((30, 30, 70, 70), (50, 50, 70, 70)),
        ((30, 20, 50, 60), (55, 50, 65, 70)),
        ((4, 4, 12, 12), (50, 50, 70, 70)),
    ],
)
def test_a_lent_face_takes_the_place_and_the_size_of_another(
    tmp_path: Path, face: Box, wanted: Box
) -> None:
    lender = painted(tmp_path / "a.png", (100, 90), [face], CLOSE_UP_SIDES)
    image = np.full((120, 140, 3), 90, np.uint8)
    for seed in range(4):  # mirrored or not
        lent, box = lend_face(
            image, np.float32([50, 50, 70, 70]), lender, 0, np.random.default_rng(seed)
        )
        assert lent.dtype == np.uint8
        assert box.dtype == np.float32
        np.testing.assert_allclose(box, wanted, atol=0.01)
        np.testing.assert_allclose(coloured_box(lent, RED), wanted, atol=1.5)
        changed = (lent != 90).any(axis=-1)
        assert changed[60, 60]
        assert not changed[:, :40].any() and not changed[:, 80:].any()
        assert not changed[:40].any() and not changed[80:].any()
    assert (image == 90).all()


def test_a_lent_face_is_about_as_bright_as_what_it_covers(tmp_path: Path) -> None:
    lender = painted(tmp_path / "a.png", (100, 100), [(0, 0, 100, 100)], CLOSE_UP_SIDES)
    Image.fromarray(np.full((100, 100, 3), 120, np.uint8)).save(lender.path)
    shades = []
    for ground in (30, 80, 120, 160, 250):
        image = np.full((100, 100, 3), ground, np.uint8)
        lent, _ = lend_face(
            image, np.float32([30, 30, 70, 70]), lender, 0, np.random.default_rng(0)
        )
        shades.append(int(lent[50, 50, 0]))
    assert shades[2] == pytest.approx(120, abs=1)
    assert shades[0] == pytest.approx(72, abs=1)  # no darker than 0.6 times
    assert shades[4] == pytest.approx(192, abs=1)
    assert shades == sorted(shades)


@pytest.mark.parametrize("box", [(-5, -5, 15, 15), (50, 55, 70, 64), (0, 0, 60, 64)])
def test_a_face_lent_at_the_edge_stays_inside(tmp_path: Path, box: Box) -> None:
    lender = painted(tmp_path / "a.png", (60, 60), [(10, 10, 50, 55)], CLOSE_UP_SIDES)
    image = np.full((64, 60, 3), 90, np.uint8)
    lent, new = lend_face(image, np.float32(box), lender, 0, np.random.default_rng(1))
    assert lent.shape == image.shape
    assert (new[:2] >= 0).all() and (new[2:] <= (60, 64)).all()
    assert (new[2:] > new[:2]).all()


# --- drawing


@dataclass(frozen=True)
class Asked:
    """A crop that was asked for; without an index it is of a photo without faces."""

    name: str
    index: int | None
    size: int
    beside: bool = False
    over: bool = False

    @property
    def of_scene(self) -> bool:
        return self.name.startswith("scene")

    @property
    def face(self) -> tuple[str, int | None]:
        return self.name, self.index


class Spy:
    """What was asked of the functions that make crops, each of which is plain, with one face.

    Attributes:
        crops: all crops but those behind others.
        behind: crops over which another was laid.
        lent: photo and number of each face lent.
        turned: degrees.
    """

    def __init__(self) -> None:
        self.crops: list[Asked] = []
        self.behind: list[Asked] = []
        self.lent: list[tuple[str, int]] = []
        self.turned: list[float] = []

    def crop_around(
        self,
        sample: Sample,
        index: int,
        size: int,
        rng: np.random.Generator,
        beside: bool = False,
        behind: Any = None,
    ) -> Any:
        if behind is not None:
            self.behind.append(self.crops.pop())
        self.crops.append(Asked(sample.path.name, index, size, beside, behind is not None))
        shade = 40 * (1 + len(self.crops) % 6)
        box = np.float32([[1, 2, 0.25 * size, 0.5 * size]])
        return np.full((size, size, 3), shade, np.uint8), box, box + 2

    def crop_anywhere(self, sample: Sample, size: int, rng: np.random.Generator) -> Any:
        self.crops.append(Asked(sample.path.name, None, size))
        return np.zeros((size, size, 3), np.uint8), NONE, NONE

    def lend_face(self, image: Any, box: Any, lender: Sample, index: int, rng: Any) -> Any:
        self.lent.append((lender.path.name, index))
        return image, box

    def turn(self, crop: Any, degrees: float) -> Any:
        self.turned.append(degrees)
        return crop

    def faces(self) -> set[tuple[str, int | None]]:
        return {crop.face for crop in self.crops}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    for name in ("crop_around", "crop_anywhere", "lend_face", "turn"):
        monkeypatch.setattr(samples, name, getattr(spy, name))
    monkeypatch.setattr(samples, "cover_part", lambda image, box, rng: image)
    monkeypatch.setattr(samples, "degrade", lambda image, rng: image)
    return spy


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """(share=value) -> it is that large in this test, so that others are free to be tuned."""

    def given(**values: float) -> None:
        for name, value in values.items():
            monkeypatch.setattr(samples, f"{name.upper()}_SHARE", value)

    return given


def draw(sampler: Sampler, times: int = 30) -> None:
    rng = np.random.default_rng(0)
    for _ in range(times):
        sampler.draw(rng)


def listed(name: str, bare: list[bool], side: float = 30) -> Sample:
    boxes = np.float32([[0, 0, side, side / 2]] * len(bare)).reshape(-1, 4)
    return Sample(Path(name), boxes, np.array(bare, bool), NONE, SCENE_SIDES)


SCENES = [listed("scene 1", [False, True, False]), listed("scene 3", [True])]
CLOSE_UPS = [listed("close-up 1", [False]), listed("close-up 2", [True, True])]

MASKED_SCENES, BARE_SCENES = {("scene 1", 0), ("scene 1", 2)}, {("scene 1", 1), ("scene 3", 0)}
MASKED_CLOSE_UPS, BARE_CLOSE_UPS = {("close-up 1", 0)}, {("close-up 2", 0), ("close-up 2", 1)}


@pytest.mark.parametrize(
    ("close_up_share", "bare_share", "faces"),
    [
        (0, 0, MASKED_SCENES),
        (0, 1, BARE_SCENES),
        (1, 0, MASKED_CLOSE_UPS),
        (1, 1, BARE_CLOSE_UPS),
    ],
)
def test_shares_of_all_or_nothing_draw_just_those_faces(
    drawn: Spy, close_up_share: float, bare_share: float, faces: set[Any]
) -> None:
    draw(Sampler(SCENES, CLOSE_UPS, close_up_share, bare_share, 64))
    assert drawn.faces() == faces


def test_shares_between_are_met_on_average(drawn: Spy) -> None:
    draw(Sampler(SCENES, CLOSE_UPS, 0.3, 0.6, 64), times=600)
    close_ups = [not crop.of_scene for crop in drawn.crops]
    assert np.mean(close_ups) == pytest.approx(0.3, abs=0.05)
    bare = [crop.face in BARE_SCENES | BARE_CLOSE_UPS for crop in drawn.crops]
    assert np.mean(bare) == pytest.approx(0.6, abs=0.05)


def test_without_close_ups_all_crops_are_of_scenes(drawn: Spy) -> None:
    draw(Sampler(SCENES, [], 1.0, 0.5, 64))
    assert drawn.faces() == MASKED_SCENES | BARE_SCENES


def test_faces_too_small_to_tell_are_not_drawn(drawn: Spy) -> None:
    scenes = [listed("tiny", [False, True], side=6.9), listed("small", [False, True], side=7)]
    draw(Sampler(scenes, [], 0.0, 0.5, 64))
    assert {crop.name for crop in drawn.crops} == {"small"}


@pytest.mark.parametrize(("share", "counts"), [(0, {1}), (1, {4, 9})])
def test_group_pictures_are_made_of_four_or_nine_crops_as_often_as_set(
    drawn: Spy, shares: Callable[..., None], share: int, counts: set[int]
) -> None:
    shares(group=share)
    sampler = Sampler(SCENES, CLOSE_UPS, 0.5, 0.5, 64)
    found = set()
    for seed in range(20):
        drawn.crops.clear()
        image, boxes, ignored = sampler.draw(np.random.default_rng(seed))
        count = len(drawn.crops)
        found.add(count)
        assert image.shape == (64, 64, 3)
        side = {1: 64, 4: 32, 9: 21}[count]
        assert [crop.size for crop in drawn.crops] == [side] * count
        starts = range(0, 64 - side + 1, side)
        wanted = [[x + 1, y + 2, x + side / 4, y + side / 2] for x in starts for y in starts]
        assert boxes.tolist() == wanted
        np.testing.assert_array_equal(ignored, boxes + 2)
        for n, (x, y) in enumerate((x, y) for x in starts for y in starts):
            assert (image[y : y + side, x : x + side] == 40 * (1 + (n + 1) % 6)).all()
    assert found == counts


def test_large_faces_are_aimed_at_more_often_and_crowds_less(drawn: Spy) -> None:
    scenes = [
        listed("large", [False], side=24),
        listed("small", [False], side=23),
        listed("crowd", [False] * 16, side=23),
    ]
    draw(Sampler(scenes, [], 0.0, 0.0, 64), times=1500)
    names = [crop.name for crop in drawn.crops]
    shares = [names.count(name) / len(names) for name in ("large", "small", "crowd")]
    # Weights 2, 1 and 16 / 4.
    np.testing.assert_allclose(shares, [2 / 7, 1 / 7, 4 / 7], atol=0.05)
    assert len({crop.index for crop in drawn.crops if crop.name == "crowd"}) == 16


@pytest.mark.parametrize("share", [0, 1])
def test_crops_of_scenes_look_beside_the_face_as_often_as_set_and_close_ups_never(
    drawn: Spy, shares: Callable[..., None], share: int
) -> None:
    shares(beside=share, laid_over=1)
    draw(Sampler(SCENES, CLOSE_UPS, 0.5, 0.5, 64))
    assert {(crop.of_scene, crop.beside) for crop in drawn.crops} == {
        (True, bool(share)), (False, False),
    }  # fmt: skip
    assert {crop.beside for crop in drawn.behind} == {bool(share)}


@pytest.mark.parametrize(("beside", "faceless"), [(0, 1), (1, 0), (1, 1)])
def test_looks_beside_a_face_are_at_photos_without_any_as_often_as_set(
    drawn: Spy, shares: Callable[..., None], beside: int, faceless: int
) -> None:
    shares(beside=beside, faceless=faceless)
    empty = [listed("scene 2", []), listed("scene 4", [])]
    draw(Sampler([*SCENES, *empty], [*CLOSE_UPS, listed("close-up 3", [])], 0.3, 0.5, 64))
    of_scenes = {crop.face for crop in [*drawn.crops, *drawn.behind] if crop.of_scene}
    if beside and faceless:
        assert of_scenes == {("scene 2", None), ("scene 4", None)}
    else:
        assert of_scenes == MASKED_SCENES | BARE_SCENES
    # A close-up without a face is one in which the teacher overlooked it.
    close_ups = {crop.face for crop in drawn.crops if not crop.of_scene}
    assert close_ups == MASKED_CLOSE_UPS | BARE_CLOSE_UPS


@pytest.mark.parametrize("share", [0, 1])
def test_close_ups_are_laid_over_scenes_as_often_as_set_and_no_scene_over_anything(
    drawn: Spy, shares: Callable[..., None], share: int
) -> None:
    shares(laid_over=share)
    draw(Sampler(SCENES, CLOSE_UPS, 0.5, 0.5, 64))
    assert {(crop.of_scene, crop.over) for crop in drawn.crops} == {
        (True, False), (False, bool(share)),
    }  # fmt: skip
    assert {crop.of_scene for crop in drawn.behind} == ({True} if share else set())


def test_close_ups_without_scenes_are_laid_over_nothing(
    drawn: Spy, shares: Callable[..., None]
) -> None:
    shares(laid_over=1)
    draw(Sampler([], CLOSE_UPS, 1.0, 0.5, 64))
    assert drawn.faces() == MASKED_CLOSE_UPS | BARE_CLOSE_UPS
    assert not any(crop.over for crop in drawn.crops)


@pytest.mark.parametrize(
    ("bare", "lenders"), [(0, MASKED_CLOSE_UPS), (1, BARE_CLOSE_UPS)], ids=["masked", "bare"]
)
def test_faces_of_close_ups_are_lent_to_scenes(
    drawn: Spy, shares: Callable[..., None], bare: int, lenders: set[Any]
) -> None:
    shares(lent=1, lent_bare=bare)
    draw(Sampler(SCENES, CLOSE_UPS, 0.0, 0.5, 64))
    assert set(drawn.lent) == lenders
    assert len(drawn.lent) == len(drawn.crops)  # one face a made crop


@pytest.mark.parametrize(("lent", "close_up_share"), [(0, 0.5), (1, 1.0)])
def test_no_faces_are_lent_where_none_shall_be_and_never_to_close_ups(
    drawn: Spy, shares: Callable[..., None], lent: int, close_up_share: float
) -> None:
    shares(lent=lent, laid_over=0)  # scenes behind close-ups do borrow
    draw(Sampler(SCENES, CLOSE_UPS, close_up_share, 0.5, 64))
    assert drawn.lent == []


@pytest.mark.parametrize("share", [0, 1])
def test_pictures_are_turned_to_either_side_as_often_as_set(
    drawn: Spy, shares: Callable[..., None], monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    shares(turned=share)
    monkeypatch.setattr(samples, "TURN_DEGREES", 10.0)
    draw(Sampler(SCENES, [], 0, 0, 64), times=40)
    assert len(drawn.turned) == 40 * share
    if share:
        assert abs(np.mean(drawn.turned)) < 5 < np.std(drawn.turned) < 15


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


def test_beside_a_lone_face_in_a_wide_photo_there_is_mostly_none(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (600, 600), [(290, 290, 310, 310)], (40.0, 60.0))
    empty = [
        not len(crop_around(sample, 0, 128, np.random.default_rng(seed), beside=True)[1])
        for seed in range(60)
    ]
    assert np.mean(empty) > 0.7
    assert not np.all(empty)


def test_faces_are_enlarged_little(tmp_path: Path) -> None:
    sample = painted(tmp_path / "a.png", (200, 200), [(90, 90, 110, 110)], (12.0, 180.0))
    sides = []
    for seed in range(60):
        _, boxes, _ = crop_around(sample, 0, 256, np.random.default_rng(seed))
        sides.append(float((boxes[0, 2:] - boxes[0, :2]).max()))
    assert 33 < max(sides) <= 35 * np.exp(0.08) + 0.1
    assert min(sides) < 16


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


def test_photos_without_any_face_are_refused_in_words() -> None:
    with pytest.raises(MasklensError, match="no face of at least 7 pixels"):
        Sampler([listed("scene", [])], [], 0.0, 0.5, 64)


@pytest.mark.parametrize("size", [64, 96, 128])
def test_pictures_of_every_size_allowed_are_drawn_the_same_by_seed(
    tmp_path: Path, size: int
) -> None:
    """Small ones too, for whose quarters close-up faces are meant to be larger."""
    scene = painted(tmp_path / "a.png", (200, 150), [(50, 40, 90, 80), (5, 5, 20, 22)], SCENE_SIDES)
    close_up = painted(tmp_path / "b.png", (80, 90), [(10, 10, 70, 80)], CLOSE_UP_SIDES)
    sampler = Sampler([scene], [close_up], 0.5, 0.0, size)
    pictures, faces = [], 0
    for seed in range(40):
        image, boxes, ignored = sampler.draw(np.random.default_rng(seed))
        assert image.shape == (size, size, 3)
        assert image.dtype == np.uint8
        faces += len(boxes)
        for regions in (boxes, ignored):
            assert regions.shape[1] == 4
            assert ((regions >= 0) & (regions <= size)).all()
        again = sampler.draw(np.random.default_rng(seed))
        for a, b in zip((image, boxes, ignored), again, strict=True):
            np.testing.assert_array_equal(a, b)
        pictures.append(image)
    assert len(np.unique(np.stack(pictures), axis=0)) == 40
    assert faces >= 40


# --- turning


@pytest.mark.parametrize("degrees", [-35.0, -8.0, 0.0, 20.0, 90.0])
def test_the_box_of_a_turned_face_fits_around_it(degrees: float) -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    cv2.ellipse(image, (70, 90), (20, 32), 0, 0, 360, RED, -1)
    box = np.array([[50, 58, 91, 123]], np.float32)
    turned, faces, ignored = turn((image, box, box + 20), degrees)
    np.testing.assert_allclose(faces[0], coloured_box(turned, RED), atol=1.2)
    if degrees == 0:
        np.testing.assert_array_equal(turned, image)
        np.testing.assert_allclose(ignored, box + 20, atol=1e-4)


def test_a_face_turned_out_of_the_picture_is_no_longer_asked_about() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    corner = np.array([[0, 0, 20, 20], [90, 90, 110, 110]], np.float32)
    _, faces, ignored = turn((image, corner, NONE), 45)
    assert len(faces) == 1 and np.allclose(faces[0], corner[1], atol=0.01)
    assert len(ignored) == 1
    assert ignored.min() >= 0
    assert ignored.max() <= 200
    _, faces, ignored = turn((image, NONE, NONE), 45)
    assert faces.shape == ignored.shape == (0, 4)
