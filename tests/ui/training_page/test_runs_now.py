"""Runs read once a second for all who look at them, and never older than the page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from training.background import control, jobs
from ui.training import runs_now
from ui.training.runs_now import RECENT_SECONDS, all_runs, recent_runs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Time of its own, in which nothing was read yet, and how often runs were read since."""
    clock = SimpleNamespace(seconds=0.0, reads=0, started=0)
    read = jobs.jobs

    def count() -> Any:
        clock.reads += 1
        return read()

    def start() -> None:
        clock.started += 1

    monkeypatch.setattr(runs_now, "time", SimpleNamespace(monotonic=lambda: clock.seconds))
    never = float("-inf")
    monkeypatch.setattr(runs_now, "_last", runs_now._Read(Path(), never, never, []))
    monkeypatch.setattr(jobs, "jobs", count)
    monkeypatch.setattr(control, "start_next", start)
    return clock


def test_those_who_wait_share_what_one_read(runs: Any, clock: SimpleNamespace) -> None:
    first = runs.make("Ben", "running")
    for _ in range(25):
        assert [run.id for run in recent_runs()] == [first]
    assert (clock.reads, clock.started) == (1, 1)
    second = runs.make("Ida", "queued")
    clock.seconds += RECENT_SECONDS
    assert [run.id for run in recent_runs()] == [second, first]
    assert (clock.reads, clock.started) == (2, 2)


def test_those_who_come_while_runs_are_read_wait_for_them(
    runs: Any, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading takes longer than what was read is of use for."""
    run_id, read, begun, go_on = runs.make("Ben", "running"), jobs.jobs, Event(), Event()

    def slowly() -> Any:
        begun.set()
        assert go_on.wait(60)
        clock.seconds += 2 * RECENT_SECONDS
        return read()

    monkeypatch.setattr(jobs, "jobs", slowly)
    with ThreadPoolExecutor(5) as pages:
        asked = [pages.submit(recent_runs)]
        assert begun.wait(60)
        asked += [pages.submit(recent_runs) for _ in range(4)]
        go_on.set()
        assert [[run.id for run in each.result(60)] for each in asked] == [[run_id]] * 5
    assert clock.reads == 1


def test_what_a_page_has_shown_is_never_taken_back(runs: Any, clock: SimpleNamespace) -> None:
    first = runs.make("Ben", "running")
    recent_runs()
    second = runs.make("Ida", "queued")
    clock.seconds += RECENT_SECONDS / 2
    assert [run.id for run in all_runs()] == [second, first]
    assert [run.id for run in recent_runs()] == [second, first]
    assert clock.reads == 2


def test_another_folder_has_runs_of_its_own(
    runs: Any, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs.make("Ben", "running")
    assert len(recent_runs()) == 1
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "others"))
    assert recent_runs() == []


def test_nothing_is_started_where_training_is_switched_off(
    runs: Any, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    all_runs()
    assert (clock.reads, clock.started) == (1, 0)
