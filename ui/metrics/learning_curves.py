"""Loss and accuracy over the epochs, for one run, at work or long over, or for several at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import altair as alt
import pandas as pd
import streamlit as st

from training.background.run_curves import CurvePoint
from ui.metrics.charts import HEIGHT, SERIES
from ui.words import percent

PARTS = {"training": "Training photos", "validation": "Validation photos"}
FIGURES = {
    "loss": "**Loss**: how wrong the answers are; lower is better.",
    "accuracy": "**Accuracy**: share of right answers; higher is better.",
}


def show_curves(points: list[CurvePoint], epochs: int) -> None:
    """Loss and accuracy of one run, training and validation in one picture each.

    Args:
        points: of the run, in order; none for a run that has not begun to learn.
        epochs: of the whole run, so that the axis stays as it is while the curves grow.
    """
    table = _table({"": points})
    table["which"] = table["part"].map(PARTS)
    said = {figure: _in_words(points, figure) for figure in FIGURES}
    _show(table, list(PARTS.values()), epochs, said)


def explain_curves() -> None:
    """What ``show_curves`` shows, and what makes whoever sees the first ones wonder."""
    st.caption(
        "**Validation photos** are kept from learning, as a check. Where training goes on getting"
        " better and validation does not, the network is learning by heart. Validation is"
        " often ahead, and that is no fault. While it learns, the photos are changed at random"
        " (turned, darker, blurred) and parts of the network are switched off, which makes it"
        " harder. Besides, the training figure is the mean of an epoch in which it was still"
        " learning; validation is measured at its end."
    )


def show_curves_of_runs(runs: Mapping[str, list[CurvePoint]], part: str, epochs: int) -> None:
    """The same part's curves of several runs over one another.

    Args:
        runs: points by the runs' names, which are unique.
        part: "training" or "validation".
        epochs: of the longest run.
    """
    table = _table(runs)
    table = table[table["part"] == part]
    table["which"] = table["run"]
    what = f"{PARTS[part]} of {len(runs)} runs."
    said = {figure: f"{figure.capitalize()} on the {what}" for figure in FIGURES}
    _show(table, list(runs), epochs, said)


def _table(runs: Mapping[str, Iterable[CurvePoint]]) -> pd.DataFrame:
    rows = [
        {
            "run": run,
            # There is no epoch 0: what is known of the first while it runs stands at its end.
            "step": max(point.step, 1.0),
            "part": point.part,
            "loss": point.loss,
            "accuracy": None if point.accuracy is None else point.accuracy * 100,
        }
        for run, points in runs.items()
        for point in points
    ]
    columns = {"run": str, "step": float, "part": str, "loss": float, "accuracy": float}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _show(table: pd.DataFrame, order: list[str], epochs: int, said: Mapping[str, str]) -> None:
    """Both figures side by side; ``said`` has the text alternative of each."""
    for column, (figure, meaning) in zip(st.columns(2, gap="medium"), FIGURES.items(), strict=True):
        with column:
            chart = _chart(table, figure, order, epochs)
            st.altair_chart(chart, width="stretch", alt=said[figure])
            st.caption(meaning)


def _chart(table: pd.DataFrame, figure: str, order: list[str], epochs: int) -> alt.LayerChart:
    table = table[["step", figure, "which"]].dropna()
    title, unit = ("Loss", "Loss") if figure == "loss" else ("Accuracy", "Accuracy, %")
    base = alt.Chart(table).encode(
        x=alt.X(
            "step:Q",
            title="Epochs",
            axis=alt.Axis(tickMinStep=1, format="d"),
            scale=alt.Scale(domain=[1, max(epochs, 2)], nice=False),
        ),
        y=alt.Y(f"{figure}:Q", title=unit, scale=alt.Scale(domain=_domain(table[figure], figure))),
        color=alt.Color(
            "which:N",
            title=None,
            scale=alt.Scale(domain=order, range=SERIES[: len(order)]),
            # What people call their runs may be as wide as the chart.
            legend=alt.Legend(
                orient="bottom", labelLimit=240, columns=2 if order == list(PARTS.values()) else 1
            ),
        ),
        tooltip=[
            alt.Tooltip("which:N", title="Curve"),
            alt.Tooltip("step:Q", title="Epoch", format=".1f"),
            alt.Tooltip(f"{figure}:Q", title=unit, format=".3~f"),
        ],
    )
    points = base.mark_point(size=30, filled=True, opacity=1)
    return (base.mark_line(strokeWidth=2) + points).properties(
        title=title,
        height=HEIGHT,
        padding={"left": 0, "top": 5, "right": 12, "bottom": 0},
        usermeta={"embedOptions": {"actions": False}},
    )


def _domain(values: pd.Series[float], figure: str) -> list[float]:
    """Ends of the axis that move in large steps only, so that it keeps still."""
    if values.empty:
        return [0, 1] if figure == "loss" else [50, 100]
    if figure == "loss":
        return [0, max(0.2, math.ceil(values.max() * 5) / 5)]
    return [min(90, math.floor(values.min() / 10) * 10), 100]


def _in_words(points: list[CurvePoint], figure: str) -> str:
    """The text alternative: where each curve begins and ends."""
    sentences = []
    for part, name in PARTS.items():
        values = [v for p in points if p.part == part and (v := getattr(p, figure)) is not None]
        if values:
            first, last = (
                f"{value:.2f}" if figure == "loss" else percent(value)
                for value in (values[0], values[-1])
            )
            sentences.append(f"{name}: {figure} from {first} to {last}.")
    return " ".join(sentences) or f"There is no {figure} to show."
