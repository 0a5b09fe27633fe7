"""What an ended run leads to: a new run, shown at once, or a model, and where it is to be found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ui.training.run_view
from tests.ui.pages import labels, press
from tests.ui.training_page.page import OpenPage, compared, press_twice, see_runs
from training.background import jobs
from training.classifier.starting_weights import NOT_FETCHED
from ui.metrics.corrections import Marks


def test_a_run_made_again_is_shown_so_that_a_double_click_makes_one(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs.root / "photos" / "with_mask").mkdir()
    (runs.root / "photos" / "with_mask" / "a.jpg").touch()
    ben = runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    page = see_runs(open_training())
    marks = Marks("Photos of 7b", {"with_mask/a.jpg": "without_mask"})
    page.session_state["metrics_corrections"] = {"Photos of 7b": marks}
    page.button(key=f"show-{ben}").click().run()
    press_twice(monkeypatch, page, "Train again with 1 corrected photo")
    assert page.header[0].value == "Ben, corrected"
    assert "Train again with 1 corrected photo" not in labels(page)
    assert len(jobs.jobs()) == 2


def test_so_is_one_from_the_installed_model(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = [("installed", "The installed one"), ("imagenet", "ImageNet"), ("none", "Random")]
    monkeypatch.setattr(ui.training.run_view, "available_weights", lambda architecture: choices)
    ben = runs.make("Ben", "failed", problem=NOT_FETCHED)
    page = see_runs(open_training())
    page.button(key=f"show-{ben}").click().run()
    press_twice(monkeypatch, page, "Train from the installed model")
    assert page.header[0].value == "Ben, from the installed model"
    assert "Train from the installed model" not in labels(page)
    assert len(jobs.jobs()) == 2


@pytest.mark.parametrize("is_first", [False, True])
def test_after_an_installation_it_is_said_whether_the_model_has_to_be_chosen(
    open_training: OpenPage, runs: Any, models: Path, is_first: bool
) -> None:
    """Photos and Live begin with MobileNetV2, where that is installed."""
    if is_first:
        (models / "mobilenet_v2").rename(models / "other")
    runs.make(
        "Ben",
        "finished",
        epochs_done=10,
        comparison=compared("better"),
        architecture="inception_v3",
    )
    page = see_runs(open_training())
    press(page, "Install")
    said = page.toast[0].value
    assert ("Photos and Live use it now" in said) is is_first
    assert ("Choose InceptionV3 as mask model on Photos and Live" in said) is not is_first
