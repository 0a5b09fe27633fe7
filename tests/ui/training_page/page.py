"""What the tests of the Training page do with it, and verdicts for it to tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from maskcore.models import checksums
from tests.ui.pages import button, once_more
from training.background import control
from training.background.comparison import Comparison, Figures, PartComparison, Verdict

OpenPage = Callable[..., AppTest]


def see_runs(page: AppTest) -> AppTest:
    return page.segmented_control(key="training_view").set_value("Runs").run()


def press_twice(monkeypatch: pytest.MonkeyPatch, page: AppTest, label: str) -> None:
    """A double click on a button: its second press comes while the files of a run are written."""
    button(page, label).click()
    again, check_room = once_more(page), control.check_room
    firsts = iter([again])

    def write() -> None:
        check_room()
        next(firsts, lambda: None)()

    monkeypatch.setattr(control, "check_room", write)
    page.run()
    assert not page.exception


def figures(right: int, count: int = 40) -> Figures:
    return Figures(right, count, right / count, (0.5, 0.99), 0)


def compared(verdict: Verdict) -> Comparison:
    right = {"better": 39, "worse": 21, "no real difference": 33}.get(verdict, 33)
    installed = None if verdict == "no model to compare with" else figures(32)
    sha256 = checksums("mobilenet_v2").get("mobilenet_v2", "") if installed else ""
    return Comparison(
        installed_name="mobilenet_v2" if installed else "",
        installed_title="The first one" if installed else "",
        verdict=verdict,
        sentence=f"So it is: {verdict}.",
        caution="But mind.",
        parts=tuple(
            PartComparison(part, figures(right), installed) for part in ("validation", "test")
        ),
        installed_sha256=sha256,
    )
