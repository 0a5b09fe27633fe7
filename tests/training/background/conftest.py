from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.training.background.processes import SLEEP, end_process
from training.background import job_process
from training.background.jobs import Job, State
from training.config import TrainConfig


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs, and one of models beside it; no process of a run outlives the test."""
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    yield tmp_path / "runs"
    for child in psutil.Process().children(recursive=True):
        child.kill()
    for path in (tmp_path / "runs").glob("*/process.json"):  # started by another run
        end_process(path.parent)


@pytest.fixture
def sleeper(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that only sleeps takes the place of training."""

    def launch(folder: Path) -> None:
        process = subprocess.Popen([sys.executable, "-c", SLEEP])
        job_process.record(folder, process.pid)

    monkeypatch.setattr(job_process, "launch", launch)


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    (tmp_path / "photos").mkdir()
    return TrainConfig(str(tmp_path / "photos"))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A run that goes on, without any file yet."""
    config = TrainConfig("photos", epochs=2, fine_tune_epochs=1, augmented_views=1)
    return Job("id", "name", 0.0, State.RUNNING, None, config, tmp_path, "", False, False, "photos")
