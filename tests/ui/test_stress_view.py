"""The chart of hard cases: what falls below the limit can be seen, and nothing else stands out."""

from __future__ import annotations

from typing import Any

import pytest

from ui.stress_view import LIMIT, _meaning, axis_start, stress_chart


def row(change: str, value: float | None, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    figure = {"value": value, "interval": None if value is None else [low, high]}
    return {"change": change, "level": "as served", "accuracy": figure}


ROWS = [
    row("nothing", 0.996, 0.985, 0.999),
    row("blur", 0.94, 0.914, 0.958),
    row("hand", LIMIT, 0.93, 0.97),
    row("scarf", None),
]


def test_only_what_is_below_the_limit_has_another_colour_and_shape() -> None:
    spec = stress_chart(ROWS).to_dict()
    (table,) = [rows for rows in spec["datasets"].values() if "name" in rows[0]]
    assert {line["name"]: line["below"] for line in table} == {
        "nothing, as served": False,
        "blur, as served": True,
        "hand, as served": False,
    }
    (points,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    for channel in ("color", "shape"):
        encoding = points["encoding"][channel]
        assert encoding["condition"]["test"] == "datum.below"
        assert encoding["condition"]["value"] != encoding["value"]
    assert "legend" not in str(spec)


def test_the_axis_shows_every_interval_and_holds_no_bars() -> None:
    spec = stress_chart(ROWS).to_dict()
    # Bars cannot begin elsewhere than at 0.
    assert {layer["mark"]["type"] for layer in spec["layer"]} == {"point", "rule"}
    # Also where layers share an axis, one of them without a domain would bring the 0 back.
    assert all(layer["encoding"]["x"]["scale"]["domain"] == [0.9, 1] for layer in spec["layer"])
    names = [layer["encoding"]["y"] for layer in spec["layer"] if "y" in layer["encoding"]]
    assert names[0]["sort"] == ["nothing, as served", "blur, as served", "hand, as served"]
    assert names[0]["axis"]["labelOverlap"] is False


@pytest.mark.parametrize(
    ("lows", "start"), [([], 0.9), ([0.99], 0.9), ([0.97, 0.899], 0.8), ([0.0], 0.0)]
)
def test_the_axis_begins_in_steps_of_ten(lows: list[float], start: float) -> None:
    assert axis_start(lows) == pytest.approx(start)


def test_the_caption_says_what_stands_out() -> None:
    assert "; the orange diamond lies below 95 %, the dashed line." in _meaning(ROWS, 9)
    assert "; the 2 orange diamonds lie below 95 %" in _meaning([*ROWS, row("noise", 0.5)], 9)
    assert "; none lies below 95 %" in _meaning(ROWS[:1], 9)
    assert "The axis does not begin at 0" in _meaning(ROWS, 9)
