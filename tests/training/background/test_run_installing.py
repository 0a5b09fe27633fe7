"""Installing runs from the page; versions are tested with ``training.installing``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.models import load_model
from tests.full_disk import full_disk
from training.background import control, job_process, jobs
from training.background.jobs import State
from training.background.run_installing import install
from training.config import TrainConfig
from training.installing import versions

FITTED, PACKED = "2026-01-01T00:00:00+00:00", "2026-03-01T12:00:00+00:00"


@pytest.fixture(autouse=True)
def models(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models; no process works on a run."""
    monkeypatch.setattr(job_process, "launch", lambda folder: None)
    return tmp_path / "models"


def finished_run(config: TrainConfig, name: str, packed: str = PACKED) -> str:
    """A run of a model that consists of its name."""
    job = control.submit(config, name)
    (job.folder / "queued.json").unlink(missing_ok=True)
    write_json(job.folder / "outcome.json", {"state": State.FINISHED})
    (job.folder / "model.tflite").write_bytes(name.encode())
    card: dict[str, Any] = {
        "kind": "classifier",
        "name": "elsewhere",
        "data": "our own photos",
        "not_sure": {"margin": 1.0354, "smallest_side": 8.0},
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "made_by": {"fit": {"created": FITTED}, "install": {"created": packed}},
    }
    write_json(job.folder / "card.json", card)
    write_json(job.folder / "report.json", {"parts": {}})
    return job.id


def listed() -> list[tuple[str, bool]]:
    return [(version.title, version.current) for version in versions.versions("net")]


def test_a_model_names_the_command_that_installs_it_under_its_own_name(
    config: TrainConfig,
) -> None:
    run_id = finished_run(config, "one")
    install(run_id, "net")
    install(run_id, "other")
    for name in ("net", "other"):
        card = load_model(name).card
        made_by = card["made_by"]
        assert card["name"] == name
        assert made_by["fit"] == {"created": FITTED}
        assert made_by["install"] == {
            "created": PACKED,
            "command": f"python -m training install runs/{run_id} --name {name}"
            " --data-licence 'our own photos' --not-sure-margin 1.0354 --not-sure-side 8",
        }


def test_the_same_model_is_listed_once_under_its_latest_name(
    config: TrainConfig,
) -> None:
    first = finished_run(config, "first")
    install(first, "net")
    install(finished_run(config, "second", "2026-03-02T12:00:00+00:00"), "net")
    control.rename(first, "renamed")
    for _ in range(2):
        install(first, "net")
        assert listed() == [("second", False), ("renamed", True)]


@pytest.mark.parametrize("state", [State.FAILED, State.INTERRUPTED, None])
def test_only_finished_runs_are_installed(
    config: TrainConfig, models: Path, state: State | None
) -> None:
    run = finished_run(config, "x")
    outcome = jobs.job(run).folder / "outcome.json"
    outcome.unlink() if state is None else write_json(outcome, {"state": state})
    with pytest.raises(MasklensError, match="has finished"):
        install(run, "net")
    assert not models.exists()


@pytest.mark.parametrize("name", ["card.json", "report.json", "model.tflite"])
@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_bytes(b"of another")], ids=["gone", "damaged"]
)
def test_a_run_without_all_its_files_is_not_installed(
    config: TrainConfig, models: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    install(finished_run(config, "old"), "net")
    run = finished_run(config, "new")
    spoil(jobs.job(run).folder / name)
    with pytest.raises(MasklensError):
        install(run, "net")
    assert load_model("net").content == b"old"
    assert listed() == [("old", True)]


def test_a_full_disk_leaves_the_installed_model(
    config: TrainConfig, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(finished_run(config, "old"), "net")
    run = finished_run(config, "new")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(MasklensError, match="the one in use stays"):
        install(run, "net")
    assert load_model("net").content == b"old"
    assert listed() == [("old", True)]
    assert {path.name for path in models.iterdir()} == {"net", ".versions"}


@pytest.mark.parametrize("name", ["fcos", "scenes"])
def test_what_is_no_mask_model_is_not_replaced(
    config: TrainConfig, models: Path, name: str
) -> None:
    (models / name).mkdir(parents=True)
    if name == "fcos":
        write_json(models / name / "card.json", {"kind": "detector"})
        (models / name / "model.tflite").write_bytes(b"finder")
    before = sorted((models / name).iterdir())
    with pytest.raises(MasklensError, match="Choose another name"):
        install(finished_run(config, "new"), name)
    assert sorted((models / name).iterdir()) == before
    assert [path.name for path in models.iterdir()] == [name]
