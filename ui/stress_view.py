"""The stress card: how accuracy falls as pictures get worse."""

from __future__ import annotations

import json
import math
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from maskcore.models import models_dir
from ui.chart_box import show_chart
from ui.charts import spaced
from ui.judged import percent, with_interval

STRESS_FILE = "stress.json"
# Accuracy below this is said and shown.
LIMIT = 0.95
_ENOUGH, _BELOW = "#3f8fc4", "#e08a1e"
_CLASSES = {"recall_mask": "masked faces", "recall_no_mask": "bare faces"}


def read_stress(model: str) -> dict[str, Any] | None:
    """A model's stress card; None where it is missing or damaged."""
    try:
        card = json.loads((models_dir() / model / STRESS_FILE).read_text(encoding="utf-8"))
        rows = [
            {
                "change": str(row["change"]),
                "level": str(row["level"]),
                **{
                    name: {key: row[name][key] for key in ("value", "interval")}
                    for name in ("accuracy", "recall_mask", "recall_no_mask")
                },
            }
            for row in card["rows"]
        ]
        return {**{key: card[key] for key in ("created", "command", "count")}, "rows": rows}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def where_it_breaks(rows: list[dict[str, Any]], limit: float = LIMIT) -> str:
    """The changes under which accuracy, of all faces or of one class, falls below ``limit``."""
    broken: dict[str, list[str]] = {}
    for row in rows:
        low = {
            name: row[name]["value"] is not None and row[name]["value"] < limit
            for name in ("accuracy", *_CLASSES)
        }
        if low["accuracy"]:
            broken.setdefault(row["change"], []).append(row["level"])
            continue
        for name, faces in _CLASSES.items():
            if low[name]:
                broken.setdefault(row["change"], []).append(f"{row['level']}: {faces}")
    if not broken:
        return (
            f"Accuracy stays at {percent(limit, 0)} or more under all these changes, on masked and"
            " on bare faces."
        )
    said = "; ".join(f"{change} ({', '.join(levels)})" for change, levels in broken.items())
    return f"Accuracy falls below {percent(limit, 0)} under: {said}."


def stress_chart(rows: list[dict[str, Any]]) -> alt.LayerChart:
    """Accuracy under each change, a point with its interval; one below ``LIMIT`` stands out."""
    flat = []
    for row in rows:
        value, interval = row["accuracy"]["value"], row["accuracy"]["interval"]
        if value is not None:
            low, high = interval or (value, value)
            name = f"{row['change']}, {row['level']}"
            flat.append(
                {"name": name, "accuracy": value, "low": low, "high": high, "below": value < LIMIT}
            )
    scale = alt.Scale(domain=[axis_start([row["low"] for row in flat]), 1], nice=False)
    base = alt.Chart(pd.DataFrame(flat)).encode(
        y=alt.Y(
            "name:N",
            title=None,
            sort=[row["name"] for row in flat],
            # Each row keeps its name, also where Vega would leave out every other one.
            axis=alt.Axis(labelLimit=200, labelOverlap=False, labelFlush=False, grid=True),
        ),
        x=alt.X(
            "low:Q",
            title="Photos called rightly",
            scale=scale,
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=alt.condition("datum.below", alt.value(_BELOW), alt.value(_ENOUGH)),
        tooltip=[
            alt.Tooltip("name:N", title="Change"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            alt.Tooltip("low:Q", title="95 % interval from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
        ],
    )
    intervals = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x2="high:Q")
    # Points need no axis from 0, as bars would: 94 % and 99 % stand apart.
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("accuracy:Q", scale=scale),
        shape=alt.condition("datum.below", alt.value("diamond"), alt.value("circle")),
    )
    limit = (
        alt.Chart(pd.DataFrame({"limit": [LIMIT]}))
        .mark_rule(strokeDash=[5, 4], color=_BELOW)
        .encode(x=alt.X("limit:Q", scale=scale))
    )
    return spaced(
        alt.layer(limit, intervals, points).properties(
            height=alt.Step(20), title="Accuracy on changed test photos"
        )
    )


def axis_start(lows: list[float]) -> float:
    """Where the axis begins: at 90 %, or lower in steps of 10 where an interval reaches lower."""
    return min(math.floor(min(lows, default=1.0) * 10) / 10, 0.9)


def show_stress(model: str) -> None:
    """Chart and table of the stress card."""
    card = read_stress(model)
    if card is None or not card["rows"]:
        st.info(
            "This model has no stress card: nobody has measured how it fares with small, blurred,"
            " dark or covered faces."
        )
        return
    rows = card["rows"]
    st.subheader(where_it_breaks(rows), anchor=False)
    table = pd.DataFrame(
        [
            {
                "Change": row["change"],
                "Level": row["level"],
                "Accuracy": with_interval(row["accuracy"]),
                "Masked recognised": percent(row["recall_mask"]["value"]),
                "Bare recognised": percent(row["recall_no_mask"]["value"]),
            }
            for row in rows
        ]
    )
    show_chart(
        stress_chart(rows),
        _meaning(rows, card["count"]),
        table,
        "stress",
    )
    st.caption(f"Measured {str(card['created'])[:10]} by `{card['command']}`.")


def _meaning(rows: list[dict[str, Any]], count: int) -> str:
    """What the chart shows, in words."""
    values = [row["accuracy"]["value"] for row in rows]
    below = sum(value is not None and value < LIMIT for value in values)
    if below:
        one = "the orange diamond lies" if below == 1 else f"the {below} orange diamonds lie"
        marked = f"{one} below {percent(LIMIT, 0)}, the dashed line"
    else:
        marked = f"none lies below {percent(LIMIT, 0)}, the dashed line"
    return (
        f"Each point is the accuracy on the same {count} test photos, changed as written beside"
        f" it (bare faces alone where it says so), its line the 95 % interval; {marked}. The axis"
        " does not begin at 0: at 50 % it would be guessing."
    )
