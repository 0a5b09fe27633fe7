from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from maskcore import MaskPipeline
from maskcore.models import models_dir
from ui.loading import classifier, detector, installation, pipeline

MODEL = "mobilenet_v2"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the shipped model in a folder of its own."""
    shutil.copytree(models_dir() / MODEL, tmp_path / MODEL)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    return tmp_path


def test_pages_share_with_one_another_and_with_the_core(models: Path) -> None:
    for live in (False, True):
        shown, direct = pipeline("haar", MODEL, live), MaskPipeline.load("haar", MODEL, live)
        assert shown.detector is direct.detector is detector("haar", live)
        assert shown.classifier is direct.classifier is classifier(MODEL)


def test_a_model_installed_anew_is_another_installation(models: Path) -> None:
    before = installation("haar", MODEL)
    assert installation("haar", MODEL) == before
    card = models / MODEL / "card.json"
    card.write_text(
        card.read_text(encoding="utf-8").replace('"threshold": 0.5', '"threshold": 0.6')
    )
    assert installation("haar", MODEL) != before


def test_a_spinner_is_made_only_where_something_is_loaded(models: Path) -> None:
    """Even an empty one would take the place of what follows on the page."""

    def page() -> None:
        import streamlit as st

        from ui import loading

        made = st.session_state.setdefault("made", [])
        spinner = st.spinner
        st.spinner = lambda text: (made.append(text), spinner(text))[1]
        try:
            loading.pipeline("haar", "mobilenet_v2")
        finally:
            st.spinner = spinner

    app = AppTest.from_function(page, default_timeout=60).run()
    app.run()
    assert app.session_state.made == [
        "Getting the face finder ready",
        "Getting the mask model ready",
    ]
