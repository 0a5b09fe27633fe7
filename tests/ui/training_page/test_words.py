from __future__ import annotations

import pytest

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.training_data
import ui.training.training_settings
import ui.training.views


@pytest.mark.parametrize(
    ("stage", "figures", "said"),
    [
        ("starting", {}, "Loading TensorFlow"),
        ("starting", {}, "So far: 10 seconds."),
        ("reading data", {"done": 64, "total": 4000}, "Reading the photos"),
        ("reading data", {"done": 64, "total": 4000}, "So far: 64 of 4,000 photos, 10 seconds."),
        ("computing features", {"done": 0, "total": 70}, "So far: 0 of 70 photos, 10 seconds."),
    ],
)
def test_before_it_learns_a_run_says_what_it_does_and_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, stage: str, figures: dict[str, int], said: str
) -> None:
    monkeypatch.setattr(ui.training.run_view.time, "time", lambda: 1000.0)
    before = {"stage": "queued", "time": 900.0}
    began, last = {"stage": stage, "time": 990.4}, {"stage": stage, "time": 997.0, **figures}
    assert said in ui.training.run_view.doing([before, began, last])
    assert "So far: 0 seconds." in ui.training.run_view.doing(
        [{"stage": stage}]
    )  # a line without a time


def test_one_second_is_not_called_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.training.run_view.time, "time", lambda: 1000.0)
    said = ui.training.run_view.doing([{"stage": "starting", "time": 999.0}])
    assert said.endswith("So far: 1 second.")


@pytest.mark.parametrize("stage", ["training", "fine-tuning", "evaluating", "finished"])
def test_from_then_on_its_figures_say_it(stage: str) -> None:
    starting = {"stage": "starting", "time": 1.0}
    assert ui.training.run_view.doing([starting, {"stage": stage, "done": 1, "total": 2}]) == ""
    assert ui.training.run_view.doing([]) == ""


def test_the_axis_of_the_curves_keeps_still_while_they_grow() -> None:
    import pandas as pd

    from ui.metrics.learning_curves import _domain

    assert _domain(pd.Series([0.31, 0.52]), "loss") == _domain(pd.Series([0.31, 0.59]), "loss")
    assert _domain(pd.Series([72.0, 95.0]), "accuracy") == [70, 100]
    assert _domain(pd.Series([99.0]), "accuracy") == [90, 100]
