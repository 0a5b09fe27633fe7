"""What the tests of the Training page do with it, and verdicts for it to tell."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from training.background.comparison import Comparison, Figures, PartComparison, Verdict

OpenPage = Callable[..., AppTest]


def see_runs(page: AppTest) -> AppTest:
    return page.segmented_control(key="training_view").set_value("Runs").run()


def figures(right: int, count: int = 40) -> Figures:
    return Figures(right, count, right / count, (0.5, 0.99))


def compared(verdict: Verdict) -> Comparison:
    right = {"better": 39, "worse": 21, "no real difference": 33}.get(verdict, 33)
    installed = None if verdict == "no model to compare with" else figures(32)
    return Comparison(
        installed_name="mobilenet_v2" if installed else "",
        installed_title="The first one" if installed else "",
        verdict=verdict,
        sentence=f"So it is: {verdict}.",
        caution="But mind.",
        parts=tuple(
            PartComparison(part, figures(right), installed) for part in ("validation", "test")
        ),
    )
