"""The list of installed models and their earlier versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

SEEN = "90.0\xa0% on its own test photos, some of which its starting weights may have learned from"


@pytest.mark.parametrize("begun", [("now",), ("earlier",), ()])
def test_of_which_version_the_test_photos_may_be_known_is_said(
    fake_models: Path, put_model: Callable[[Path, str, bytes], None], begun: tuple[str, ...]
) -> None:
    folders = {
        "now": fake_models / "first",
        "earlier": fake_models / ".versions" / "first" / "20260101-000000-00000000",
    }
    for title, folder in folders.items():
        put_model(folder, title, title.encode())
        if title in begun:
            card: dict[str, Any] = json.loads((folder / "card.json").read_text())
            card["config"] = {"backbone_weights": "installed"}
            (folder / "card.json").write_text(json.dumps(card))

    def show() -> None:
        from ui.training.versions_view import show_versions

        show_versions(False)

    page = AppTest.from_function(show, default_timeout=60).run()
    assert not page.exception
    said = {c.value.split()[1] for c in page.caption if SEEN in c.value}
    assert said == set(begun)
    assert sum("on its own test photos" in c.value for c in page.caption) == 2
