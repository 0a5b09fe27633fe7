"""The chart of hard cases: what falls below the limit can be seen, and nothing else stands out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskcore.models import models_dir
from training.measuring import stress_card
from training.measuring.stress_card import BREAKS_BELOW
from ui.metrics.charts import CLASS_TITLES
from ui.metrics.stress_view import (
    FIGURES,
    _meaning,
    axis_start,
    read_stress,
    stress_chart,
    where_it_breaks,
)


def figure(value: float | None, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "interval": None if value is None else [low, high]}


def row(
    change: str,
    value: float | None,
    low: float = 0.0,
    high: float = 1.0,
    *,
    masked: float | None = 0.99,
    bare: float | None = 0.99,
) -> dict[str, Any]:
    return {
        "change": change,
        "level": "as served",
        "accuracy": figure(value, low, high),
        "recall_mask": figure(masked, 0.5, 1.0),
        "recall_no_mask": figure(bare, 0.5, 1.0),
    }


ROWS = [
    row("nothing", 0.996, 0.985, 0.999),
    row("blur", 0.94, 0.914, 0.958, masked=0.97, bare=0.92),
    row("hand", BREAKS_BELOW, 0.93, 0.97, masked=BREAKS_BELOW, bare=BREAKS_BELOW),
    row("head", 0.96, 0.94, 0.97, masked=0.93),
    row("scarf", 0.97, 0.96, 0.98, masked=None, bare=0.97),
    row("nobody", None, masked=None, bare=None),
]


def marks(spec: dict[str, Any]) -> list[dict[str, Any]]:
    (table,) = [rows for rows in spec["datasets"].values() if "name" in rows[0]]
    return list(table)


def test_the_rows_that_the_sentence_names_are_the_shaded_ones() -> None:
    spec = stress_chart(ROWS).to_dict()
    assert {mark["name"]: mark["below"] for mark in marks(spec)} == {
        "nothing, as served": False,
        "blur, as served": True,
        "hand, as served": False,
        "head, as served": True,
        "scarf, as served": False,
    }
    (shades,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "rect"]
    assert {"filter": "datum.below"} in shades["transform"]
    assert where_it_breaks(ROWS) == ("Below 95\xa0%: blur (as served), head (as served).")
    assert where_it_breaks([ROWS[2]]).startswith("Accuracy stays at 95\xa0% or more")


def test_a_class_far_lower_than_all_faces_together_is_named() -> None:
    rows = [
        row("hand", 0.854, masked=0.72, bare=0.966),
        row("head", 0.94, masked=0.91, bare=0.965),
        {**row("blur", 0.9, masked=0.98, bare=0.81), "level": "8 % of the face"},
    ]
    # The level and the figures keep their per cent signs on the same line.
    assert where_it_breaks(rows) == (
        "Below 95_%: hand as served (masked faces even 72_%), head (as served),"
        " blur (8_% of the face) (faces without a mask even 81_%)."
    ).replace("_", "\N{NO-BREAK SPACE}")


def test_changes_are_called_as_people_call_them() -> None:
    levels = [
        ("blur", "2 %", 0.99),
        ("blur", "8 %", 0.94),
        ("noise", "20", 0.94),
        ("noise", "40", 0.93),
        ("turned head", "15 degrees", 0.99),
        ("turned head", "45 degrees", 0.94),
        ("beard", "full, without a mask", 0.9),
        ("mask", "dark, masked faces", 0.99),
        ("mask", "skin-coloured, masked faces", 0.94),
    ]
    rows = [{**row(change, value), "level": level} for change, level, value in levels]
    assert where_it_breaks(rows) == (
        "Below 95\xa0%: strong blur, noise (20, 40), head turned by 45 degrees, full beard,"
        " skin-coloured mask."
    )


def test_a_card_s_bare_faces_are_called_as_everywhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    (tmp_path / "first").mkdir()
    rows = [{**row("beard", 0.9), "level": "full, bare faces"}, row("blur", 0.99)]
    card = {"created": "", "command": "stress", "count": 9, "rows": rows}
    (tmp_path / "first" / "stress.json").write_text(json.dumps(card))
    read = read_stress("first")
    assert read is not None
    assert [r["level"] for r in read["rows"]] == ["full, without a mask", "as served"]
    assert where_it_breaks(read["rows"]) == "Below 95\xa0%: full beard."


def test_each_class_has_its_mark_colour_and_shape() -> None:
    spec = stress_chart(ROWS).to_dict()
    of_head = {m["of"]: m["value"] for m in marks(spec) if m["name"] == "head, as served"}
    assert of_head == {"All faces": 0.96, "Masked faces": 0.93, "Faces without a mask": 0.99}
    # A change that was made to bare faces alone has no mark of masked ones.
    of_scarf = {mark["of"] for mark in marks(spec) if mark["name"] == "scarf, as served"}
    assert of_scarf == {"All faces", "Faces without a mask"}
    points = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    assert len({layer["mark"]["yOffset"] for layer in points}) == len(points) == 3
    for channel in ("color", "shape"):
        for layer in points:
            scale = layer["encoding"][channel]["scale"]
            assert scale["domain"] == list(FIGURES.values())
            assert len(set(scale["range"])) == 3
            assert layer["encoding"][channel]["legend"]
    assert tuple(FIGURES) == stress_card.FIGURES
    assert set(CLASS_TITLES.values()) < set(FIGURES.values())


def test_the_axis_shows_every_mark_and_holds_no_bars() -> None:
    spec = stress_chart(ROWS).to_dict()
    # Bars cannot begin elsewhere than at 0.
    assert {layer["mark"]["type"] for layer in spec["layer"]} == {"point", "rule", "rect"}
    # Also where layers share an axis, one of them without a domain would bring the 0 back.
    domains = [layer["encoding"]["x"]["scale"]["domain"] for layer in spec["layer"]]
    assert domains == [[0.9, 1]] * len(domains)
    names = [layer["encoding"]["y"] for layer in spec["layer"] if "y" in layer["encoding"]]
    order = [f"{change}, as served" for change in ("nothing", "blur", "hand", "head", "scarf")]
    assert all(name["scale"]["domain"] == order for name in names)
    assert names[0]["axis"]["labelOverlap"] is False
    # A class may lie lower than all faces together.
    low = stress_chart([*ROWS, row("rain", 0.96, 0.95, 0.97, masked=0.72)]).to_dict()
    assert low["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0.7, 1]


@pytest.mark.parametrize(
    ("lows", "start"), [([], 0.9), ([0.99], 0.9), ([0.97, 0.899], 0.8), ([0.0], 0.0)]
)
def test_the_axis_begins_in_steps_of_ten(lows: list[float], start: float) -> None:
    assert axis_start(lows) == pytest.approx(start)


def test_the_caption_says_what_stands_out() -> None:
    assert "; in the shaded row at least one of the three is below 95\xa0%" in _meaning(ROWS[:3], 9)
    assert "; in each of the 2 shaded rows at least one of the three" in _meaning(ROWS, 9)
    assert "; none is below 95\xa0%" in _meaning(ROWS[:1], 9)
    assert "The axis does not begin at 0" in _meaning(ROWS, 9)


@pytest.mark.parametrize("own", [False, True])
def test_beside_own_photos_it_is_said_that_these_are_others(
    own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    model = next(path.parent.name for path in sorted(Path(models_dir()).glob("*/stress.json")))
    page = AppTest.from_string(
        f"from ui.metrics.stress_view import show_stress; show_stress({model!r}, own={own})",
        default_timeout=60,
    ).run()
    assert not page.exception
    assert any("not of your photos" in caption.value for caption in page.caption) is own
