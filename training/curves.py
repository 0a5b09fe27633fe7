"""How right and wrong answers shift with the threshold, and whether probabilities are honest.

Everything is data for a chart; scikit-learn computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

Labels = NDArray[np.int64]
Probabilities = NDArray[np.floating[Any]]
BINS = 15  # as in C. Guo et al., ICML 2017


def roc_points(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """The ROC curve, from the highest threshold to the lowest.

    Returns:
        For each corner the shares 0..1 of bare faces "wrongly_masked" and of masked faces
        "found_masked", and the "threshold" that gives them (1 for the first, where nothing
        counts as masked). Empty unless both classes occur.
    """
    if len(np.unique(labels)) < 2:
        return []
    wrong, right, thresholds = roc_curve(labels, probabilities)
    return [
        {"wrongly_masked": float(x), "found_masked": float(y), "threshold": float(min(t, 1.0))}
        for x, y, t in zip(wrong, right, thresholds, strict=True)
    ]


def precision_recall_points(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """The precision-recall curve of masks, from the lowest threshold to the highest.

    Returns:
        For each threshold the shares 0..1 of masked faces "found_masked" and of the
        answers "Mask" that are "right". Empty unless both classes occur.
    """
    if len(np.unique(labels)) < 2:
        return []
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    return [
        {"found_masked": float(x), "right": float(y), "threshold": float(t)}
        for x, y, t in zip(recall[:-1], precision[:-1], thresholds, strict=True)
    ]


def reliability(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Photos by their probability of a mask, in ``BINS`` equal steps.

    Returns:
        For each step that holds photos its bounds "from" and "to", "count", the mean
        probability "said" and the share "true" that wear a mask.
    """
    step = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "count": int((step == number).sum()),
            "said": float(probabilities[step == number].mean()),
            "true": float(labels[step == number].mean()),
        }
        for number in range(BINS)
        if (step == number).any()
    ]


def calibration_error(steps: list[dict[str, float]]) -> float:
    """The expected calibration error, 0..1: how far "said" is from "true", over all photos.

    M. P. Naeini et al., AAAI 2015, for the probability of a mask.
    """
    total = sum(step["count"] for step in steps)
    return sum(step["count"] * abs(step["said"] - step["true"]) for step in steps) / total


def histogram(labels: Labels, probabilities: Probabilities, bins: int = 20) -> list[dict[str, Any]]:
    """How many photos of each class got which probability of a mask, in equal steps."""
    rows = []
    for label, name in enumerate(("No Mask", "Mask")):
        counts, edges = np.histogram(probabilities[labels == label], bins, (0.0, 1.0))
        rows += [
            {"class": name, "from": float(low), "to": float(high), "count": int(count)}
            for count, low, high in zip(counts, edges, edges[1:], strict=False)
        ]
    return rows
