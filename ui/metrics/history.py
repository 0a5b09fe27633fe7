"""How installed models were trained: loss and accuracy over the epochs of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from maskcore import MasklensError
from maskcore.models import read_report
from ui.metrics.charts import GREY, HEIGHT, SERIES, Drawn, show_chart, spaced
from ui.metrics.learning_curves import HARDER_TO_LEARN
from ui.metrics.provenance import title_with_run
from ui.words import percent, plain

_FIGURES = {
    "accuracy": ("Share of photos right", "Accuracy, epoch by epoch"),
    "loss": ("Loss (lower is better)", "Loss, epoch by epoch"),
}
_LINES = "Solid: on photos it learns from, dashed: on photos held back."
_BY_HEART = {
    "accuracy": "It learns by heart where the dashed line falls while the solid one still rises.",
    "loss": "It learns by heart where the dashed line rises while the solid one still falls.",
}
# Which photos a curve is of, and the dashes of its line: none, or strokes and gaps.
_DASHES = {"learned from": [1, 0], "held back": [6, 4]}


def history_of(model: str) -> list[dict[str, Any]]:
    """The epochs of the run that made a model; empty where its report has none."""
    try:
        history = read_report(model).get("history")
    except MasklensError:
        return []
    if not isinstance(history, list):
        return []
    return [epoch for epoch in history if isinstance(epoch, dict) and "epoch" in epoch]


def show_history(models: list[str]) -> None:
    """Training curves of the runs that made these models."""
    st.subheader("How they were trained" if len(models) > 1 else "How it was trained", anchor=False)
    histories = {title_with_run(name): history_of(name) for name in models}
    for title, history in histories.items():
        if not history:
            st.caption(f"The run that made {plain(title)} left no record of its epochs.")
    if any(histories.values()):
        st.caption(f"{HARDER_TO_LEARN} So the solid line is often the worse one.")
    places = st.columns(2, gap="medium")
    for place, (figure, (axis, name)) in zip(places, _FIGURES.items(), strict=True):
        rows = [
            row for title, history in histories.items() for row in _rows(title, history, figure)
        ]
        if rows:
            with place:
                show_chart(
                    Drawn(
                        history_chart(rows, axis, name, shares=figure == "accuracy"),
                        f"{_LINES} {_BY_HEART[figure]}",
                        _history_table(rows, figure),
                        f"history-{figure}",
                    )
                )


def _history_table(rows: list[dict[str, Any]], figure: str) -> pd.DataFrame:
    """The rows of a training curve for people, the figure's column named for it."""
    # What is needed least stands last, where a phone hides it.
    table = pd.DataFrame(rows, columns=["model", "epoch", "photos", "value", "stage"])
    table["value"] = [
        percent(value) if figure == "accuracy" else f"{value:.3f}" for value in table["value"]
    ]
    return table.rename(columns={"value": figure}).rename(columns=str.capitalize)


def _rows(title: str, history: list[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    return [
        {
            "model": title,
            "stage": epoch.get("stage", ""),
            "epoch": number,
            "photos": photos,
            "value": epoch[name],
        }
        for number, epoch in enumerate(history, 1)
        for name, photos in ((figure, "learned from"), (f"val_{figure}", "held back"))
        if isinstance(epoch.get(name), int | float)
    ]


def history_chart(
    rows: Sequence[Mapping[str, Any]], figure: str, title: str, shares: bool = False
) -> alt.LayerChart:
    """A training curve.

    Args:
        rows: "epoch" from 1, "value", "photos" (one of ``_DASHES``), "stage", "model".
        figure: the y axis' title.
        title: the chart's.
        shares: whether the values are shares 0..1, shown in percent.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    # Without the smallest step a flat curve has the same label twice.
    axis = alt.Axis(format=".0%", tickMinStep=0.01) if shares else alt.Axis()
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "epoch:Q",
            title="Epoch",
            axis=alt.Axis(tickMinStep=1, format="d"),
            # There is no epoch 0.
            scale=alt.Scale(domain=[1, max(2, *(row["epoch"] for row in rows))], nice=False),
        ),
        y=alt.Y("value:Q", title=figure, scale=alt.Scale(zero=False), axis=axis),
        # Above and below, each at the left edge: side by side they are cut on a phone.
        color=alt.Color(
            "model:N",
            title=None,
            scale=alt.Scale(domain=models, range=SERIES[: len(models)]),
            legend=alt.Legend(orient="bottom", columns=1, labelLimit=280, padding=0, offset=4),
        ),
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("photos:N", title="Photos"),
            alt.Tooltip("stage:N", title="Stage"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("value:Q", title=figure, format=".1%" if shares else ".3f"),
        ],
    )
    line = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "photos:N",
            title=None,
            # Without them Vega takes the names by the alphabet, and draws the second one dashed.
            scale=alt.Scale(domain=list(_DASHES), range=list(_DASHES.values())),
            legend=alt.Legend(
                orient="top",
                columns=2,
                symbolType="stroke",
                symbolSize=900,
                symbolStrokeWidth=2,
                symbolStrokeColor=GREY,
                padding=0,
                offset=8,
            ),
        )
    )
    # Alone in their layer, so that the legend of the dashes shows lines and no dots.
    points = base.mark_point(size=30, filled=True, opacity=1)
    return spaced(alt.layer(line, points).properties(height=HEIGHT + 60, title=title))
