from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest

from ui import report_export
from ui.judged import Judged, judged_parts
from ui.report_export import report_charts, report_csv, report_html, report_json, to_svg
from ui.scene_figures import SceneFigures, scene_figures

MakeReport = Callable[..., dict[str, Any]]


@pytest.fixture
def judged(make_report: MakeReport) -> Judged:
    report = make_report([1, 1, 0, 0], [0.9, 0.3, 0.2, 0.6])
    report["parts"]["test"]["photos"][1]["path"] = "with_mask/<b>&.jpg"
    report["parts"]["test"]["photos"][3]["path"] = "=1+1.jpg"
    return judged_parts("first", report)["test"]


@pytest.fixture
def scenes(make_scene_report: MakeReport) -> dict[str, SceneFigures]:
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    assert figures is not None
    return {"Masklens": figures}


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
    }
    assert values["scenes"]["Masklens"]["by_class"]["Mask"]["right"] == 72


def test_the_table_has_a_row_a_photo_and_runs_no_formula(judged: Judged) -> None:
    rows = list(csv.DictReader(io.StringIO(report_csv(judged, 0.5))))
    assert [row["answer"] for row in rows] == ["Mask", "No Mask", "No Mask", "Mask"]
    assert [row["right"] for row in rows] == ["True", "False", "True", "False"]
    assert rows[3]["photo"] == "'=1+1.jpg"


def test_the_html_stands_alone(
    judged: Judged, scenes: dict[str, SceneFigures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_export, "to_svg", lambda chart: f"<svg>{chart.title}</svg>")
    page = report_html(judged, 0.5, scenes, "MobileNetV2 <1>")
    assert page.startswith("<!doctype html>")
    for part in ("<script", "<link", "src=", "http"):
        assert part not in page
    assert "Of 100 masked faces of 32 pixels and more it finds 95 and labels 90 right." in page
    assert "MobileNetV2 &lt;1&gt;" in page
    assert "with_mask/&lt;b&gt;&amp;.jpg" in page
    assert "<h2>Mistakes (2)</h2>" in page
    assert "50.0 % (15.0 to 85.0), 2 of 4" in page
    assert page.count('<figure role="img"') == len(report_charts(judged, 0.5, scenes)) == 8
    assert 'aria-label="Confusion matrix (photos). No Mask called No Mask: 1; ' in page
    assert "At 50 %; Bare faces called masked 50.0 %; Masked faces recognised 50.0 %." in page
    assert "Masklens, Found and right: 72 of 80; " in page
    assert "Mask, 32 to 63 pixels: 2 of 4; " in page
    body = page[page.index("<body>") : page.index("</html>")]
    ET.fromstring(body)  # every element is closed


def test_without_mistakes_or_a_second_class_there_is_a_report_too(
    make_report: MakeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_export, "to_svg", lambda chart: "<svg/>")
    judged = judged_parts("first", make_report([1, 1, 1], [0.9, 0.8, 0.7]))["test"]
    page = report_html(judged, 0.5, {}, "First")
    assert "<h2>Mistakes (0)</h2><p>None.</p>" in page
    assert "Whole app" not in page
    assert page.count("<svg/>") == 3


def test_curves_are_drawn_as_their_areas_are_computed(judged: Judged) -> None:
    _, roc, precision, *_ = report_charts(judged, 0.5, {})
    lines = [chart.to_dict()["layer"][0]["mark"]["interpolate"] for chart in (roc, precision)]
    assert lines == ["linear", "step-before"]


def test_a_chart_is_drawn_without_a_browser(judged: Judged) -> None:
    svg = to_svg(report_charts(judged, 0.5, {})[0])
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    words = {"".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")}
    assert {"Confusion matrix (photos)", "In truth", "The model's answer", "50.0 %"} <= words
