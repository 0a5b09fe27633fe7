from __future__ import annotations

from typing import Any

import pytest

from tests.ui.pages import texts
from tests.ui.training_page.page import OpenPage, compared
from training.background import jobs


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
        assert page.subheader[0].value == run.name
        assert all((b.key or "").startswith("show-") for b in page.button)
        assert not page.text_input
    assert len(page.table) == 1  # figures are still shown
