"""The curves over all thresholds as charts, and how probabilities are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from ui.metrics.charts import COLOUR, GREY, HEIGHT, class_colour, spaced


def curve_chart(
    points: Sequence[Mapping[str, float]],
    current: Mapping[str, float | None],
    x: tuple[str, str],
    y: tuple[str, str],
    title: str,
    enlarged: bool,
) -> alt.LayerChart:
    """A curve over all thresholds with the point of the current one.

    Args:
        points: shares 0..1 under the names of ``x`` and ``y``, and "threshold".
        current: the same of the current threshold; None where it has no such point.
        x, y: (field, axis title) each.
        title: the chart's.
        enlarged: whether only the corner of ``in_corner`` is shown.
    """
    there = current[x[0]] is not None and current[y[0]] is not None
    whole = (0.0, 1.0)
    x_domain, y_domain = (_corner(x[0]), (0.8, 1.0)) if enlarged else (whole, whole)

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
    return spaced(alt.layer(line, point).properties(height=HEIGHT, title=title))


def in_corner(current: Mapping[str, float | None], x: str, y: str) -> bool:
    """Whether a curve can be shown enlarged: a good model's hugs a corner, as its point does then.

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
    """What the model says against what is true, by steps of its probability.

    Args:
        steps: as ``training.curves.reliability`` gives them.
        things: what is counted, as ``Judged.things`` names it; so below.
    """
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
        alt.layer(ideal, points).properties(height=HEIGHT, title="Probabilities and what is true")
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
        alt.layer(bars, rule).properties(height=HEIGHT, title=f"{counted} by probability of a mask")
    )
