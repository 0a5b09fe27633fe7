from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.types import NotSure
from training.background import challenge as module
from training.background.challenge import (
    ALIKE,
    RECORDED,
    SEEN,
    SEEN_BY_BOTH,
    SEEN_BY_NEW,
    challenge,
)
from training.classifier.parts import Photos


class Judge:
    """Reads its answers off the photos: the red pixel for one model, the green for the other."""

    threshold = 0.5

    def __init__(self, model: Any) -> None:
        self.name, self.card = model.name, model.card
        from maskcore.network_input import InputSpec

        self.input_spec = InputSpec.from_card(model.card)
        self.not_sure = NotSure.from_card(model.card)
        self._channel = 0 if model.name == "new" else 1

    def classify_inputs(self, inputs: np.ndarray) -> np.ndarray:
        return (inputs[:, 0, 0, self._channel] + 1) / 2


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(module, "LiteRtClassifier", Judge)
    monkeypatch.setattr(Judge, "load", lambda name: Judge(module_load(name)), raising=False)
    return tmp_path / "models"


def module_load(name: str) -> Any:
    from maskcore.models import load_model

    return load_model(name)


def put(folder: Path, name: str, **more: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(b"x")
    card = {
        "name": name,
        "kind": "classifier",
        "input": {"size": 4},
        "sha256": hashlib.sha256(b"x").hexdigest(),
        "config": {"data": "photos"},
        **more,
    }
    (folder / "card.json").write_text(json.dumps(card))


def photos(root: Path, new: list[bool], old: list[bool]) -> tuple[str, ...]:
    """Photos without and with a mask in turn, on which the models are right or not."""
    paths = []
    for i, (a, b) in enumerate(zip(new, old, strict=True)):
        pixels = np.zeros((4, 4, 3), np.uint8)
        pixels[..., :2] = 255 * (i % 2 == a), 255 * (i % 2 == b)
        path = root / ("without_mask", "with_mask")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        paths.append(path.relative_to(root).as_posix())
    return tuple(paths)


def compare(tmp_path: Path, new: list[bool], old: list[bool], **card: Any) -> Any:
    put(tmp_path / "run", "run", **card)
    paths = photos(tmp_path / "photos", new, old)
    parts = {"validation": paths[:4], "test": paths[4:]}
    root = tmp_path / "photos"
    return challenge(
        tmp_path / "run", "mobilenet_v2", {part: Photos(root, p) for part, p in parts.items()}
    )


def test_a_better_model_is_called_better(models: Path, tmp_path: Path) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2", title="Old one")
    right = compare(tmp_path, [True] * 3 + [False] + [True] * 9 + [False], [False] * 8 + [True] * 6)
    assert right.verdict == "no real difference"  # 4 against 1 proves nothing
    result = compare(tmp_path, [True] * 14, [True] * 4 + [False] * 7 + [True] * 3)
    assert result.verdict == "better"
    assert (result.installed_name, result.installed_title) == ("mobilenet_v2", "Old one")
    assert result.sentence == (
        "The new model is better. The new one got 10 of 10 test photos right."
        " The installed one got 3 right."
    )
    validation, test = result.parts
    assert (validation.part, test.part) == ("validation", "test")
    assert (test.installed.right, test.installed.count) == (3, 10)
    assert test.installed.accuracy == 0.3
    low, high = test.installed.interval
    assert 0.1 < low < 0.3 < high < 0.61


def test_a_worse_model_is_called_worse(models: Path, tmp_path: Path) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2")
    result = compare(tmp_path, [True] * 4 + [False] * 9 + [True], [True] * 14)
    assert result.verdict == "worse"
    assert result.sentence.startswith("The new model is worse.")


def test_the_verdict_names_the_model_that_was_compared(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", title="Former")
    judge = Judge.classify_inputs

    def meanwhile(self: Any, inputs: np.ndarray) -> np.ndarray:
        put(models / "mobilenet_v2", "mobilenet_v2", title="Other", sha256="other")
        return judge(self, inputs)

    monkeypatch.setattr(Judge, "classify_inputs", meanwhile)
    result = compare(tmp_path, [True] * 8, [True] * 8)
    assert result.installed_title == "Former"
    assert result.installed_sha256 == hashlib.sha256(b"x").hexdigest()


def test_without_an_installed_model_there_is_nothing_to_beat(models: Path, tmp_path: Path) -> None:
    result = compare(tmp_path, [True] * 13 + [False], [True] * 14)
    assert result.verdict == "no model to compare with"
    assert "9 of 10" in result.sentence
    assert result.parts[1].installed is None


def test_the_rival_is_of_the_same_architecture_where_there_is_one(
    models: Path, tmp_path: Path
) -> None:
    put(models / "another", "another", architecture="inception_v3")
    assert compare(tmp_path, [True] * 14, [True] * 14).installed_name == "another"
    put(models / "mine", "mine", architecture="mobilenet_v2")
    assert compare(tmp_path, [True] * 14, [True] * 14).installed_name == "mine"
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2")
    assert compare(tmp_path, [True] * 14, [True] * 14).installed_name == "mobilenet_v2"
    (models / "mobilenet_v2" / "model.tflite").write_bytes(b"damaged")
    assert compare(tmp_path, [True] * 14, [True] * 14).installed_name == "mine"


def test_what_to_bear_in_mind_is_said(models: Path, tmp_path: Path) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2")
    same = [True] * 14
    assert compare(tmp_path, same, same).caution == SEEN
    recorded = {"config": {"data": "photos", "split_by": "time"}}
    assert compare(tmp_path, same, same, **recorded).caution == f"{RECORDED} {SEEN}"
    elsewhere = {"config": {"data": "recording", "split_by": "time"}}
    assert compare(tmp_path, same, same, **elsewhere).caution == RECORDED
    known = [{"path": path} for path in photos(tmp_path / "photos", same, same)]
    report = {"parts": {"test": {"photos": known}}}
    (models / "mobilenet_v2" / "report.json").write_text(json.dumps(report))
    assert compare(tmp_path, same, same).caution == ""
    assert compare(tmp_path, same, same, config={"data": "others"}).caution == SEEN
    report["parts"]["test"]["photos"] = known[:13]
    (models / "mobilenet_v2" / "report.json").write_text(json.dumps(report))
    assert compare(tmp_path, same, same).caution == SEEN
    assert compare(tmp_path, same, same, **recorded).caution == f"{RECORDED} {SEEN}"


def test_what_the_starting_weights_may_have_seen_is_said(models: Path, tmp_path: Path) -> None:
    same = [True] * 14
    known = [{"path": path} for path in photos(tmp_path / "photos", same, same)]
    begun = {"data": "photos", "backbone_weights": "installed"}
    mine = models / "mobilenet_v2"
    put(mine, "mobilenet_v2", architecture="mobilenet_v2")
    assert compare(tmp_path, same, same, config=begun).caution == SEEN_BY_BOTH
    # The installed model has kept the same photos for testing; what came before it may not have.
    (mine / "report.json").write_text(json.dumps({"parts": {"test": {"photos": known}}}))
    assert compare(tmp_path, same, same, config=begun).caution == SEEN_BY_NEW
    put(mine, "mobilenet_v2", architecture="mobilenet_v2", config=begun)
    assert compare(tmp_path, same, same, config=begun).caution == SEEN_BY_BOTH
    assert compare(tmp_path, same, same).caution == SEEN
    # A recording is new to all of them.
    elsewhere = {**begun, "data": "recording", "split_by": "time"}
    assert compare(tmp_path, same, same, config=elsewhere).caution == RECORDED


@pytest.mark.parametrize(("doubted", "said"), [(5, False), (6, True)])
def test_a_model_that_dares_to_call_far_fewer_photos_is_told_from_one_that_is_as_good(
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    doubted: int,
    said: bool,
) -> None:
    judge = Judge.classify_inputs

    def doubting(self: Any, inputs: np.ndarray) -> np.ndarray:
        answers = judge(self, inputs)
        if self.name == "new":  # log odds of 1.04 and 1.05 on either side of the margin
            answers = np.where(answers > 0.5, 0.739, 0.261)
            answers[doubted:] = np.where(answers[doubted:] > 0.5, 0.741, 0.259)
        return answers

    monkeypatch.setattr(Judge, "classify_inputs", doubting)
    rule = {"not_sure": {"margin": 1.045, "smallest_side": 30, "least_sharpness": 9}}
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2", **rule)
    result = compare(tmp_path, [True] * 14, [True] * 14, **rule)
    assert result.verdict == "no real difference"
    assert [part.run.not_sure for part in result.parts] == [4, doubted]
    assert [part.installed.not_sure for part in result.parts] == [0, 0]
    caution = "The new model leaves 6 of the 10 test photos at Not sure on Photos and Live, the"
    assert result.caution == (f"{caution} installed one 0. {SEEN}" if said else SEEN)


@pytest.mark.parametrize(("count", "said"), [(5, "cannot show any"), (24, "large"), (100, "")])
def test_where_no_difference_shows_it_is_said_what_it_would_have_taken(
    models: Path, tmp_path: Path, count: int, said: str
) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2")
    right = [True] * (4 + count)
    sentence = compare(tmp_path, right, [*right[:-1], False]).sentence
    assert sentence.startswith(f"No difference could be shown with {count} test photos.")
    assert f"The installed one got {count - 1} right." in sentence
    assert said in sentence
    assert ("at least 6" in sentence) is bool(said)


@pytest.mark.parametrize("rivals", [0, 1])
def test_a_model_that_answers_the_same_to_every_photo_is_said_to_have_learned_nothing(
    models: Path, tmp_path: Path, rivals: int
) -> None:
    if rivals:
        put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2")
    always_mask = [bool(i % 2) for i in range(14)]
    sentence = compare(tmp_path, always_mask, always_mask).sentence
    assert sentence.startswith(f"{ALIKE} The new one got 5 of 10 test photos right.")
    assert ("The installed one got 5 right." in sentence) is bool(rivals)
    assert "No difference" not in sentence
    always_mask[-2] = True  # one answer of its own
    assert ALIKE not in compare(tmp_path, always_mask, always_mask).sentence


def test_each_model_sees_the_photos_in_its_own_size(models: Path, tmp_path: Path) -> None:
    put(models / "mobilenet_v2", "mobilenet_v2", architecture="mobilenet_v2", input={"size": 8})
    assert compare(tmp_path, [True] * 14, [True] * 14).parts[1].installed.right == 10
