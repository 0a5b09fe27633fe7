"""What tests do with a page, and what they read on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from streamlit.testing.v1 import AppTest


def button(page: AppTest, label: str) -> Any:
    """The one button of this label."""
    (found,) = [b for b in page.button if b.label == label]
    return found


def press(page: AppTest, label: str) -> AppTest:
    """Press the one button of this label, which must be possible."""
    chosen = button(page, label)
    assert not chosen.disabled
    page = chosen.click().run()
    assert not page.exception
    return page


def labels(page: AppTest) -> list[str]:
    """Those of all buttons but the ones that download."""
    return [b.label for b in page.button]


def downloads(page: AppTest) -> list[str]:
    """The labels of the buttons that download."""
    return [element.proto.label for element in page.get("download_button")]


def texts(page: AppTest) -> str:
    """All sentences, as Markdown."""
    kinds = ("subheader", "markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


class Player:
    """Stands in for the library's player and remembers what it was given."""

    def __init__(self) -> None:
        self.playing = False
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **options: Any) -> Any:
        self.calls.append(options)
        return SimpleNamespace(state=SimpleNamespace(playing=self.playing, signalling=False))
