"""What all charts of figures share: colours, names, how shares are written, how they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import altair as alt
import pandas as pd
import streamlit as st

from maskcore.drawing import COLOURS
from training.metrics import CLASS_NAMES

COLOUR = {name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in COLOURS.items()}
CLASS_TITLES = {"Mask": "Masked faces", "No Mask": "Faces without a mask"}
# The theme's in a light page.
BLUE = "#0b6799"
GREY = "#808a92"
HEIGHT = 300
# Blue and orange first: told apart by the colour-blind, readable on light and dark.
SERIES = ("#3f8fc4", "#c06f0c", "#2f9e77", "#c25b9b", "#8a6fd1", "#8f7400", "#d1493f", "#6b7a86")
_Chart = TypeVar("_Chart", alt.Chart, alt.LayerChart)


@dataclass(frozen=True)
class Drawn:
    """A chart for those who see it and for those who do not.

    Attributes:
        chart: with a title and titled axes.
        meaning: what it says, in a plain sentence.
        table: its figures, columns named for people.
        key: unique on the page.
        said: its figures in words, for files, in which no table stands beside it.
    """

    chart: Any
    meaning: str
    table: pd.DataFrame
    key: str
    said: Iterable[str] = ()


def show_chart(drawn: Drawn) -> None:
    """Show a chart for those who see it and for those who do not."""
    st.altair_chart(drawn.chart, width="stretch", alt=drawn.meaning, key=f"chart-{drawn.key}")
    st.caption(drawn.meaning)
    with st.expander("As a table", key=f"table-{drawn.key}"):
        height = "auto" if len(drawn.table) > 8 else "content"
        st.dataframe(drawn.table, hide_index=True, height=height)


def spaced(chart: _Chart) -> _Chart:
    """The chart with its shares written as everywhere else, "50 %": Vega leaves no space."""
    number = alt.NumberLocale(
        decimal=".", thousands=",", grouping=[3], currency=["", ""], percent="\u00a0%"
    )
    return chart.configure(locale=alt.Locale(number=number))


def class_colour() -> alt.Color:
    """Blue for masks, orange for bare faces, as the boxes in photos have them."""
    names = list(reversed(CLASS_NAMES))
    return alt.Color(
        "class:N",
        title="The face in truth",
        scale=alt.Scale(domain=names, range=[COLOUR[name] for name in names]),
        legend=alt.Legend(orient="bottom"),
    )
