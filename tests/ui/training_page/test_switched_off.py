from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.pages import labels, texts
from tests.ui.training_page.page import OpenPage, compared
from training.background import jobs
from training.job_files import PROCESS_FILE


@pytest.mark.parametrize("setting", ["off", "OFF "])
def test_switched_off_the_page_only_shows(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", setting)
    page = open_training()
    assert "Training is switched off on this server" in page.info[0].value
    assert "No runs yet" in texts(page)
    runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    runs.make("Ida", "interrupted", epochs_done=1)
    runs.make("Eve", "running", epochs_done=1)
    page = open_training()
    for run in jobs.jobs():
        page.button(key=f"show-{run.id}").click().run()
        assert page.header[0].value == run.name
        assert all((b.key or "").startswith("show-") for b in page.button)
        assert not page.text_input
    assert len(page.table) == 1  # figures are still shown


def test_switched_off_a_visit_starts_no_run_that_waits(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = runs.make("Eve", "queued")
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    page = open_training()
    page.run()
    assert jobs.job(run_id).state == jobs.State.QUEUED
    assert "It begins once training is switched on again." in texts(page)
    monkeypatch.delenv("MASKLENS_TRAINING")
    open_training()
    assert (runs.root / run_id / PROCESS_FILE).is_file()


def test_switched_off_the_line_goes_on_behind_a_run_that_is_on(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process starts the next one."""
    runs.make("Eve", "running", epochs_done=1)
    waiting = runs.make("Ida", "queued")
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    page = open_training()
    page.button(key=f"show-{waiting}").click().run()
    assert "It begins by itself, also when you close this page." in texts(page)


@pytest.mark.parametrize("setting", ["off", ""])
def test_switched_off_no_face_finder_is_fetched(
    open_page: OpenPage, fake_models: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", setting)
    page = open_page()
    page.selectbox(key="detector").select("yunet").run()
    assert not page.exception
    assert ("Fetch YuNet now" in labels(page)) == (not setting)
    assert ("python -m maskcore fetch yunet" in page.info[0].value) == bool(setting)
