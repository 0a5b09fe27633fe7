from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.errors import MasklensError
from training.scene_parts import scenes_of_parts
from training.scenes import Scene, SceneFace, split_scenes


@pytest.fixture
def scenes(tmp_path: Path) -> list[Scene]:
    made = []
    for number in range(40):
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


def test_what_was_learned_from_does_not_validate(scenes: list[Scene]) -> None:
    cards = [detector(folds=1), classifier()]
    with pytest.raises(MasklensError, match="fcos learned from the validation part"):
        scenes_of_parts(scenes, ["validation"], cards)
    assert scenes_of_parts(scenes, ["test"], cards) == split_scenes(scenes)["test"]
