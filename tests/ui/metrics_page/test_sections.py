from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.files import grey, packed
from tests.ui.metrics_page.page import (
    LABELS,
    SECOND,
    MakeReport,
    OpenPage,
    charts,
    finders,
    open_metrics,
    section,
    slide,
    texts,
    upload,
)
from tests.ui.pages import press
from ui.metrics import frame_times
from ui.metrics.curve_charts import curve_chart, in_corner
from ui.metrics.curve_view import FEW, curves
from ui.metrics.judged import judged_parts
from ui.metrics.stress_view import where_it_breaks
from ui.words import plain


def test_another_model_is_not_praised_for_what_the_first_one_did(page: AppTest) -> None:
    page.selectbox(key="metrics_model").set_value("second").run()
    assert not page.exception
    assert page.header[0].value == (
        "Of 4 masked photos it recognises 4. Of 4 photos without a mask it recognises 4."
    )
    assert "ROC AUC" in [metric.label for metric in page.metric]
    assert ": always, on these. Others may differ" in texts(page)
    section(page, "Whole app")
    assert "masks told by first with its own threshold" in texts(page)
    assert "Nobody has measured this with second yet" in texts(page)
    section(page, "Two models")
    assert "second" in page.table[0].value.columns
    page.selectbox(key="metrics_model").set_value("first").run()
    section(page, "Whole app")
    assert "Nobody has measured this" not in texts(page)


def test_a_curve_that_shows_only_its_corner_says_so() -> None:
    axes = ("false_positive_rate", "Not masked"), ("recall", "Masked")
    points = [{"false_positive_rate": x, "recall": x, "threshold": 1 - x} for x in (0.0, 1.0)]
    for at, enlarged in ((0.1, True), (0.3, False)):
        current = {"false_positive_rate": at, "recall": 0.9, "threshold": 0.5}
        chart = curve_chart(points, current, *axes, "ROC curve", enlarged).to_dict()
        domain = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
        assert domain == ([0.0, 0.2] if enlarged else [0.0, 1.0])
        assert in_corner(current, "false_positive_rate", "recall") is enlarged


@pytest.mark.parametrize("count", [FEW, FEW - 1])
def test_the_curves_of_few_photos_are_shown_whole(count: int, make_report: MakeReport) -> None:
    right = [0.99] * FEW + [0.01] * count
    report = make_report([1] * FEW + [0] * count, right)
    drawn = list(curves(judged_parts("first", report)["test"], 0.5))[:2]
    said = ["Enlarged: only the corner" in curve.meaning for curve in drawn]
    assert said == [count == FEW] * 2


def compared(page: AppTest) -> tuple[str, str]:
    """Which model is better, and what that rests on."""
    (reasons,) = [m.value for m in page.markdown if m.value.startswith("They differ on 4 of 8")]
    return page.header[1].value, reasons


def test_two_models_are_compared_on_the_same_photos(page: AppTest) -> None:
    section(page, "Two models")
    said = texts(page)
    assert "No difference could be shown" in said
    assert "They differ on 4 of 8 photos: 0 right by first alone, 4 by second alone" in said
    assert "about 12 times in 100" in said  # 2 / 2 ** 4
    (table,) = [table.value for table in page.table]
    assert list(table.columns) == ["first", "second"]
    assert list(table.loc["Mask: right"]) == ["2 of 4", "4 of 4"]
    assert "The run that made first left no record of its epochs" in said
    loss, accuracy = charts(page)
    assert (loss["title"], accuracy["title"]) == ("Loss", "Accuracy")
    assert loss["layer"][0]["encoding"]["x"]["scale"]["domain"] == [1, 2]


@pytest.mark.parametrize("measured", [True, False])
def test_models_of_different_photos_can_be_compared_on_the_visitor_s(
    own_page: AppTest, models: Path, make_report: MakeReport, measured: bool
) -> None:
    report = make_report(LABELS, SECOND) | {"data": "others"}
    (models / "second" / "report.json").write_text(json.dumps(report))
    page = own_page
    if measured:
        upload(page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)}))
        page.selectbox(key="metrics_part").set_value("test").run()
    section(page, "Two models")
    assert "not measured on the same photos" in texts(page)
    press(page, "Measure both on your photos")
    if measured:
        assert page.selectbox(key="metrics_part").value == "own"
        press(page, "Measure with second")
        assert "No difference could be shown" in texts(page)
    else:
        assert page.segmented_control(key="metrics_section").value == "Your photos"


def test_a_model_is_called_by_the_run_that_made_it_too(models: Path, open_page: OpenPage) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "title": "Class *7b*"}))
    page = section(open_metrics(open_page), "Two models")
    assert "first (Class *7b*)" in page.selectbox(key="metrics_model").options
    assert "0 right by first (Class *7b*) alone, 4 by second alone" in texts(page)
    assert list(page.table[0].value.columns) == [plain("first (Class *7b*)"), "second"]
    assert "The run that made first (Class *7b*) left no record" in texts(page)


def test_a_threshold_that_was_moved_makes_no_winner(page: AppTest) -> None:
    section(page, "Two models")
    before, table = compared(page), page.table[0].value
    slide(section(page, "Figures"), 30)
    assert "5 of 8 photos right" in texts(page)
    press(page, "Make it the app's default")
    section(page, "Two models")
    assert compared(page) == before
    assert page.table[0].value.equals(table)
    assert list(table.loc["Threshold: counts as a mask from"]) == ["50\xa0%", "50\xa0%"]
    assert "Each is judged at its own threshold, whatever is chosen under “Figures”." in texts(page)


def test_training_curves_are_told_in_words(page: AppTest) -> None:
    section(page, "Two models")
    loss, accuracy = [chart.proto.alt for chart in page.get("vega_lite_chart")]
    assert "Training photos: loss from 0.60 to 0.40." in loss
    assert "Training photos: accuracy from 70.0\xa0% to 80.0\xa0%." in accuracy
    assert "validation does not, the network is learning by heart" in texts(page)


def test_a_single_model_has_nothing_to_be_compared_with(models: Path, open_page: OpenPage) -> None:
    (models / "second" / "card.json").unlink()
    page = section(open_metrics(open_page), "Two models")
    assert "There is only one mask model" in texts(page)


def test_the_whole_app_is_shown_finder_by_finder(page: AppTest) -> None:
    section(page, "Whole app")
    table = finders(page)
    assert list(table.columns) == ["Masklens", "Haar, classic"]
    assert list(table.loc["Mask: right"]) == ["90\xa0% (72 of 80)", "25\xa0% (20 of 80)"]
    assert list(table.loc["Mask: found"]) == ["95\xa0% (76 of 80)", "25\xa0% (20 of 80)"]
    assert list(table.loc["Macro F1"]) == ["75.0\xa0% (50.0 to 87.5)"] * 2
    assert "Masklens, 24 November 2026: `python -m training evaluate-scenes" in texts(page)
    assert "Best: Masklens, 72 of 80 masked faces found and right" in texts(page)


def test_photos_judged_in_turns_are_one_click_away(
    models: Path, open_page: OpenPage, make_scene_report: MakeReport
) -> None:
    folder = models / "scenes" / "first" / "folds"
    folder.mkdir()
    report = make_scene_report("fcos", (200, 180, 160), (100, 70, 61))
    kept_apart, report["command"] = report["command"], "in folds"
    report["figures"]["false_alarms"] = 7  # of 257 boxes
    (folder / "fcos.json").write_text(json.dumps({**report, "photos": 77, "folds": 4}))
    page = open_metrics(open_page)
    assert page.header[0].value == (
        "Of 100 masked faces of 32 pixels and more it finds 90 and labels 80 right;"
        " of 100 without a mask it finds 70 and labels 61 right."
    )
    first, second = [caption.value for caption in page.caption if "photos" in caption.value][:2]
    assert (
        "on 77 photos: 200 masked faces and 100 without a mask. In turns: each photo was" in first
    )
    assert "looked at by networks that had not learned from it; the finder's settings" in first
    assert first.endswith("were chosen on these photos. About 3 boxes in 100 are on no face.")
    assert second == (
        "Stricter, on 9 photos kept apart, from which nothing was learned and by which hardly"
        " anything was chosen: of 80 masked faces it finds 76 and labels 72 right; of 9 without"
        " a mask it finds 6 and labels 3 right. Every box is on a face. So few faces without a mask"
        " leave room for chance."
    )
    assert [code.value for code in page.code][:2] == ["in folds", kept_apart]
    assert "top: the whole app, photos in turns**, 24 November 2026" in texts(page)
    assert "**The whole app, photos kept apart**, 24 November 2026" in texts(page)
    section(page, "Whole app")
    choice = page.segmented_control(key="metrics_in_turns")
    assert choice.options == ["77 photos in turns", "9 photos kept apart"]
    assert list(finders(page).loc["Mask: found"]) == ["90\xa0% (180 of 200)"]
    choice.set_value(False).run()
    assert not page.exception
    assert "95\xa0% (76 of 80)" in list(finders(page).loc["Mask: found"])
    assert "In turns: 4 times" not in texts(page)
    choice.set_value(True).run()
    assert not page.exception
    assert "77 photos, faces of 32 pixels and more" in texts(page)
    assert "In turns: 4 times" in texts(page)
    assert "the app's own networks learned from most or all of them" in texts(page)
    # Nobody has measured the other model so.
    page.selectbox(key="metrics_model").set_value("second").run()
    assert not page.exception
    assert "looked at by networks" not in texts(page)
    assert "9 photos, faces of 32 pixels and more" in texts(page)
    page.selectbox(key="metrics_model").set_value("first").run()
    assert "77 photos, faces of 32 pixels and more" in texts(page)


def test_milliseconds_are_measured_when_asked(
    page: AppTest, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_times, "yunet_available", lambda: True)
    section(page, "Whole app")
    fake.detected.clear()
    press(page, "Measure now")
    assert set(fake.detected) == {(640, 480)}
    table = page.dataframe[-1].value
    assert len(table) == 4
    assert (table["A picture, ms"] >= 0).all()


def test_of_milliseconds_whose_measuring_was_interrupted_that_is_said(
    page: AppTest, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    section(page, "Whole app")
    monkeypatch.setattr(frame_times, "_measure", lambda *_: st.stop())
    press(page, "Measure now")
    assert "It ends unfinished when" in texts(page)
    assert "“Measure now” ended unfinished" in texts(page.run())


def test_the_stress_card_says_where_it_breaks(page: AppTest, models: Path) -> None:
    section(page, "Hard cases")
    assert "There are no figures on hard cases" in texts(page)
    figure = {"value": 0.97, "interval": [0.95, 0.98], "count": 599}
    low = {"value": 0.81, "interval": [0.78, 0.84], "count": 599}
    rows = [
        {"change": change, "level": level, "accuracy": a, "recall_mask": a, "recall_no_mask": a}
        for change, level, a in (("blur", "1 px", figure), ("blur", "4 px", low))
    ]
    card = {"created": "2026-11-24T11:00:00", "command": "stress", "count": 599, "rows": rows}
    (models / "first" / "stress.json").write_text(json.dumps(card))
    page.run()
    assert "Below 95\xa0%: strong blur." in texts(page)
    assert "Judged at the model's own threshold, whatever is chosen under “Figures”." in texts(page)
    assert "Measured on 24 November 2026 by `stress`." in texts(page)
    assert where_it_breaks([rows[0]]).startswith("Accuracy stays at 95\xa0% or more")
    of_bare = {**rows[0], "recall_no_mask": low}
    assert where_it_breaks([of_bare, rows[1]]) == ("Below 95\xa0%: blur (1 px, 4 px).")
    assert list(page.dataframe[-1].value["Accuracy"]) == [
        "97.0\xa0% (95.0 to 98.0)",
        "81.0\xa0% (78.0 to 84.0)",
    ]
    (models / "first" / "stress.json").write_text(json.dumps({**card, "rows": [{}]}))
    page.run()
    assert "There are no figures on hard cases" in texts(page)
