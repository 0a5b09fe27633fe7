"""Reading what the process of a run may just be replacing."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskcore import files
from maskcore.files import write_json
from training.background import control, job_runner, jobs
from training.background.jobs import State
from training.config import TrainConfig
from training.job_files import read_values


def refuse(monkeypatch: pytest.MonkeyPatch, act: str, name: str, times: int) -> list[Path]:
    """Let an act on files of a name fail so often, as Windows does; each try is noted."""
    usual, asked = getattr(Path, act), []

    def refused(path: Path, *more: object, **options: object) -> object:
        if path.name == name:
            asked.append(path)
            if len(asked) <= times:
                raise PermissionError(13, "Access is denied")
        return usual(path, *more, **options)

    monkeypatch.setattr(Path, act, refused)
    return asked


@pytest.mark.parametrize(
    ("seconds", "times", "values"),
    [(20.0, 2, {"state": "finished"}), (0.0, 1, {}), (0.1, 1_000_000, {})],
)
def test_a_file_that_is_just_being_replaced_is_read_a_moment_later(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    times: int,
    values: dict[str, object],
) -> None:
    write_json(tmp_path / "outcome.json", {"state": "finished"})
    monkeypatch.setattr(files, "PATIENCE_SECONDS", seconds)
    refuse(monkeypatch, "read_bytes", "outcome.json", times)
    assert read_values(tmp_path / "outcome.json") == values


def test_a_file_that_is_not_there_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = refuse(monkeypatch, "read_bytes", "outcome.json", 0)
    assert read_values(tmp_path / "outcome.json") is None
    assert len(asked) == 1


def test_a_run_begins_although_a_page_reads_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(control, "start_next", lambda: None)
    (tmp_path / "photos").mkdir()
    job = control.submit(TrainConfig(str(tmp_path / "photos")))
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = refuse(monkeypatch, "unlink", "queued.json", 2)
    assert job_runner._claim(job.folder)
    assert len(asked) == 3
    assert jobs.state_of(job.folder) == State.RUNNING
