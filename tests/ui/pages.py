"""What tests do with a page, and what they read on it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
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


def once_more(page: AppTest) -> Callable[[], None]:
    """Sends what the page holds now a second time, as a browser does that is ahead of a run.

    It is called by the run, which ends when it next gives Streamlit the chance.
    """
    states = page._tree.get_widget_states()

    def send() -> None:
        context: Any = get_script_run_ctx()
        again = RerunData(
            query_string=context.query_string,
            widget_states=states,
            page_script_hash=context.page_script_hash,
        )
        context.script_requests.request_rerun(again)

    return send


def labels(page: AppTest) -> list[str]:
    """Those of all buttons but the ones that download."""
    return [b.label for b in page.button]


def downloads(page: AppTest) -> list[str]:
    """The labels of the buttons that download."""
    return [element.proto.label for element in page.get("download_button")]


def texts(page: AppTest) -> str:
    """All sentences, as Markdown."""
    kinds = ("header", "markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


class Player:
    """Stands in for the library's player and remembers what it was given."""

    def __init__(self) -> None:
        self.playing = self.signalling = False
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **options: Any) -> Any:
        self.calls.append(options)
        state = SimpleNamespace(playing=self.playing, signalling=self.signalling)
        return SimpleNamespace(state=state)
