from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore.errors import MasklensError
from tests.training.detector.painted_faces import NONE, painted
from training.annotated.scenes import Scene, SceneFace
from training.detector import samples
from training.detector.crops import Sample
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
