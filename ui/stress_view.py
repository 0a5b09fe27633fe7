"""The stress card: how accuracy falls as pictures get worse."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from maskcore.models import models_dir
from ui.chart_box import show_chart
from ui.judged import percent, with_interval

STRESS_FILE = "stress.json"
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


def where_it_breaks(rows: list[dict[str, Any]], limit: float = 0.95) -> str:
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


def stress_chart(rows: list[dict[str, Any]]) -> alt.Chart:
    """Accuracy under each change, a bar a level, grouped by the change."""
    flat = [
        {
            "change": row["change"],
            "name": f"{row['change']}, {row['level']}",
            "accuracy": row["accuracy"]["value"],
        }
        for row in rows
        if row["accuracy"]["value"] is not None
    ]
    names = [row["name"] for row in flat]
    return (
        alt.Chart(pd.DataFrame(flat))
        .mark_bar(height={"band": 0.8})
        .encode(
            y=alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=220)),
            x=alt.X(
                "accuracy:Q",
                title="Photos called rightly",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%"),
            ),
            color=alt.Color("change:N", legend=None),
            tooltip=[
                alt.Tooltip("name:N", title="Change"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            ],
        )
        .properties(height=alt.Step(20), title="Accuracy on changed test photos (share of photos)")
    )


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
        f"Each bar is the accuracy on the same {card['count']} test photos, changed as written"
        " beside it (bare faces alone where it says so). At 50 % it would be guessing.",
        table,
        "stress",
    )
    st.caption(f"Measured {str(card['created'])[:10]} by `{card['command']}`.")
