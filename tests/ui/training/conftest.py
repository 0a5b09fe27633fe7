"""The section on photos as a page, and photos to bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui.loading
from tests.ui.pages import Player
from tests.ui.training.sections import COUNT, FaceFinder, photo, section


@pytest.fixture(scope="session")
def photos() -> dict[str, bytes]:
    """Enough photos of two classes, under names of somebody's own."""
    return {
        f"set/{folder}/{number}.jpg": photo(number, masked)
        for masked, folder in ((True, "Maske"), (False, "Gesichter"))
        for number in range(COUNT)
    }


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MASKLENS_DATA_ROOTS", raising=False)
    monkeypatch.delenv("MASKLENS_ICE_SERVERS", raising=False)
    return tmp_path / "runs"


@pytest.fixture
def open_section(
    runs: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AppTest]:
    monkeypatch.setattr(ui.loading, "detector", lambda name, live=False: FaceFinder())
    return lambda: AppTest.from_function(section, default_timeout=60).run()


@pytest.fixture
def page(open_section: Callable[[], AppTest]) -> AppTest:
    return open_section()
