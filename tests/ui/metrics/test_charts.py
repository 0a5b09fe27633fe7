"""The charts of the Metrics page: what a caption says of lines and marks is what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui.metrics import charts, compare_view
from ui.metrics.charts import history_chart, spaced
from ui.metrics.judged import judged_parts

ROWS = [
    {"model": "A", "stage": "training", "epoch": epoch, "photos": photos, "value": 0.9}
    for epoch in (1, 2)
    for photos in ("learned from", "held back")
]
STEP = {"mean_probability": 0.5, "masked_share": 0.5, "count": 1}
BAR = {"from": 0, "to": 0.1, "count": 1, "class": "Mask"}


def encodings(spec: dict[str, Any], channel: str) -> list[dict[str, Any]]:
    layers = spec.get("layer", [spec])
    return [layer["encoding"][channel] for layer in layers if channel in layer["encoding"]]


def test_a_solid_line_is_of_photos_learned_from_and_a_dashed_one_of_those_held_back() -> None:
    (dashes,) = encodings(history_chart(ROWS, "Share", "Accuracy").to_dict(), "strokeDash")
    assert dashes["field"] == "photos"
    drawn = dict(zip(dashes["scale"]["domain"], dashes["scale"]["range"], strict=True))
    stroke, gap = drawn["learned from"]
    assert stroke and not gap
    stroke, gap = drawn["held back"]
    assert stroke and gap
    # The legend shows them as they are, with room for both on a phone.
    assert dashes["legend"]["symbolType"] == "stroke"
    history = [{"accuracy": 0.5, "val_accuracy": 0.6, "stage": "training", "epoch": 1}]
    assert [row["photos"] for row in compare_view._rows("A", history, "accuracy")] == list(drawn)
    assert compare_view._LINES == ("Solid: on photos it learns from, dashed: on photos held back.")


def test_the_two_legends_of_a_training_curve_do_not_stand_side_by_side() -> None:
    spec = history_chart(ROWS, "Share", "Accuracy").to_dict()
    places = [encodings(spec, name)[0]["legend"]["orient"] for name in ("color", "strokeDash")]
    assert sorted(places) == ["bottom", "top"]


def test_a_training_curve_shows_shares_in_percent_and_two_colours_of_its_own() -> None:
    rows = [*ROWS, *({**row, "model": "B"} for row in ROWS)]
    spec = history_chart(rows, "Share", "Accuracy", shares=True).to_dict()
    assert encodings(spec, "y")[0]["axis"]["format"] == ".0%"
    (value,) = [tip for tip in encodings(spec, "tooltip")[0] if tip["field"] == "value"]
    assert (value["title"], value["format"]) == ("Share", ".1%")
    scale = encodings(spec, "color")[0]["scale"]
    # In the order given, the page's: without a range the theme's two blues would be taken.
    assert scale["domain"] == ["A", "B"]
    assert scale["range"] == list(charts.SERIES[:2])
    loss = history_chart(rows, "Loss", "Loss").to_dict()
    assert "%" not in str([encodings(loss, channel) for channel in ("y", "tooltip")])


@pytest.mark.parametrize(
    ("figure", "said"), [("accuracy", ["86.4\xa0%", "98.2\xa0%"]), ("loss", ["0.864", "0.982"])]
)
def test_the_table_of_a_training_curve_is_named_for_its_figure(
    figure: str, said: list[str]
) -> None:
    history = [{figure: 0.8636, f"val_{figure}": 0.9816, "stage": "training", "epoch": 1}]
    table = compare_view._history_table(compare_view._rows("A", history, figure), figure)
    assert list(table) == ["Model", "Epoch", "Photos", figure.capitalize(), "Stage"]
    assert list(table[figure.capitalize()]) == said


@pytest.mark.parametrize(
    "chart",
    [
        charts.reliability_chart([STEP], "photos"),
        charts.histogram_chart([BAR], 0.5, "photos"),
        history_chart(ROWS, "Share", "Accuracy"),
    ],
)
def test_shares_on_axes_have_a_space_before_the_sign(chart: Any) -> None:
    assert chart.to_dict()["config"]["locale"]["number"]["percent"] == "\N{NO-BREAK SPACE}%"
    assert spaced(chart).to_dict()["config"]["locale"]["number"]["decimal"] == "."


@pytest.mark.parametrize("things", ["photos", "faces"])
def test_a_chart_names_what_it_counts(things: str) -> None:
    for chart in (
        charts.confusion_chart([[1, 0], [0, 1]], things),
        charts.reliability_chart([STEP], things),
        charts.histogram_chart([BAR], 0.5, things),
    ):
        said = str(chart.to_dict()).lower()
        assert things in said
        assert ({"photos", "faces"} - {things}).pop() not in said


def test_what_cannot_be_drawn_is_said_above_what_is(
    make_report: Callable[..., dict[str, Any]],
) -> None:
    report = make_report([1, 1], [0.9, 0.2])
    faces = replace(judged_parts("first", report)["test"], things="faces")
    page = AppTest.from_string(
        "import streamlit as st; from ui.metrics.curve_view import show_curves;"
        " show_curves(st.session_state.faces, 0.5)"
    )
    page.session_state["faces"] = faces
    page.run()
    assert not page.exception
    assert page.main.children[0] == page.info[0]
    assert "need faces of both classes" in page.info[0].value
    assert len(page.get("vega_lite_chart")) == 2
    assert "photos" not in str([caption.value for caption in page.caption])
    assert "Faces" in page.dataframe[0].value
