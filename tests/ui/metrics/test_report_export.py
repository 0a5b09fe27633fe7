from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import pytest

from ui.metrics import provenance
from ui.metrics import report_html as module
from ui.metrics.judged import Judged, judged_parts
from ui.metrics.report_export import report_charts, report_csv, report_json, to_svg
from ui.metrics.report_html import report_html
from ui.metrics.scene_figures import SceneFigures, scene_figures

MakeReport = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file names its charts instead of drawing them, which would take seconds."""
    monkeypatch.setattr(module, "to_svg", lambda chart: f"<svg>{escape(chart.title)}</svg>")


@pytest.fixture
def judged(make_report: MakeReport) -> Judged:
    report = make_report([1, 1, 0, 0], [0.9, 0.3, 0.2, 0.6])
    report["parts"]["test"]["photos"][1]["path"] = "with_mask/<b>&.jpg"
    report["parts"]["test"]["photos"][2]["path"] = "two\rrows.jpg"
    report["parts"]["test"]["photos"][3]["path"] = "=1+1.jpg"
    return judged_parts("first", report)["test"]


@pytest.fixture
def scenes(make_scene_report: MakeReport) -> dict[str, SceneFigures]:
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    assert figures is not None
    return {"Masklens": figures}


def csv_rows(judged: Judged) -> list[dict[str, str]]:
    content = report_csv(judged, 0.5)
    assert content.startswith(b"\xef\xbb\xbf")  # else Excel takes "ü" for two letters
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_letters_of_a_name_that_are_not_utf_8_are_question_marks(
    make_report: MakeReport,
) -> None:
    report = make_report([1, 0], [0.9, 0.2])
    report["parts"]["test"]["photos"][0]["path"] = "with_mask/caf\udce9.jpg"
    judged = judged_parts("first", report)["test"]
    assert csv_rows(judged)[0]["photo"] == "with_mask/caf?.jpg"
    assert '"with_mask/caf?.jpg"' in report_json(judged, 0.5, {}).encode().decode()


def test_json_has_the_figures_and_every_photo(
    judged: Judged, scenes: dict[str, SceneFigures]
) -> None:
    values = json.loads(report_json(judged, 0.25, scenes))
    assert values["confusion"] == [[1, 1], [0, 2]]
    assert values["threshold"] == 0.25
    assert values["photos"][1] == {
        "photo": "with_mask/<b>&.jpg",
        "truth": "Mask",
        "answer": "Mask",
        "mask_probability": 0.3,
        "right": True,
        "verdict": "Mask",
    }
    assert values["not_sure"] == {"Mask": 0, "No Mask": 0}
    assert values["scenes"]["Masklens"]["by_class"]["Mask"]["right"] == 72
    assert values["things"] == "photos"
    assert values["folds"] == {}
    # Masked 0.9 and 0.3, bare 0.2 and 0.6: masks are the first and the third of the list.
    assert values["average_precision"]["value"] == pytest.approx((1 + 2 / 3) / 2)
    assert values["calibration_error"]["value"] == pytest.approx((0.1 + 0.7 + 0.2 + 0.6) / 4)
    values = json.loads(report_json(judged, 0.25, {}, folds=scenes))
    assert values["folds"]["Masklens"]["by_class"]["Mask"]["right"] == 72


def test_what_the_app_is_not_sure_of_is_in_every_file(judged: Judged) -> None:
    said = "The app says “Not sure” of 1 of 2 photos with a mask and 1 of 2 photos without a mask"
    assert "Not sure" not in report_html(judged, 0.5, {}, "First")
    unsure = replace(judged, margin=1.0)  # 27 to 73 %: of 0.9, 0.3, 0.2 and 0.6 the middle ones
    assert f'<p class="note">Right and wrong go by the threshold alone. {said}' in report_html(
        unsure, 0.5, {}, "First"
    )
    values = json.loads(report_json(unsure, 0.5, {}))
    assert values["not_sure"] == {"Mask": 1, "No Mask": 1}
    verdicts = ["Mask", "Not sure", "No Mask", "Not sure"]
    assert [photo["verdict"] for photo in values["photos"]] == verdicts
    rows = csv_rows(unsure)
    assert [row["verdict"] for row in rows] == verdicts


def test_the_table_has_a_row_a_photo_and_runs_no_formula(judged: Judged) -> None:
    rows = csv_rows(judged)
    assert [row["answer"] for row in rows] == ["Mask", "No Mask", "No Mask", "Mask"]
    assert [row["right"] for row in rows] == ["True", "False", "True", "False"]
    assert rows[2]["photo"] == "two rows.jpg"  # a bare \r begins a row, to a spreadsheet
    assert rows[3]["photo"] == "'=1+1.jpg"


def test_the_html_stands_alone(judged: Judged, scenes: dict[str, SceneFigures]) -> None:
    page = report_html(judged, 0.5, scenes, "MobileNetV2 <1>")
    assert page.startswith("<!doctype html>")
    for part in ("<script", "<link", "src=", "http"):
        assert part not in page
    assert "Of 80 masked faces of 32 pixels and more it finds 76 and labels 72 right;" in page
    assert "MobileNetV2 &lt;1&gt;" in page
    assert "with_mask/&lt;b&gt;&amp;.jpg" in page
    assert "<h2>Mistakes (2)</h2>" in page
    assert "50.0\xa0% (15.0 to 85.0), 2 of 4" in page
    charts = report_charts(judged, 0.5, scenes)
    assert page.count('<figure><div role="img"') == page.count("<figcaption") == len(charts) == 8
    assert 'aria-label="Confusion matrix (photos). No Mask called No Mask: 1; ' in page
    at_half = (
        "At 50\xa0%; Faces without a mask called masked 50.0\xa0%;"
        " Masked faces recognised 50.0\xa0%."
    )
    assert at_half in page
    assert "Masklens, Found and right: 72 of 80; " in page
    assert "Mask, 32 to 63 pixels: 2 of 4; " in page
    body = page[page.index("<body>") : page.index("</html>")]
    ET.fromstring(body)  # every element is closed


def test_the_html_says_below_each_chart_what_the_page_does(
    make_report: MakeReport, scenes: dict[str, SceneFigures]
) -> None:
    answers = [0.9] * 45 + [0.2] * 5 + [0.1] * 45 + [0.6] * 5
    judged = judged_parts("first", make_report([1] * 50 + [0] * 50, answers))
    page = report_html(judged["test"], 0.5, scenes, "First")
    for said in (
        "90 of 100 photos are called rightly (blue tiles).<",
        "the better. Enlarged: only the corner is shown, 20 of 100 % each way.<",
        "recognise fewer. Enlarged: only the corner is shown, 20 of 100 % each way.<",
        "80 of 100 are masked. On average it is off by",
        "from there on the answer is Mask. Beside large numbers small ones are drawn larger",
        "so that they can be seen (root scale).<",
        "labelled right. Masklens, 72 of 80 masked faces found and right.<",
        "labelled right. Masklens, 3 of 9 faces without a mask found and right.<",
        "Bars that stand on few faces say little.<",
    ):
        assert said in page
    assert "Click a tile" not in page
    assert "Enlarged" not in report_html(judged["test"], 0.95, scenes, "First")


def test_the_html_tells_of_the_whole_app_what_the_page_does(
    judged: Judged, make_scene_report: MakeReport
) -> None:
    kept = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    turns = scene_figures(
        {**make_scene_report("fcos", (200, 190, 180), (0, 0, 0)), "photos": 77, "folds": 4}
    )
    assert kept and turns
    page = report_html(judged, 0.5, {"A & B": kept}, "First", {"A & B": turns})
    cells = "</td><td>"
    assert (
        f"<td>A &amp; B{cells}75.0\xa0% (50.0 to 87.5){cells}95\xa0% (76 of 80)"
        f"{cells}90\xa0% (72 of 80){cells}67\xa0% (6 of 9)"
        f"{cells}33\xa0% (3 of 9){cells}75.0\xa0% (50.0 to 87.5)</td>"
    ) in page
    assert (
        "<p>A &amp; B: measured on 24 November 2026 by <code>python -m training evaluate-scenes"
        " --detector fcos</code></p>"
    ) in page
    assert "<h2>Whole app, photos in turns</h2><p>77 whole photos" in page
    assert "by the one of 4 networks that had not learned from it. Of 100 masked" in page
    # What is said first is what the page says first.
    assert '<p class="lead">Of 100 masked faces of 32 pixels and more it finds 95' in page
    assert f"<td>A &amp; B{cells}–{cells}95\xa0% (190 of 200){cells}90\xa0% (180 of 200)" in page
    ET.fromstring(page[page.index("<body>") : page.index("</html>")])


def test_the_html_has_the_stress_card(judged: Judged) -> None:
    low = {"value": 0.81, "interval": [0.78, 0.84]}
    row = {"change": "blur", "level": "< 4 px", "accuracy": low}
    row |= {"recall_mask": {**low, "value": 0.78}, "recall_no_mask": {**low, "value": None}}
    card = {"created": "2026-11-24T11:00:00", "command": "stress", "count": 599, "rows": [row]}
    page = report_html(judged, 0.5, {}, "First", stress=card)
    cells = "</td><td>"
    assert "<h2>Hard cases</h2><p>Below 95\xa0%: blur (&lt; 4 px).</p>" in page
    figures = f"81.0\xa0% (78.0 to 84.0){cells}78.0\xa0%{cells}–"
    assert f"<td>blur{cells}&lt; 4 px{cells}{figures}</td>" in page
    assert "Hard cases: measured on 24 November 2026 by <code>stress</code>" in page
    assert "Hard cases" not in report_html(judged, 0.5, {}, "First")


def test_faces_are_called_faces(judged: Judged) -> None:
    page = report_html(replace(judged, things="faces"), 0.5, {}, "First")
    assert "4 faces of the data set “photos”. Test photos: never used" in page  # it is called so
    assert "<th>Class</th><th>Faces</th>" in page
    assert "<th>Face</th><th>In truth</th>" in page
    assert "Confusion matrix (faces)" in page
    assert "allows for (95 %). Faces of one photo share its light and its camera" in page


def test_how_far_probabilities_are_off_is_told_in_percentage_points(judged: Judged) -> None:
    error = {"value": 0.0123, "interval": [0.0101, 0.0202]}
    page = report_html(replace(judged, calibration_error=error), 0.5, {}, "First")
    assert (
        "<td>Percentage points by which probabilities are off (expected calibration error)</td>"
        "<td>1.2 (1.0 to 2.0)</td>"
    ) in page
    assert "On average off by 40.0 percentage points" in page  # 0.1, 0.7, 0.2 and 0.6
    assert "Faces of one photo" not in page


def test_the_html_says_what_the_figures_are_worth(judged: Judged) -> None:
    page = report_html(judged, 0.5, {}, "First", caution="It learned from: <b>.")
    assert '<p class="note">It learned from: &lt;b&gt;.</p>' in page


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("test", "4 photos of the data set “photos”. Test photos: never used in training"),
        ("given", "4 photos of photos"),  # a visitor's own
    ],
)
def test_the_html_calls_the_photos_as_the_page_does(judged: Judged, part: str, said: str) -> None:
    page = report_html(replace(judged, part=part), 0.5, {}, "First")
    assert f"<td>Measured on</td><td>{said}</td>" in page
    assert "<td>Measured</td><td>24 November 2026</td>" in page


def test_the_html_tells_what_the_starting_weights_may_have_seen(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"config": {"backbone_weights": "installed"}}
    monkeypatch.setattr(provenance, "read_card", lambda model: card)
    page = report_html(judged, 0.5, {}, "First")
    assert "Test photos: kept out of this run. This run did not learn from these photos" in page
    assert "may have learned from some of them" in page
    assert "never used in training" not in page
    theirs = report_html(replace(judged, part="given"), 0.5, {}, "First")
    assert "may have learned" not in theirs


@pytest.mark.parametrize("model", ["mobilenet_v2", "inception_v3"])
def test_the_shipped_models_began_with_imagenet_weights(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    assert provenance.part_title(model, "test") == "Test photos: never used in training"


@pytest.mark.parametrize(
    ("value", "interval", "said"),
    [
        (0.9987, [0.9964, 1.0], "0.9987 (0.9964 to 1.0000)"),
        (1.0, [1.0, 1.0], "1, the best there is; other photos may differ"),
        (None, None, "–"),
    ],
)
def test_no_interval_is_told_of_photos_without_a_mistake(
    judged: Judged, value: Any, interval: Any, said: str
) -> None:
    figure = {"value": value, "interval": interval}
    of = replace(judged, roc_auc=figure, average_precision=figure)
    page = report_html(of, 0.5, {}, "First")
    for name in ("ROC AUC", "Average precision"):
        assert f"<td>{name}</td><td>{said}</td>" in page


def test_without_mistakes_or_a_second_class_there_is_a_report_too(make_report: MakeReport) -> None:
    judged = judged_parts("first", make_report([1, 1, 1], [0.9, 0.8, 0.7]))["test"]
    page = report_html(judged, 0.5, {}, "First")
    assert "<h2>Mistakes (0)</h2><p>None.</p>" in page
    assert "Whole app" not in page
    assert page.count("<svg>") == 3


def test_curves_are_drawn_as_their_areas_are_computed(judged: Judged) -> None:
    _, (roc, _), (precision, _), *_ = report_charts(judged, 0.5, {})
    lines = [chart.to_dict()["layer"][0]["mark"]["interpolate"] for chart in (roc, precision)]
    assert lines == ["linear", "step-before"]


def test_a_chart_is_drawn_without_a_browser(judged: Judged) -> None:
    svg = to_svg(report_charts(judged, 0.5, {})[0][0])
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    words = {"".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")}
    assert {"Confusion matrix (photos)", "In truth", "The model's answer", "50.0 %"} <= words
