"""Reading what the process of a run may just be replacing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maskcore import files
from maskcore.files import write_json
from training.job_files import read_values

Refuse = Callable[[str, str, int], list[Path]]


@pytest.mark.parametrize(
    ("seconds", "times", "values"),
    [(20.0, 2, {"state": "finished"}), (0.0, 1, {}), (0.1, 1_000_000, {})],
)
def test_a_file_that_is_just_being_replaced_is_read_a_moment_later(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refuse: Refuse,
    seconds: float,
    times: int,
    values: dict[str, object],
) -> None:
    write_json(tmp_path / "outcome.json", {"state": "finished"})
    monkeypatch.setattr(files, "PATIENCE_SECONDS", seconds)
    refuse("read_bytes", "outcome.json", times)
    assert read_values(tmp_path / "outcome.json") == values


def test_a_file_that_is_not_there_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuse: Refuse
) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = refuse("read_bytes", "outcome.json", 0)
    assert read_values(tmp_path / "outcome.json") is None
    assert len(asked) == 1
