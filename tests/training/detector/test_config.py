from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from training.detector.config import DetectorConfig


@pytest.mark.parametrize(
    ("name", "low", "high", "below", "above"),
    [
        ("image_size", 64, 1024, 32, 1056),
        ("batch_size", 1, 256, 0, 257),
        ("steps", 1, 1_000_000, 0, 1_000_001),
        ("steps_per_epoch", 1, 100_000, 0, 100_001),
        ("learning_rate", 1e-8, 1, 0, 1.01),
        ("close_up_share", 0, 1, -0.01, 1.01),
        ("bare_share", 0, 1, -0.01, 1.01),
        ("backbone_rate", 0, 1, -0.01, 1.01),
        ("weight_decay", 0, 1, -0.01, 1.01),
        ("folds", 0, 20, -1, 21),
        ("seed", 0, 2**32 - 1, -1, 2**32),
    ],
)
def test_values_out_of_range_are_refused_with_what_was_required(
    name: str, low: float, high: float, below: float, above: float
) -> None:
    # Steps come in whole stretches: one step is its own, and so is the largest stretch.
    stretch = {"steps": {"steps_per_epoch": 1}, "steps_per_epoch": {"steps": 100_000}}
    for value in (low, high):
        config = DetectorConfig("scenes", **{name: value}, **stretch.get(name, {}))
        assert getattr(config, name) == value
    for value in (below, above):
        with pytest.raises(ValueError) as caught:
            DetectorConfig("scenes", **{name: value})
        assert str(caught.value) == f"{name} must be in {low}..{high}, got {value}"


@pytest.mark.parametrize("size", [65, 80, 100, 250])
def test_image_size_is_a_multiple_of_32(size: int) -> None:
    with pytest.raises(ValueError, match=f"image_size must be a multiple of 32, got {size}"):
        DetectorConfig("scenes", image_size=size)


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_the_fold_that_validates_is_one_of_them(folds: int) -> None:
    last = max(0, folds - 1)
    assert DetectorConfig("scenes", folds=folds, fold=last).fold == last
    with pytest.raises(ValueError, match=f"fold must be in 0..{last}, got {last + 1}"):
        DetectorConfig("scenes", folds=folds, fold=last + 1)


@pytest.mark.parametrize("given", [{"close_ups": "masks"}, {"close_up_boxes": "boxes.json"}])
def test_close_ups_and_their_boxes_are_given_together(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="give both or neither"):
        DetectorConfig("scenes", **given)
    DetectorConfig("scenes", close_ups="masks", close_up_boxes="boxes.json")


@pytest.mark.parametrize(
    ("steps", "steps_per_epoch", "epochs"),
    [(3000, 100, 30), (100, 100, 1), (3, 1, 3)],
)
def test_steps_make_epochs(steps: int, steps_per_epoch: int, epochs: int) -> None:
    config = DetectorConfig("scenes", steps=steps, steps_per_epoch=steps_per_epoch)
    assert config.epochs == epochs


@pytest.mark.parametrize("steps", [1, 99, 199])
def test_steps_that_fill_no_whole_stretch_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match=rf"multiple of steps_per_epoch \(100\), got {steps}"):
        DetectorConfig("scenes", steps=steps, steps_per_epoch=100)


def test_unknown_settings_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown settings: anchors, dropout"):
        DetectorConfig.from_dict({"data": "scenes", "dropout": 0.5, "anchors": 9})


def test_saved_settings_are_read_back(tmp_path: Path) -> None:
    config = DetectorConfig("scenes", image_size=96, bare_share=0.25, seed=7)
    config.save(tmp_path)
    assert DetectorConfig.load(tmp_path) == config


def test_a_run_with_a_setting_that_is_gone_is_still_one(tmp_path: Path) -> None:
    values = {"data": "scenes", "close_ups": "a", "close_up_boxes": "b", "start_from": "runs/a"}
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert DetectorConfig.load(tmp_path) == DetectorConfig(
        "scenes", close_ups="a", close_up_boxes="b"
    )


@pytest.mark.parametrize("values", [{"data": "photos", "architecture": "mobilenet_v2"}, [], None])
def test_another_kind_of_run_is_refused(tmp_path: Path, values: Any) -> None:
    """That of a classifier, say."""
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(MasklensError, match="is not the folder of such a training run"):
        DetectorConfig.load(tmp_path)
