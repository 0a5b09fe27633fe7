"""The curves over all thresholds, and whether the probabilities are to be believed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from training.curves import (
    calibration_error,
    histogram,
    precision_recall_points,
    reliability,
    roc_points,
)
from ui.metrics.charts import Drawn, show_chart
from ui.metrics.curve_charts import curve_chart, histogram_chart, in_corner, reliability_chart
from ui.metrics.judged import Judged
from ui.words import percent

# Each of fewer photos of a class is a large step: of the curve a corner would show next to nothing.
FEW = 50
_ENLARGED = " Enlarged: only the corner is shown, 20 of 100 % each way."
ROC_AXES = (
    ("false_positive_rate", "Faces without a mask called masked"),
    ("recall", "Masked faces recognised"),
)
PRECISION_AXES = (
    ("recall", "Masked faces recognised (recall)"),
    ("precision", "“Mask” said rightly (precision)"),
)


def _percentage_points(value: float) -> str:
    """How far shares lie apart: per cent would be of one of them."""
    return f"{value * 100:.1f} percentage points"


def _current_points(judged: Judged, threshold: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where the threshold lies on the ROC and on the precision-recall curve; shares 0..1."""
    by_class = judged.figures(threshold)["by_class"]
    found = by_class["Mask"]["recall"]["value"]
    bare = by_class["No Mask"]["recall"]
    wrongly = None if bare["value"] is None else (bare["count"] - bare["hits"]) / bare["count"]
    roc = {"false_positive_rate": wrongly, "recall": found, "threshold": threshold}
    right = by_class["Mask"]["precision"]["value"]
    return roc, {"recall": found, "precision": right, "threshold": threshold}


def _roc_meaning(at: dict[str, Any], things: str, enlarged: bool) -> str:
    """What the ROC curve says, in plain sentences; likewise below."""
    return (
        f"At {at['threshold'] * 100:.0f} % (the dot) {percent(at['recall'])} of masked"
        f" {things} are recognised and {percent(at['false_positive_rate'])} of"
        " those without a mask pass as masked. The nearer the line to the upper left corner, the"
        " better." + _ENLARGED * enlarged
    )


def _precision_meaning(at: dict[str, Any], enlarged: bool) -> str:
    """Of the curve of precision and recall."""
    right = at["precision"]
    said = "is never said" if right is None else f"is right in {percent(right)} of cases"
    return (
        f"At {at['threshold'] * 100:.0f} % (the dot) “Mask” {said}. A higher threshold makes it"
        " more often right, and lets it recognise fewer." + _ENLARGED * enlarged
    )


def _reliability_meaning(steps: list[dict[str, Any]], things: str) -> str:
    """Of the probabilities said and true."""
    return (
        f"Points on the dashed line: of {things} given a probability of 80 %, 80 of 100 are"
        f" masked. On average it is off by {_percentage_points(calibration_error(steps))}"
        f" (expected calibration error). Larger points stand for more {things}."
    )


def _histogram_meaning(things: str) -> str:
    """Of the probabilities' distribution."""
    return (
        f"Masked {things} should stand at the right, those without a mask at the left, and little"
        " between. The dashed line is the threshold: from there on the answer is Mask. Beside large"
        " numbers small ones are drawn larger than they are, so that they can be seen (root scale)."
    )


def show_curves(judged: Judged, threshold: float) -> None:
    """The curves, side by side; where some cannot be drawn, why."""
    drawn = list(curves(judged, threshold))
    if not any(curve.key == "roc" for curve in drawn):
        st.info(
            "The ROC curve and that of precision and recall are not drawn: they need"
            f" {judged.things} of both classes."
        )
    for place, curve in zip(cycle(st.columns(2, gap="medium")), drawn, strict=False):
        with place:
            show_chart(curve)


def curves(judged: Judged, threshold: float) -> Iterator[Drawn]:
    """ROC, precision and recall, probabilities said and true, and their distribution.

    The first two need photos of both classes.
    """
    answers, things = (judged.labels, judged.probabilities), judged.things
    if roc := roc_points(*answers):
        at_roc, at_precision = _current_points(judged, threshold)
        many = min(np.bincount(judged.labels).tolist()) >= FEW
        enlarged = many and _in_corner(at_roc, ROC_AXES)
        meaning = _roc_meaning(at_roc, things, enlarged)
        yield _curve(roc, at_roc, ROC_AXES, "ROC curve", meaning, "roc", enlarged)
        enlarged = many and _in_corner(at_precision, PRECISION_AXES)
        yield _curve(
            precision_recall_points(*answers),
            at_precision,
            PRECISION_AXES,
            "Precision and recall of Mask",
            _precision_meaning(at_precision, enlarged),
            "precision",
            enlarged,
        )
    steps = reliability(*answers)
    yield Drawn(
        reliability_chart(steps, things),
        _reliability_meaning(steps, things),
        pd.DataFrame(
            {
                "Probability, on average": [percent(step["mean_probability"]) for step in steps],
                "With a mask": [percent(step["masked_share"]) for step in steps],
                things.capitalize(): [step["count"] for step in steps],
            }
        ),
        "reliability",
        [f"On average off by {_percentage_points(calibration_error(steps))}"],
    )
    bars = histogram(*answers)
    there = [bar for bar in bars if bar["count"]]
    yield Drawn(
        histogram_chart(bars, threshold, things),
        _histogram_meaning(things),
        pd.DataFrame(
            [
                {
                    "In truth": bar["class"],
                    "Probability of a mask": f"{bar['from'] * 100:.0f} to {bar['to'] * 100:.0f} %",
                    things.capitalize(): bar["count"],
                }
                for bar in there
            ]
        ),
        "histogram",
        [
            f"{bar['class']}, {percent(bar['from'], 0)} to {percent(bar['to'], 0)}: {bar['count']}"
            for bar in there
        ],
    )


def _curve(
    points: list[dict[str, float]],
    current: dict[str, Any],
    axes: tuple[tuple[str, str], tuple[str, str]],
    title: str,
    meaning: str,
    key: str,
    enlarged: bool,
) -> Drawn:
    shares = {name: [percent(point[field]) for point in points] for field, name in axes}
    return Drawn(
        curve_chart(points, current, *axes, title, enlarged),
        meaning,
        pd.DataFrame({"Threshold": [percent(point["threshold"]) for point in points], **shares}),
        key,
        [
            f"At {percent(current['threshold'], 0)}",
            *(f"{name} {percent(current[field])}" for field, name in axes),
        ],
    )


def _in_corner(current: dict[str, Any], axes: tuple[tuple[str, str], tuple[str, str]]) -> bool:
    return in_corner(current, axes[0][0], axes[1][0])
