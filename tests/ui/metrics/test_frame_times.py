"""Measuring how long a frame takes: fair to each face finder on a machine that is busy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskcore import ModelError
from ui import choices, loading
from ui.metrics.frame_times import ROUNDS, RUNS_A_ROUND, frame_times


class Pipeline:
    """Takes as long as it is told, and notes whose turn it was."""

    def __init__(self, name: str, times: Iterator[tuple[float, float]], turns: list[str]) -> None:
        self.name, self.times, self.turns = name, times, turns

    def analyze(self, image_rgb: Any) -> Any:
        self.turns.append(self.name)
        detect_ms, classify_ms = next(self.times)
        return SimpleNamespace(detect_ms=detect_ms, classify_ms=classify_ms)


def test_finders_take_turns_and_a_busy_stretch_counts_for_none() -> None:
    turns: list[str] = []
    runs = ROUNDS * RUNS_A_ROUND

    def times(own: float) -> Iterator[tuple[float, float]]:
        # Three quarters of the time something else slows all of them down threefold.
        return iter([(3 * own, 6.0) if run < runs * 3 // 4 else (own, 2.0) for run in range(runs)])

    pipelines: Any = {
        "quick": Pipeline("quick", times(5.0), turns),
        "slow": Pipeline("slow", times(8.0), turns),
    }
    told: list[tuple[int, str]] = []
    found = frame_times(pipelines, lambda number, name: told.append((number, name)))
    assert found == {"quick": (5.0, 2.0), "slow": (8.0, 2.0)}
    assert told == [(number, name) for number in range(ROUNDS) for name in ("quick", "slow")]
    first_round = ["quick"] * RUNS_A_ROUND + ["slow"] * RUNS_A_ROUND
    assert turns == first_round * ROUNDS


def unheard(number: int, name: str) -> None: ...


def test_both_figures_are_of_the_same_run() -> None:
    rest = [(9.0, 9.0)] * (ROUNDS * RUNS_A_ROUND - 2)
    pipelines: Any = {"a": Pipeline("a", iter([(1.0, 6.0), (4.0, 2.0), *rest]), [])}
    assert frame_times(pipelines, unheard)["a"] == pytest.approx((4.0, 2.0))


def test_nothing_to_measure_is_no_error() -> None:
    assert frame_times({}, unheard) == {}


def test_a_finder_that_is_not_there_can_be_fetched_where_it_is_missed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "yunet.onnx"
    monkeypatch.setenv("MASKLENS_YUNET", str(file))

    def none(*_: Any, **__: Any) -> Any:
        raise ModelError("Damaged")

    monkeypatch.setattr(loading, "pipeline", none)
    monkeypatch.setattr(choices, "fetch_yunet", file.touch)
    page = AppTest.from_string(
        "from ui.metrics.frame_times import show_frame_times; show_frame_times('first')",
        default_timeout=60,
    ).run()
    assert len(page.button) == 1
    page.button[0].click().run()
    assert not page.exception
    said = [caption.value for caption in page.caption]
    # The others' error is said as it is.
    assert "Masklens: Damaged" in said
    assert not any(caption.startswith("YuNet") for caption in said)
    assert "YuNet is not installed yet" in page.info[0].value
    (fetch,) = [button for button in page.button if button.label == "Fetch YuNet now"]
    fetch.click().run()
    assert not page.exception
    assert file.exists() and not page.info
    assert [button.label for button in page.button] == ["Measure now"]
