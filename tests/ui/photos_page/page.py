"""What the tests of the Photos page do with it, and what they read on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

OpenPage = Callable[[], AppTest]
PhotoFile = Callable[..., bytes]


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    named = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader[0].set_value(named)
    return page.run()


def found(page: AppTest) -> list[str]:
    return [element.value for element in page.header]


def install_anew(models: Path, name: str) -> None:
    card = models / name / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": "another"}))
