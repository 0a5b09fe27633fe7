"""What holds for the charts of the Metrics page alike."""

from __future__ import annotations

from typing import Any

import pytest

from ui.metrics.charts import spaced
from ui.metrics.confusion import confusion_chart
from ui.metrics.curve_charts import histogram_chart, reliability_chart

STEP = {"mean_probability": 0.5, "masked_share": 0.5, "count": 1}
BAR = {"from": 0, "to": 0.1, "count": 1, "class": "Mask"}


@pytest.mark.parametrize(
    "chart",
    [reliability_chart([STEP], "photos"), histogram_chart([BAR], 0.5, "photos")],
)
def test_shares_on_axes_have_a_space_before_the_sign(chart: Any) -> None:
    assert chart.to_dict()["config"]["locale"]["number"]["percent"] == "\N{NO-BREAK SPACE}%"
    assert spaced(chart).to_dict()["config"]["locale"]["number"]["decimal"] == "."


@pytest.mark.parametrize("things", ["photos", "faces"])
def test_a_chart_names_what_it_counts(things: str) -> None:
    for chart in (
        confusion_chart([[1, 0], [0, 1]], things),
        reliability_chart([STEP], things),
        histogram_chart([BAR], 0.5, things),
    ):
        said = str(chart.to_dict()).lower()
        assert things in said
        assert ({"photos", "faces"} - {things}).pop() not in said
