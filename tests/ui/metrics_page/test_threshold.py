from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.metrics_page.page import (
    FIRST,
    LABELS,
    MakeReport,
    OpenPage,
    slide,
    texts,
)
from tests.ui.pages import labels, press


def test_a_threshold_becomes_the_app_s_default_and_goes_back(
    page: AppTest, models: Path, open_page: OpenPage
) -> None:
    assert "Make it the app's default" not in labels(page)
    slide(page, 70)
    press(page, "Make it the app's default")
    assert "Photos and Live start with 70 %, as chosen here" in texts(page)
    assert "9 without a mask. The app now starts with 70\xa0%." in texts(page)
    page.switch_page("pages/photo.py").run()
    assert page.slider(key="threshold").value == 70
    assert open_page().slider(key="threshold").value == 70  # another visitor's
    page.switch_page("pages/metrics.py").run()
    assert page.slider(key="metrics_threshold_first").value == 70
    press(page, "Back to the model's own 50 %")
    assert "The app now starts with" not in texts(page)
    assert page.slider(key="metrics_threshold_first").value == 50
    assert open_page().slider(key="threshold").value == 50


def test_a_visitor_s_threshold_for_another_model_stays(page: AppTest) -> None:
    page.switch_page("pages/photo.py").run()
    page.selectbox(key="model").select("second").run()
    page.slider(key="threshold").set_value(35).run()
    page.switch_page("pages/metrics.py").run()
    page.selectbox(key="metrics_model").set_value("first").run()
    for what in ("Make it the app's default", "Back to the model's own 50 %"):
        slide(page, 70)
        press(page, what)
        page.switch_page("pages/photo.py").run()
        assert page.slider(key="threshold").value == 35
        page.switch_page("pages/metrics.py").run()


def test_a_threshold_chosen_on_the_test_photos_is_said_to_flatter(
    page: AppTest, models: Path, make_report: MakeReport
) -> None:
    report = make_report(LABELS, FIRST)
    report["parts"]["validation"] = report["parts"]["test"]
    (models / "first" / "report.json").write_text(json.dumps(report))
    said = "At a threshold chosen on these photos their figures look a little better"
    assert said not in texts(page)
    assert said in texts(slide(page, 70))
    page.selectbox(key="metrics_part").set_value("validation").run()
    assert said not in texts(page)
    page.selectbox(key="metrics_part").set_value("test").run()
    assert said in texts(page)
    assert said not in texts(slide(page, 50))


def test_where_visitors_may_not_train_they_do_not_choose_for_others(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    slide(page, 70)
    assert "Make it the app's default" not in labels(page)
    assert "Photos and Live start with 50 %, the model’s own." in texts(page)
