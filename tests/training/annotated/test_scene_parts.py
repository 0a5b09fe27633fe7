from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.types import ImageRgb
from training.annotated.scene_parts import (
    TEST_SCENES,
    all_folds,
    kept_for_card,
    scenes_of_parts,
    split_scenes,
)
from training.annotated.scenes import Scene, SceneFace


def many_scenes(root: Path, make_photo: Callable[..., ImageRgb]) -> list[Scene]:
    """A hundred, every fifth with a bare face, and two copies of the scene 004."""
    pictures = {f"{number:03d}": make_photo(number, size_wh=(48, 40)) for number in range(100)}
    pictures["copy"], pictures["mirrored"] = pictures["004"], pictures["004"][:, ::-1]
    scenes = []
    for name, picture in pictures.items():
        path = root / f"{name}.png"
        Image.fromarray(picture).save(path)
        labels = [int(int(name) % 5 > 0), 1] if name.isdigit() else []
        scenes.append(Scene(path, tuple(SceneFace((1, 1, 20, 20), label) for label in labels)))
    return scenes


def test_parts_are_disjoint_complete_and_always_the_same(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts = split_scenes(scenes)
    assert list(parts) == ["train", "validation", "test"]
    names = {part: [scene.image_path.stem for scene in parts[part]] for part in parts}
    assert sorted(sum(names.values(), [])) == [scene.image_path.stem for scene in scenes]
    assert len(names["validation"]) == pytest.approx(10, abs=3)
    assert len(names["test"]) == pytest.approx(10, abs=3)
    alike = [part for part in names for name in ("004", "copy", "mirrored") if name in names[part]]
    assert len(set(alike)) == 1
    for part in ("validation", "test"):  # a fifth of the scenes has a bare face, here too
        bare = sum(any(face.label == 0 for face in scene.faces) for scene in parts[part])
        assert bare == pytest.approx(2, abs=1)
    assert split_scenes(many_scenes(tmp_path, make_photo)) == parts
    assert split_scenes(scenes, seed=1)["test"] != parts["test"]


def test_folds_leave_the_test_part_alone_and_each_scene_validates_once(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts = split_scenes(scenes)
    kept = {scene.image_path.stem for scene in parts["train"] + parts["validation"]}
    validated: list[str] = []
    folds = all_folds(scenes, 4)
    assert len(folds) == 4 and all_folds(scenes, 4) == folds
    for divided in folds:
        assert divided["test"] == parts["test"]
        train, held_back = (
            {scene.image_path.stem for scene in divided[part]} for part in ("train", "validation")
        )
        assert train | held_back == kept
        assert not train & held_back
        bare = sum(int(name) % 5 == 0 for name in held_back if name.isdigit())
        assert bare == pytest.approx(len(held_back) / 5, abs=1.5)
        assert len(held_back & {"004", "copy", "mirrored"}) in (
            0,
            len(kept & {"004", "copy", "mirrored"}),
        )
        validated += held_back
    assert sorted(validated) == sorted(kept)


def test_one_fold_trains_on_all_that_is_not_for_testing(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts, (divided,) = split_scenes(scenes), all_folds(scenes, 1)
    assert divided["test"] == parts["test"]
    assert divided["train"] == divided["validation"] == parts["train"] + parts["validation"]


# --- those that models may be asked about


@pytest.fixture
def scenes(tmp_path: Path) -> list[Scene]:
    made = []
    for number in range(50):
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
        path = tmp_path / f"{number:02d}.png"
        Image.fromarray(pixels).resize((64, 64)).save(path)
        made.append(Scene(path, (SceneFace((8, 8, 40, 40), number % 2),)))
    return made


def classifier(seed: int = 0, folds: int = 0, scenes: str = "scenes") -> dict[str, Any]:
    config = {"seed": seed, "folds": folds, "scenes": scenes}
    return {"name": "model", "kind": "classifier", "config": config}


def detector(seed: int = 0, folds: int = 0) -> dict[str, Any]:
    return {"name": "fcos", "kind": "detector", "config": {"seed": seed, "folds": folds}}


@pytest.mark.parametrize(
    ("cards", "seed"),
    [
        ([], 0),
        ([classifier()], 0),
        ([classifier(7)], 7),
        ([detector(7), classifier(7)], 7),
        # One that never saw a scene may be asked about any of them.
        ([detector(7), classifier(3, scenes="")], 7),
        ([{"name": "older", "kind": "classifier"}, detector(7)], 7),
    ],
)
def test_scenes_are_divided_as_the_models_divided_them(
    scenes: list[Scene], cards: list[dict[str, Any]], seed: int
) -> None:
    divided = split_scenes(scenes, seed)
    assert scenes_of_parts(scenes, ["test"], cards) == divided["test"]
    both = scenes_of_parts(scenes, ["validation", "test"], cards)
    assert both == divided["validation"] + divided["test"]


def test_different_seeds_are_refused(scenes: list[Scene]) -> None:
    with pytest.raises(MasklensError, match="different seeds, 0 and 7"):
        scenes_of_parts(scenes, ["test"], [detector(7), classifier(0)])


@pytest.mark.parametrize("folds", [1, 4])
def test_what_was_learned_from_does_not_validate(scenes: list[Scene], folds: int) -> None:
    cards = [detector(folds=folds), classifier()]
    with pytest.raises(MasklensError, match="fcos learned from the validation part"):
        scenes_of_parts(scenes, ["validation"], cards)
    assert scenes_of_parts(scenes, ["test"], cards) == split_scenes(scenes)["test"]


def with_kept(card: dict[str, Any], scenes: list[Scene]) -> dict[str, Any]:
    return card | {TEST_SCENES: [scene.image_path.name for scene in scenes]}


@pytest.mark.parametrize("gone", ["train", "validation", "test"])
def test_scenes_that_came_or_went_are_not_dealt_out_anew(scenes: list[Scene], gone: str) -> None:
    """What a model learned from would be in the test part."""
    divided = split_scenes(scenes)
    cards = [classifier(), with_kept(detector(), divided["test"])]
    assert scenes_of_parts(scenes, ["test"], cards) == divided["test"]
    fewer = [scene for scene in scenes if scene not in divided[gone][:2]]
    with pytest.raises(MasklensError, match="fcos was trained when these scenes were others"):
        scenes_of_parts(fewer, ["test"], cards)


def test_models_may_be_asked_about_other_scenes(scenes: list[Scene]) -> None:
    elsewhere = [Scene(Path("elsewhere.png"), ())]
    cards = [with_kept(detector(7), elsewhere)]
    assert scenes_of_parts(scenes, ["test"], cards) == split_scenes(scenes, 7)["test"]


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"scenes": {"train": ["a.png"], "test": ["b.png", "c.png"]}}, ["b.png", "c.png"]),
        ({"parts": {}}, None),
        ({"scenes": {}}, None),
        (None, None),
    ],
)
def test_cards_tell_which_scenes_were_kept(tmp_path: Path, data: Any, kept: Any) -> None:
    if data:
        write_json(tmp_path / "data.json", data)
    assert kept_for_card(tmp_path) == ({TEST_SCENES: kept} if kept else {})
