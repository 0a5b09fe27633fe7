"""A run's model tried on a photo before it is installed, with the shipped models."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskcore.files import write_json
from maskcore.models import CARD_FILE, MODEL_FILE
from tests.ui.pages import texts
from tests.ui.training_page.page import OpenPage, compared, see_runs
from ui.photos.sample import sample_photo

SHIPPED = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture
def run_id(runs: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run whose model is the shipped one, but wants to be surer of a mask than one can be."""
    monkeypatch.setenv("MASKLENS_MODELS", str(SHIPPED))
    run_id: str = runs.make("Ben", "finished", epochs_done=3, comparison=compared("better"))
    shipped, folder = SHIPPED / "mobilenet_v2", runs.root / run_id
    content = (shipped / MODEL_FILE).read_bytes() + b"another file"
    (folder / MODEL_FILE).write_bytes(content)
    card = json.loads((shipped / CARD_FILE).read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(content).hexdigest()
    write_json(folder / CARD_FILE, {**card, "threshold": 1.0, "sha256": sha256})
    return run_id


def open_fold(open_page: OpenPage, run_id: str) -> AppTest:
    page = see_runs(open_page("pages/training.py"))
    assert page.get("camera_input") == []  # nobody is asked for a camera before
    page.session_state[f"try-{run_id}"] = True
    return page.run()


def bring(page: AppTest, name: str, content: bytes) -> AppTest:
    page.segmented_control(key="trial_way").set_value("Upload").run()
    page.file_uploader[0].set_value((name, content, "image/png"))
    page.run()
    assert not page.exception
    return page


def test_both_models_say_what_they_see_in_a_photo(open_page: OpenPage, run_id: str) -> None:
    page = open_fold(open_page, run_id)
    assert len(page.get("camera_input")) == 1
    assert "is gone when you close or reload the page" in texts(page)
    page = bring(page, "sample.png", sample_photo())
    table = page.table[0].value  # that of the comparison comes below
    assert list(table.index) == ["Face 1", "Face 2"]
    assert [said.split()[0] for said in table["This run"]] == ["No", "No"]
    assert [said.split()[0] for said in table["Installed: MobileNetV2"]] == ["No", "Mask"]
    assert "2 faces: 0 with mask, 2 without" in texts(page)


def test_a_photo_or_a_run_that_cannot_be_read_is_said(
    open_page: OpenPage, runs: Any, run_id: str
) -> None:
    page = bring(open_fold(open_page, run_id), "a.png", b"text")
    assert len(page.error) == 1
    for spoil in (lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink):
        spoil(runs.root / run_id / MODEL_FILE)
        page = bring(page, "sample.png", sample_photo())
        (error,) = page.error
        assert error.value.startswith("This run's model is gone or damaged.")


def test_the_model_in_use_is_not_shown_beside_itself(
    open_page: OpenPage, runs: Any, run_id: str
) -> None:
    for file in (CARD_FILE, MODEL_FILE):
        shutil.copy(SHIPPED / "mobilenet_v2" / file, runs.root / run_id)
    page = bring(open_fold(open_page, run_id), "sample.png", sample_photo())
    table = page.table[0].value  # that of the comparison comes below
    assert list(table.columns) == ["This run"]
