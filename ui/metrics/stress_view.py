"""Hard cases, from the stress card: how accuracy falls as pictures get worse."""

from __future__ import annotations

import json
import math
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from maskcore.models import models_dir
from training.measuring import stress_card
from training.measuring.stress_card import BREAKS_BELOW, below
from ui.metrics.charts import CLASS_TITLES, COLOUR, GREY, Drawn, show_chart, spaced
from ui.words import day, percent, with_interval

STRESS_FILE = "stress.json"
_LIMIT = percent(BREAKS_BELOW, 0)
# A class so much below all faces together is named beside them.
FAR = 0.05
FIGURES = dict(
    zip(
        stress_card.FIGURES,
        ("All faces", CLASS_TITLES["Mask"], CLASS_TITLES["No Mask"]),
        strict=True,
    )
)
_POINT_COLOURS = (GREY, COLOUR["Mask"], COLOUR["No Mask"])
_POINT_SHAPES = ("circle", "triangle-up", "triangle-down")
_BELOW = "#e08a1e"
# What cards call "bare faces", as short as a label on the chart has to be.
_BARE = "without a mask"
# A change's name where the strongest level alone breaks the model; else its levels are named.
_STRONG = {
    "small face": "very small faces",
    "blur": "strong blur",
    "noise": "strong noise",
    "darkness": "near darkness",
    "JPEG": "strong JPEG compression",
}
# How a change is called by its one level.
_LEVELS = {
    "turned head": "head turned by {}",
    "shifted box": "box shifted by {}",
    "hand": "hand {}",
    "scarf": "scarf {}",
    "beard": "{} beard",
    "mask": "{} mask",
}


def read_stress(model: str) -> dict[str, Any] | None:
    """A model's stress card; None where it is missing or damaged."""
    try:
        card = json.loads((models_dir() / model / STRESS_FILE).read_text(encoding="utf-8"))
        rows = [
            {
                "change": str(row["change"]),
                "level": str(row["level"]).replace("bare faces", _BARE),
                **{
                    name: {key: row[name][key] for key in ("value", "interval")} for name in FIGURES
                },
            }
            for row in card["rows"]
        ]
        return {**{key: card[key] for key in ("created", "command", "count")}, "rows": rows}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def where_it_breaks(rows: list[dict[str, Any]]) -> str:
    """The changes under which accuracy, of all faces or of one class, falls too low: a short list.

    A class far lower than all faces together is named with its figure.
    """
    broken: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if below(row):
            broken.setdefault(row["change"], []).append(row)
    if not broken:
        return (
            f"Accuracy stays at {_LIMIT} or more under all these changes, on faces with and"
            " without a mask."
        )
    said = (
        _broken_change(change, of_change, [row for row in rows if row["change"] == change])
        for change, of_change in broken.items()
    )
    return f"Below {_LIMIT}: {', '.join(said)}."


def _broken_change(
    change: str, broken: list[dict[str, Any]], of_change: list[dict[str, Any]]
) -> str:
    """One change, e.g. "strong blur"; its levels where it is not the strongest alone."""
    levels = [_unbroken(row["level"]) for row in broken]
    if change in _STRONG and broken == of_change[-1:] and len(of_change) > 1:
        said = _STRONG[change]
    elif change in _LEVELS and len(levels) == 1:
        said = _LEVELS[change].format(_without_class(levels[0]))
    else:
        said = f"{change} ({', '.join(map(_without_class, levels))})"
    worst = min(
        (
            (row[name]["value"], name)
            for row in broken
            if "accuracy" in below(row)
            for name in _far(row)
        ),
        default=None,
    )
    if worst is None:
        return said
    return f"{said} ({FIGURES[worst[1]].lower()} even {percent(worst[0], 0)})"


def _far(row: dict[str, Any]) -> list[str]:
    """The classes that are far below all faces together."""
    return [name for name in below(row) if row["accuracy"]["value"] - row[name]["value"] >= FAR]


def _without_class(level: str) -> str:
    """A level without the one class that it is of."""
    return level.removesuffix(", masked faces").removesuffix(f", {_BARE}")


def _unbroken(text: str) -> str:
    """With each number and its per cent sign on the same line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def stress_rows(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows of a stress card as people read them."""
    return [
        {
            "Change": row["change"],
            "Level": row["level"],
            "Accuracy": with_interval(row["accuracy"]),
            "Mask: right": percent(row["recall_mask"]["value"]),
            "No Mask: right": percent(row["recall_no_mask"]["value"]),
        }
        for row in rows
    ]


def stress_chart(rows: list[dict[str, Any]]) -> alt.LayerChart:
    """Accuracy under each change, with its interval, and that of each class.

    A row with one of them below ``BREAKS_BELOW`` is shaded.
    """
    marks = pd.DataFrame(_marks(rows))
    names = list(dict.fromkeys(marks["name"]))
    scale = alt.Scale(domain=[axis_start(list(marks["from"])), 1], nice=False)
    base = alt.Chart(marks).encode(
        y=alt.Y(
            "name:N",
            title=None,
            scale=alt.Scale(domain=names),
            # Each row keeps its name, also where Vega would leave out every other one.
            axis=alt.Axis(labelLimit=200, labelOverlap=False, labelFlush=False, grid=True),
        ),
        x=alt.X(
            "value:Q",
            title="Photos called rightly",
            scale=scale,
            axis=alt.Axis(format=".0%", tickCount=5, grid=True),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Change"),
            alt.Tooltip("of:N", title="Of"),
            alt.Tooltip("value:Q", title="Called rightly", format=".1%"),
            alt.Tooltip("low:Q", title="95 % interval from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
        ],
    )
    everyone = base.transform_filter(alt.datum.of == FIGURES["accuracy"])
    shades = everyone.transform_filter("datum.below").mark_rect(color=_BELOW, opacity=0.25)
    shades = shades.encode(x=alt.XDatum(scale.domain[0], scale=scale), x2=alt.X2Datum(1))
    intervals = everyone.mark_rule(strokeWidth=2, opacity=0.7, color=GREY).encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q"
    )
    # Points need no axis from 0, as bars would: 94 % and 99 % stand apart. They are one above the
    # other, as the three are often the same.
    points = [
        base.transform_filter(alt.datum.of == of)
        .mark_point(filled=True, size=size, opacity=1, yOffset=offset)
        .encode(
            color=alt.Color("of:N", title=None, scale=_scale(_POINT_COLOURS), legend=_legend()),
            shape=alt.Shape("of:N", title=None, scale=_scale(_POINT_SHAPES), legend=_legend()),
        )
        for of, size, offset in zip(FIGURES.values(), (70, 50, 50), (0, -7, 7), strict=True)
    ]
    limit = (
        alt.Chart(pd.DataFrame({"limit": [BREAKS_BELOW]}))
        .mark_rule(strokeDash=[5, 4], color=_BELOW)
        .encode(x=alt.X("limit:Q", scale=scale))
    )
    return spaced(
        alt.layer(shades, limit, intervals, *points).properties(
            height=alt.Step(24), title="Accuracy on changed test photos"
        )
    )


def _scale(values: tuple[str, ...]) -> alt.Scale:
    return alt.Scale(domain=list(FIGURES.values()), range=list(values))


def _legend() -> alt.Legend:
    # Below each other: side by side they are cut on a phone.
    return alt.Legend(orient="top", columns=1, padding=0, offset=8)


def _marks(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A mark for each figure that each row has; "from" is the lowest that is drawn of it."""
    marks = []
    for row in rows:
        for name, of in FIGURES.items():
            value, interval = row[name]["value"], row[name]["interval"]
            if value is None:
                continue
            low, high = interval or (value, value)
            marks.append(
                {
                    "name": f"{row['change']}, {row['level']}",
                    "of": of,
                    "value": value,
                    "low": low,
                    "high": high,
                    # The classes' intervals would hide one another.
                    "from": low if name == "accuracy" else value,
                    "below": bool(below(row)),
                }
            )
    return marks


def axis_start(lows: list[float]) -> float:
    """Where the axis begins: at 90 %, or lower in steps of 10 where an interval reaches lower."""
    return min(math.floor(min(lows, default=1.0) * 10) / 10, 0.9)


def show_stress(model: str, own: bool) -> None:
    """Chart and table of the stress card.

    Args:
        model: the mask model's name.
        own: whether the page is about the visitor's photos, which these figures are not of.
    """
    card = read_stress(model)
    if card is None or not _marks(card["rows"]):
        st.info(
            "There are no figures on hard cases: nobody has measured how this model fares with"
            " small, blurred, dark or covered faces."
        )
        return
    rows = card["rows"]
    others = (
        "These figures are of the test photos that Masklens was measured on, not of your photos. "
        if own
        else ""
    )
    st.caption(f"{others}Judged at the model's own threshold, whatever is chosen under “Figures”.")
    st.header(where_it_breaks(rows), anchor=False)
    meaning = _meaning(rows, card["count"])
    show_chart(Drawn(stress_chart(rows), meaning, pd.DataFrame(stress_rows(rows)), "stress"))
    date = day(str(card["created"]))
    st.caption(f"Measured{f' on {date}' if date else ''} by `{card['command']}`.")


def _meaning(rows: list[dict[str, Any]], count: int) -> str:
    """What the chart shows, in words."""
    shaded = sum(bool(below(row)) for row in rows)
    if shaded:
        where = "in the shaded row" if shaded == 1 else f"in each of the {shaded} shaded rows"
        marked = f"{where} at least one of the three is below {_LIMIT}, the dashed line"
    else:
        marked = f"none is below {_LIMIT}, the dashed line"
    return (
        f"Each circle is the accuracy on the same {count} test photos, changed as written beside"
        " it (one class alone where it says so), its line the 95 % interval; the triangles are"
        f" faces with and faces without a mask alone; {marked}. The axis does not begin at 0: at"
        " 50 % it would be guessing."
    )
