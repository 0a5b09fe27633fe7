"""Tests of training.provenance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from training.config import TrainConfig
from training.provenance import (
    began_with_a_model,
    fit_provenance,
    load_provenance,
    note_backend,
    save_provenance,
)


def test_a_card_says_how_all_the_runs_gone_on_from_were_made(tmp_path: Path) -> None:
    former = ""
    for name in ("first", "second", "third"):
        config = TrainConfig(data="d", fine_tune_epochs=1, start_from=former)
        (tmp_path / name).mkdir()
        save_provenance(tmp_path / name, f"fit --out {name}")
        config.save(tmp_path / name)
        former = str(tmp_path / name)
    made_by = fit_provenance(tmp_path / "third", config)
    assert made_by["fit"]["command"] == "fit --out third"
    assert [run["command"] for run in made_by["starts"]] == ["fit --out first", "fit --out second"]
    assert [*fit_provenance(tmp_path / "first", TrainConfig.load(tmp_path / "first"))] == ["fit"]


GONE_ON = {"start_from": "a", "backbone_weights": "imagenet"}
FIRST_RUN = {"command": "python -m training fit --data=d"}
SO_BEGUN = {"command": "python -m training fit --data d --backbone-weights installed"}


@pytest.mark.parametrize(
    ("card", "began"),
    [
        ({}, False),
        ({"config": []}, False),
        ({"config": {"backbone_weights": "imagenet", "start_from": ""}}, False),
        ({"config": {"backbone_weights": "../weights/installed.weights.h5"}}, False),
        ({"config": {"backbone_weights": "installed"}}, True),
        # A former run has the same test photos; what counts is how the first one began.
        ({"config": GONE_ON, "made_by": {"starts": [FIRST_RUN]}}, False),
        ({"config": GONE_ON, "made_by": {"starts": [SO_BEGUN, FIRST_RUN]}}, True),
        ({"config": GONE_ON, "made_by": {"starts": [{"command": "fit --start-from gone"}]}}, True),
        ({"config": GONE_ON, "made_by": {"starts": [{"command": "fit --start gone"}]}}, True),
        ({"config": GONE_ON, "made_by": {"starts": [{"command": "fit --back installed"}]}}, True),
        ({"config": GONE_ON, "made_by": {"starts": [{"command": "fit --steps 9"}]}}, False),
        ({"config": GONE_ON, "made_by": {"starts": [{}]}}, True),
        ({"config": GONE_ON, "made_by": {"starts": []}}, True),
        ({"config": GONE_ON}, True),
    ],
)
def test_it_is_known_with_which_weights_a_model_began(card: dict[str, Any], began: bool) -> None:
    assert began_with_a_model(card) is began


def test_a_card_says_which_backends_fitted_the_model(tmp_path: Path) -> None:
    save_provenance(tmp_path, "fit --out a")
    before = load_provenance(tmp_path)
    for backend in ("jax", "tensorflow", "jax"):  # interrupted twice, and gone on with
        note_backend(tmp_path, backend)
    made_by = fit_provenance(tmp_path, TrainConfig(data="d"))
    assert made_by == {"fit": {**before, "backends": ["jax", "tensorflow"]}}


def test_where_a_run_came_from_is_not_needed_to_go_on(tmp_path: Path) -> None:
    note_backend(tmp_path, "jax")
    assert not [*tmp_path.iterdir()]
