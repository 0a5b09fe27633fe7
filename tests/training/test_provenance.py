"""Tests of training.provenance."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from training.provenance import (
    began_with_a_model,
    load_provenance,
    note_backend,
    provenance,
    save_provenance,
)


@pytest.mark.parametrize(
    ("card", "began"),
    [
        ({}, False),
        ({"config": []}, False),
        ({"config": {"backbone_weights": "imagenet"}}, False),
        ({"config": {"backbone_weights": "../weights/installed.weights.h5"}}, False),
        ({"config": {"backbone_weights": "installed"}}, True),
    ],
)
def test_it_is_known_with_which_weights_a_model_began(card: dict[str, Any], began: bool) -> None:
    assert began_with_a_model(card) is began


def test_a_run_says_which_backends_fitted_it(tmp_path: Path) -> None:
    save_provenance(tmp_path, "fit --out a")
    before = load_provenance(tmp_path)
    for backend in ("jax", "tensorflow", "jax"):  # interrupted twice, and gone on with
        note_backend(tmp_path, backend)
    assert load_provenance(tmp_path) == {**before, "backends": ["jax", "tensorflow"]}


def test_where_a_run_came_from_is_not_needed_to_go_on(tmp_path: Path) -> None:
    note_backend(tmp_path, "jax")
    assert not [*tmp_path.iterdir()]


def repository(root: Path) -> str:
    """Make a repository of one commit; returns its id."""
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True)
    return head.stdout.decode().strip()


def test_the_commit_is_that_of_this_checkout_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "masklens"
    (project / "training").mkdir(parents=True)
    monkeypatch.setattr("training.provenance.__file__", str(project / "training" / "provenance.py"))
    repository(tmp_path)
    assert provenance("fit")["commit"] is None  # a ZIP, unpacked within another repository
    commit = repository(project)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(project))
    assert provenance("fit")["commit"] == commit
