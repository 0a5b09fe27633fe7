"""The Photos page with a made-up pipeline, and with the models that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.photos_page.page import OpenPage


@pytest.fixture
def page(fake_models: Path, open_page: OpenPage) -> AppTest:
    """The page with the fake pipeline and a detector that needs no file."""
    page = open_page()
    return page.selectbox(key="detector").select("haar").run()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[tuple[Any, dict[str, Any]]]]:
    """Name of something of Streamlit's -> its calls from then on, also in passes replaced since."""

    def spy(name: str) -> list[tuple[Any, dict[str, Any]]]:
        made: list[tuple[Any, dict[str, Any]]] = []
        original = getattr(st, name)

        def note(*given: Any, **options: Any) -> Any:
            made.append((given, options))
            return original(*given, **options)

        monkeypatch.setattr(st, name, note)
        return made

    return spy
