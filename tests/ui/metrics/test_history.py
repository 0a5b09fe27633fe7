"""Training curves: what a caption says of their lines is what is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ui.metrics import history
from ui.metrics.charts import SERIES
from ui.metrics.history import history_chart, history_of

ROWS = [
    {"model": "A", "stage": "training", "epoch": epoch, "photos": photos, "value": 0.9}
    for epoch in (1, 2)
    for photos in ("learned from", "held back")
]


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
    epochs = [{"accuracy": 0.5, "val_accuracy": 0.6, "stage": "training", "epoch": 1}]
    assert [row["photos"] for row in history._rows("A", epochs, "accuracy")] == list(drawn)
    assert history._LINES == ("Solid: on photos it learns from, dashed: on photos held back.")


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
    assert scale["range"] == list(SERIES[:2])
    assert encodings(spec, "x")[0]["scale"]["domain"] == [1, 2]  # there is no epoch 0
    loss = history_chart(rows, "Loss", "Loss").to_dict()
    assert "%" not in str([encodings(loss, channel) for channel in ("y", "tooltip")])


@pytest.mark.parametrize(
    ("figure", "said"), [("accuracy", ["86.4\xa0%", "98.2\xa0%"]), ("loss", ["0.864", "0.982"])]
)
def test_the_table_of_a_training_curve_is_named_for_its_figure(
    figure: str, said: list[str]
) -> None:
    epochs = [{figure: 0.8636, f"val_{figure}": 0.9816, "stage": "training", "epoch": 1}]
    table = history._history_table(history._rows("A", epochs, figure), figure)
    assert list(table) == ["Model", "Epoch", "Photos", figure.capitalize(), "Stage"]
    assert list(table[figure.capitalize()]) == said


def test_history_is_empty_where_there_is_none(
    fake_models: Path, make_report: Callable[..., dict[str, Any]]
) -> None:
    assert history_of("first") == []
    path = fake_models / "first" / "report.json"
    for content in ({"history": None}, {"history": {}}, {"history": ["x", {}]}, {}):
        path.write_text(json.dumps(content))
        assert history_of("first") == []
    path.write_text(json.dumps({"history": [{"epoch": 1, "loss": 0.5}]}))
    assert history_of("first") == [{"epoch": 1, "loss": 0.5}]
