"""The curves of one run or of several, as they are drawn."""

from __future__ import annotations

from training.background.run_curves import CurvePoint
from ui.metrics.learning_curves import _chart, _table


def test_the_axis_begins_with_the_first_epoch() -> None:
    steps = (0.3, 1.0, 1.5)  # 0.3: the first epoch, while it runs
    points = [CurvePoint(step, "training", 0.5, 0.9) for step in steps]
    table = _table({"": points})
    assert list(table["step"]) == [1.0, 1.0, 1.5]
    table["which"] = "training"
    for epochs, ends in ((5, [1, 5]), (1, [1, 2])):
        chart = _chart(table, "loss", ["training"], epochs).to_dict()
        assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == ends
