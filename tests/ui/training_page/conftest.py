"""The Training page with an installed model and photos; runs lie in folders as runs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.training_page.page import OpenPage


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, put_model: Any) -> Path:
    """One installed model, named as the architecture is."""
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    put_model(tmp_path / "models" / "mobilenet_v2", "The first one", b"first")
    return tmp_path / "models"


@pytest.fixture
def open_training(open_page: OpenPage, runs: Any, models: Path) -> OpenPage:
    """Opens the Training page as a new visitor, with photos chosen."""

    def start() -> AppTest:
        page = open_page("pages/training.py")
        assert not page.exception
        return page

    return start
