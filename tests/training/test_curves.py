"""Against counting by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.curves import (
    BINS,
    calibration_error,
    histogram,
    precision_recall_points,
    reliability,
    roc_points,
)

# With ties, and one probability on the edge of a step.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
PROBABILITIES = np.array([0.0, 0.1, 0.4, 0.8, 0.4, 0.65, 0.8, 0.9, 1.0])


def shares_at(threshold: float) -> tuple[float, float, float]:
    """Bare called masked, masked recognised, "Mask" said rightly; counted one by one."""
    called = [p >= threshold for p in PROBABILITIES]
    wrong = sum(c and label == 0 for c, label in zip(called, LABELS, strict=True))
    right = sum(c and label == 1 for c, label in zip(called, LABELS, strict=True))
    return wrong / 4, right / 5, right / max(1, right + wrong)


def test_every_corner_of_the_roc_curve_is_what_its_threshold_gives() -> None:
    points = roc_points(LABELS, PROBABILITIES)
    assert (points[0]["false_positive_rate"], points[0]["recall"]) == (0, 0)
    assert (points[-1]["false_positive_rate"], points[-1]["recall"]) == (1, 1)
    for point in points[1:]:
        wrong, right, _ = shares_at(point["threshold"])
        assert (point["false_positive_rate"], point["recall"]) == pytest.approx((wrong, right))
    assert json.loads(json.dumps(points, allow_nan=False)) == points


def test_every_point_of_precision_and_recall_is_what_its_threshold_gives() -> None:
    points = precision_recall_points(LABELS, PROBABILITIES)
    assert {point["threshold"] for point in points} == set(PROBABILITIES)
    for point in points:
        _, found, right = shares_at(point["threshold"])
        assert (point["recall"], point["precision"]) == pytest.approx((found, right))


@pytest.mark.parametrize("label", [0, 1])
def test_of_one_class_there_are_no_curves(label: int) -> None:
    labels = np.full(3, label)
    assert roc_points(labels, np.array([0.1, 0.5, 0.9])) == []
    assert precision_recall_points(labels, np.array([0.1, 0.5, 0.9])) == []


def test_photos_are_put_together_by_what_was_said() -> None:
    steps = reliability(LABELS, PROBABILITIES)
    assert sum(step["count"] for step in steps) == len(LABELS)
    by_low = {round(step["from"] * BINS): step for step in steps}
    assert by_low[0]["count"] == 1  # 0.0
    assert by_low[BINS - 1]["count"] == 1  # 1.0 belongs to the last step
    both = by_low[int(0.4 * BINS)]
    assert (both["count"], both["masked_share"]) == (2, 0.5)
    assert both["mean_probability"] == pytest.approx(0.4)


def test_the_error_is_the_gap_averaged_over_photos() -> None:
    honest = np.repeat([0.1, 0.9], 10)
    labels = np.array([1] + [0] * 9 + [1] * 9 + [0])
    assert calibration_error(reliability(labels, honest)) == pytest.approx(0)
    assert calibration_error(reliability(labels, 1 - honest)) == pytest.approx(0.8)
    assert calibration_error(reliability(np.array([1]), np.array([0.7]))) == pytest.approx(0.3)


def test_the_histogram_counts_each_photo_once_in_its_class() -> None:
    rows = histogram(LABELS, PROBABILITIES, bins=5)
    counts = {
        name: [row["count"] for row in rows if row["class"] == name] for name in ("No Mask", "Mask")
    }
    assert counts == {"No Mask": [2, 0, 1, 0, 1], "Mask": [0, 0, 1, 1, 3]}
    assert [row["from"] for row in rows[:5]] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
