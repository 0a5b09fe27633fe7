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
        For each corner the shares 0..1 of bare faces "false_positive_rate" and of masked faces
        "recall", and the "threshold" that gives them (1 for the first, where nothing
        counts as masked). Empty unless both classes occur.
    """
    if len(np.unique(labels)) < 2:
        return []
    wrong, right, thresholds = roc_curve(labels, probabilities)
    return [
        {"false_positive_rate": float(x), "recall": float(y), "threshold": float(min(t, 1.0))}
        for x, y, t in zip(wrong, right, thresholds, strict=True)
    ]


def precision_recall_points(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """The precision-recall curve of masks, from the lowest threshold to the highest.

    Returns:
        For each threshold the shares 0..1 of masked faces "recall" and of the
        answers "Mask" that are right, "precision". Empty unless both classes occur.
    """
    if len(np.unique(labels)) < 2:
        return []
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    return [
        {"recall": float(x), "precision": float(y), "threshold": float(t)}
        for x, y, t in zip(recall[:-1], precision[:-1], thresholds, strict=True)
    ]


def reliability(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Photos by their probability of a mask, in ``BINS`` equal steps.

    Returns:
        For each step that holds photos its bounds "from" and "to", "count", the mean
        probability "mean_probability" and the share "masked_share" that wear a mask.
    """
    step = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "count": int((step == number).sum()),
            "mean_probability": float(probabilities[step == number].mean()),
            "masked_share": float(labels[step == number].mean()),
        }
        for number in range(BINS)
        if (step == number).any()
    ]


def calibration_error(steps: list[dict[str, float]]) -> float:
    """The expected calibration error of ``reliability``'s steps, 0..1.

    M. P. Naeini et al., AAAI 2015, for the probability of a mask.
    """
    total = sum(step["count"] for step in steps)
    gaps = (s["count"] * abs(s["mean_probability"] - s["masked_share"]) for s in steps)
    return sum(gaps) / total


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
