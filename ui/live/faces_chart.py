"""Faces in view over the last minutes, as a chart beside the live picture."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import pandas as pd
import streamlit as st

from maskcore.drawing import COLOURS
from maskcore.session import Second
from maskcore.types import Verdict
from ui.live.stream import LiveStream

# The chart shows the last minutes; the log has everything.
CHART_SECONDS = 180
_COLUMNS: dict[str, Verdict] = {"mask": "Mask", "no_mask": "No Mask", "not_sure": "Not sure"}


def show_chart(stream: LiveStream) -> None:
    """Faces in view over the last minutes, one kind upon the other."""
    rows = stream.log.rows()
    rows = [row for row in rows if row.seconds > rows[-1].seconds - CHART_SECONDS]
    if len(rows) < 2:
        return
    st.altair_chart(
        _chart(_with_pauses(rows)),
        width="stretch",
        # Always the same, or the chart is drawn from nothing at every update. How many there are
        # now stands above as text.
        alt=f"Faces in view over the last {CHART_SECONDS // 60} minutes: Mask, No Mask, Not sure",
    )


def _with_pauses(rows: list[Second]) -> list[Second]:
    """The rows, and one without faces where a pause begins."""
    shown = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        shown.append(row)
        if following is not None and following.seconds > row.seconds + 1:
            shown.append(replace(row, seconds=row.seconds + 1, mask=0, no_mask=0, not_sure=0))
    return shown


def _chart(rows: list[Second]) -> alt.Chart:
    table = pd.DataFrame(
        [
            {"second": row.seconds, "faces": getattr(row, column), "what": name, "order": order}
            for row in rows
            for order, (column, name) in enumerate(_COLUMNS.items())
        ]
    )
    most = int(table.groupby("second")["faces"].sum().max())
    colours = ["#{:02x}{:02x}{:02x}".format(*COLOURS[name]) for name in _COLUMNS.values()]
    chart: alt.Chart = (
        alt.Chart(table, title="Faces in view", height=280)
        # No line at the areas' edges: it would be drawn for kinds without a face as well.
        .mark_area(interpolate="step-after")
        .encode(
            x=alt.X(
                "second:Q",
                title="Seconds since the start",
                axis=alt.Axis(tickMinStep=1, format="d"),
                scale=alt.Scale(nice=False),
            ),
            y=alt.Y(
                "faces:Q",
                title="Faces",
                axis=alt.Axis(tickMinStep=1, format="d"),
                scale=alt.Scale(domainMin=0, domainMax=max(2, most)),
            ),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(domain=list(_COLUMNS.values()), range=colours),
                legend=alt.Legend(orient="bottom"),
            ),
            order=alt.Order("order:Q"),
        )
        .properties(usermeta={"embedOptions": {"actions": False}})
    )
    return chart
