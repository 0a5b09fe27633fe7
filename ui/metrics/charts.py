"""The charts of a classifier's figures, made of data: no drawing on the page here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import altair as alt
import pandas as pd

from maskcore.drawing import COLOURS
from training.metrics import CLASS_NAMES

CELL = "cell"  # the selection's name in the confusion matrix
COLOUR = {name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in COLOURS.items()}
CLASS_TITLES = {"Mask": "Masked faces", "No Mask": "Bare faces"}
# Dark enough for white figures on them, in a light page and in a dark one.
_RIGHT, _WRONG, _FEW = "#0b6799", "#a8451b", "#5b6770"
GREY = "#808a92"
_HEIGHT = 300
# Blue and orange first: told apart by the colour-blind, readable on light and dark.
SERIES = ("#3f8fc4", "#e08a1e", "#2f9e77", "#c25b9b", "#8a6fd1", "#c9a400", "#d1493f", "#6b7a86")
# Which photos a training curve is of, and the dashes of its line: none, or strokes and gaps.
DASHES = {"learned from": [1, 0], "held back": [6, 4]}
_Chart = TypeVar("_Chart", alt.Chart, alt.LayerChart)


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


def confusion_rows(confusion: Sequence[Sequence[int]]) -> pd.DataFrame:
    """A row a cell of a confusion matrix (rows truth, columns answer, as in CLASS_NAMES)."""
    rows = []
    for truth, counts in zip(CLASS_NAMES, confusion, strict=True):
        for answer, count in zip(CLASS_NAMES, counts, strict=True):
            share = count / sum(counts) if sum(counts) else 0.0
            rows.append(
                {
                    "truth": truth,
                    "answer": answer,
                    "count": count,
                    "share": share,
                    "right": truth == answer,
                    "text": f"{count}",
                    "percent": f"{share * 100:.1f} %" if sum(counts) else "–",
                }
            )
    return pd.DataFrame(rows)


def confusion_chart(confusion: Sequence[Sequence[int]], things: str) -> alt.LayerChart:
    """The confusion matrix as four tiles that can be clicked: count and share of the row.

    Args:
        confusion: counts, rows truth, columns answer, as in CLASS_NAMES.
        things: what is counted, as ``Judged.things`` names it; so in the charts below.
    """
    rows = confusion_rows(confusion)
    chosen = alt.selection_point(name=CELL, fields=["truth", "answer"], toggle=False, empty=False)
    order = list(reversed(CLASS_NAMES))
    base = alt.Chart(rows).encode(
        x=alt.X("answer:N", title="The model's answer", sort=order, axis=_cell_axis(0)),
        y=alt.Y("truth:N", title="In truth", sort=order, axis=_cell_axis(-90)),
    )
    tiles = (
        base.mark_rect(cornerRadius=4, cursor="pointer", strokeWidth=4)
        .encode(
            # White figures stay readable on an empty tile, too.
            color=alt.condition(
                "datum.right || datum.count == 0",
                alt.Color(
                    "share:Q", scale=alt.Scale(domain=[0, 1], range=[_FEW, _RIGHT]), legend=None
                ),
                alt.value(_WRONG),
            ),
            stroke=alt.condition(chosen, alt.value("#f0b429"), alt.value("transparent")),
            tooltip=[
                alt.Tooltip("truth:N", title="In truth"),
                alt.Tooltip("answer:N", title="Answer"),
                alt.Tooltip("count:Q", title=things.capitalize()),
                alt.Tooltip("percent:N", title="Of this row"),
            ],
        )
        .add_params(chosen)
    )
    # Without tooltips, so that clicks go through them to the tiles.
    figures = base.mark_text(dy=-8, fontSize=26, fontWeight="bold", color="white").encode(
        text="text:N"
    )
    shares = base.mark_text(dy=18, fontSize=14, color="white").encode(text="percent:N")
    return alt.layer(tiles, figures, shares).properties(
        height=_HEIGHT, title=f"Confusion matrix ({things})"
    )


def _cell_axis(angle: int) -> alt.Axis:
    return alt.Axis(labelAngle=angle, labelFontSize=13, titleFontSize=13, ticks=False, domain=False)


def curve_chart(
    points: Sequence[Mapping[str, float]],
    current: Mapping[str, float | None],
    x: tuple[str, str],
    y: tuple[str, str],
    title: str,
) -> alt.LayerChart:
    """A curve over all thresholds with the point of the current one.

    Args:
        points: shares 0..1 under the names of ``x`` and ``y``, and "threshold".
        current: the same of the current threshold; None where it has no such point.
        x, y: (field, axis title) each.
        title: the chart's.
    """
    there = current[x[0]] is not None and current[y[0]] is not None
    corner = (_corner(x[0]), (0.8, 1.0)) if in_corner(current, x[0], y[0]) else None
    x_domain, y_domain = corner or ((0.0, 1.0), (0.0, 1.0))

    def axes(**more: Any) -> dict[str, Any]:
        return {
            "x": alt.X(
                f"{x[0]}:Q",
                title=x[1],
                scale=alt.Scale(domain=x_domain, nice=False),
                axis=alt.Axis(format=".0%"),
            ),
            "y": alt.Y(
                f"{y[0]}:Q",
                title=y[1],
                scale=alt.Scale(domain=y_domain, nice=False),
                axis=alt.Axis(format=".0%"),
            ),
            "tooltip": [
                alt.Tooltip("threshold:Q", title="Threshold", format=".0%"),
                alt.Tooltip(f"{x[0]}:Q", title=x[1], format=".1%"),
                alt.Tooltip(f"{y[0]}:Q", title=y[1], format=".1%"),
            ],
            **more,
        }

    # As their areas are computed: between photos of equal probability the ROC curve is a slope,
    # and average precision takes each step at the height it leads to.
    between = "linear" if x[0] == "false_positive_rate" else "step-before"
    line = (
        alt.Chart(pd.DataFrame(points))
        .mark_line(interpolate=between, color=COLOUR["Mask"], clip=True, strokeWidth=2.5)
        .encode(**axes(order=alt.Order("threshold:Q", sort="descending")))
    )
    point = (
        alt.Chart(pd.DataFrame([current] if there else [], columns=list(current)))
        .mark_point(filled=True, size=140, color=COLOUR["No Mask"], clip=False, opacity=1)
        .encode(**axes())
    )
    return spaced(alt.layer(line, point).properties(height=_HEIGHT, title=title))


def in_corner(current: Mapping[str, float | None], x: str, y: str) -> bool:
    """Whether a curve is shown enlarged: a good model's hugs a corner, where its point lies then.

    Args:
        current: as ``curve_chart`` takes it.
        x, y: the fields.
    """
    at_x, at_y = current[x], current[y]
    low, high = _corner(x)
    return at_x is not None and at_y is not None and low <= at_x <= high and at_y >= 0.8


def _corner(x: str) -> tuple[float, float]:
    return (0.0, 0.2) if x == "false_positive_rate" else (0.8, 1.0)


def reliability_chart(steps: Sequence[Mapping[str, float]], things: str) -> alt.LayerChart:
    """What the model says against what is true, by steps of its probability."""
    counted = things.capitalize()
    axis = alt.Axis(format=".0%")
    scale = alt.Scale(domain=[0, 1])
    ideal = (
        alt.Chart(pd.DataFrame({"mean_probability": [0.0, 1.0], "masked_share": [0.0, 1.0]}))
        .mark_line(strokeDash=[5, 5], color=GREY)
        .encode(x="mean_probability:Q", y="masked_share:Q")
    )
    points = (
        alt.Chart(pd.DataFrame(steps))
        .mark_circle(color=COLOUR["Mask"], opacity=0.9)
        .encode(
            x=alt.X("mean_probability:Q", title="Probability of a mask", scale=scale, axis=axis),
            y=alt.Y("masked_share:Q", title=f"{counted} with a mask", scale=scale, axis=axis),
            size=alt.Size(
                "count:Q",
                title=counted,
                scale=alt.Scale(type="sqrt", range=[40, 500]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("mean_probability:Q", title="Probability, on average", format=".1%"),
                alt.Tooltip("masked_share:Q", title="With a mask", format=".1%"),
                alt.Tooltip("count:Q", title=counted),
            ],
        )
    )
    return spaced(
        alt.layer(ideal, points).properties(height=_HEIGHT, title="Probabilities and what is true")
    )


def histogram_chart(
    rows: Sequence[Mapping[str, Any]], threshold: float, things: str
) -> alt.LayerChart:
    """Photos by probability and class; few beside many stay visible by a root scale."""
    counted = things.capitalize()
    bars = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(opacity=0.75)
        .encode(
            x=alt.X(
                "from:Q",
                bin="binned",
                title="Probability of a mask",
                axis=alt.Axis(format=".0%", tickCount=10),
            ),
            x2="to:Q",
            y=alt.Y(
                "count:Q",
                title=f"{counted} (root scale)",
                stack=None,
                scale=alt.Scale(type="sqrt"),
            ),
            color=class_colour(),
            tooltip=[
                alt.Tooltip("class:N", title="In truth"),
                alt.Tooltip("from:Q", title="From", format=".0%"),
                alt.Tooltip("to:Q", title="To", format=".0%"),
                alt.Tooltip("count:Q", title=counted),
            ],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"threshold": [threshold]}))
        .mark_rule(strokeDash=[5, 4], strokeWidth=2, color=GREY)
        .encode(
            x="threshold:Q", tooltip=[alt.Tooltip("threshold:Q", title="Threshold", format=".0%")]
        )
    )
    return spaced(
        alt.layer(bars, rule).properties(
            height=_HEIGHT, title=f"{counted} by probability of a mask"
        )
    )


def history_chart(
    rows: Sequence[Mapping[str, Any]], figure: str, title: str, shares: bool = False
) -> alt.LayerChart:
    """A training curve.

    Args:
        rows: "epoch" from 1, "value", "photos" (one of ``DASHES``), "stage", "model".
        figure: the y axis' title.
        title: the chart's.
        shares: whether the values are shares 0..1, shown in percent.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    # Without the smallest step a flat curve has the same label twice.
    axis = alt.Axis(format=".0%", tickMinStep=0.01) if shares else alt.Axis()
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
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
            scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())),
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
    return spaced(alt.layer(line, points).properties(height=_HEIGHT + 60, title=title))
