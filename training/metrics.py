"""Figures of a yes/no classifier, with their uncertainty, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata
from sklearn.metrics import confusion_matrix

from training.curves import calibration_error, reliability

CLASS_NAMES = ("No Mask", "Mask")  # index = label
RESAMPLES = 1000
_DRAWN_AT_ONCE = 1_000_000  # photos; each takes some hundred bytes

# Below this the difference of two models is called real.
SIGNIFICANCE_LEVEL = 0.05
# Of fewer photos that one model alone got right, even all in its favour are no surprise in
# McNemar's test: 2 / 2 ** 5 is above its level, 2 / 2 ** 6 below.
LEAST_DIFFERING = 6

Figure = dict[str, Any]
Rows = NDArray[Any]  # (R, N): labels or probabilities of R resamples


def classification_figures(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating[Any]], threshold: float
) -> dict[str, Any]:
    """Everything reported of one part of the data.

    Args:
        labels: int (N,), N at least 1; 1 with a mask, 0 without.
        probabilities: (N,), of a mask, in 0..1.
        threshold: 0..1; at or above it the answer is "Mask".

    Returns:
        JSON values: count, threshold, confusion (rows truth, columns answer, in the
        order of ``classes``), and figures, each with "value" in 0..1 (None where it is
        not defined) and "interval", its 95 % interval. Shares have Wilson intervals
        (E. B. Wilson, JASA 1927) and the counts they come from; so has F1, see ``f1``. ROC
        AUC, average precision and the expected calibration error have percentile bootstrap
        intervals over photos, seed 0.
    """
    return {
        **threshold_figures(labels, probabilities, threshold),
        "roc_auc": bootstrapped(roc_auc, labels, probabilities, both_classes=True),
        "average_precision": bootstrapped(
            average_precision, labels, probabilities, both_classes=True
        ),
        "calibration_error": bootstrapped(expected_calibration_error, labels, probabilities),
    }


def threshold_figures(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating[Any]], threshold: float
) -> dict[str, Any]:
    """Those of ``classification_figures`` that follow from the threshold; quick to work out."""
    answers = (probabilities >= threshold).astype(np.int64)
    matrix = confusion_matrix(labels, answers, labels=[0, 1])
    return {
        "count": len(labels),
        "threshold": threshold,
        "classes": list(CLASS_NAMES),
        "confusion": matrix.tolist(),
        "accuracy": share(int(np.trace(matrix)), len(labels)),
        "by_class": {
            name: {
                "count": int(matrix[label].sum()),
                "precision": share(int(matrix[label, label]), int(matrix[:, label].sum())),
                "recall": share(int(matrix[label, label]), int(matrix[label].sum())),
                "f1": f1(matrix, label),
            }
            for label, name in enumerate(CLASS_NAMES)
        },
    }


def f1(matrix: NDArray[np.int64], label: int) -> Figure:
    """F1 of one class of a confusion matrix (2, 2), with its 95 % interval.

    Of the photos that are of the class or called so, a share j is right, and F1 is
    2 j / (1 + j): the ends of j's Wilson interval give those of F1. Photos drawn again from
    a test without mistakes would never show one, however few they are.

    Returns:
        Undefined for a class without photos.
    """
    right = int(matrix[label, label])
    if not matrix[label].sum():
        return {"value": None, "interval": None}
    low, high = share(right, int(matrix[label].sum() + matrix[1 - label, label]))["interval"]
    return {
        "value": 2 * right / int(matrix[label].sum() + matrix[:, label].sum()),
        "interval": [2 * low / (1 + low), 2 * high / (1 + high)],
    }


def expected_calibration_error(labels: Rows, probabilities: Rows) -> NDArray[np.float64]:
    """The expected calibration error of probabilities of a mask, 0..1, of each row of (R, N)."""
    rows = zip(labels, probabilities, strict=True)
    return np.array([calibration_error(reliability(*row)) for row in rows])


def roc_auc(labels: Rows, probabilities: Rows) -> NDArray[np.float64]:
    """The area under the ROC curve, 0..1, of each row of (R, N), in all of which both classes are.

    The share of pairs in the right order (J. A. Hanley and B. J. McNeil, Radiology 1982), from the
    sum of ranks. As scikit-learn's, which takes seconds for the thousand rows of an interval.
    """
    masked = labels.sum(axis=1)
    ranks = (rankdata(probabilities, axis=1) * labels).sum(axis=1)
    pairs = masked * (labels.shape[1] - masked)
    area: NDArray[np.float64] = (ranks - masked * (masked + 1) / 2) / pairs
    return area


def average_precision(labels: Rows, probabilities: Rows) -> NDArray[np.float64]:
    """The average precision, 0..1, of each row of (R, N), in all of which there are masks.

    The mean, over those with a mask, of the precision at a threshold that just takes them in.
    As scikit-learn's, likewise.
    """
    surest_first = np.argsort(-probabilities, axis=1)
    right = np.cumsum(np.take_along_axis(labels, surest_first, axis=1), axis=1)
    called = rankdata(-probabilities, method="max", axis=1).astype(np.int64)
    precision = np.take_along_axis(right, called - 1, axis=1) / called
    averaged: NDArray[np.float64] = (precision * labels).sum(axis=1) / labels.sum(axis=1)
    return averaged


def share(hits: int, count: int) -> Figure:
    """A proportion with its Wilson 95 % interval; undefined for a count of 0."""
    if not count:
        return {"value": None, "interval": None, "hits": hits, "count": count}
    interval = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    return {
        "value": hits / count,
        "interval": [float(interval.low), float(interval.high)],
        "hits": hits,
        "count": count,
    }


def bootstrapped(
    statistic: Callable[[Rows, Rows], NDArray[np.float64]],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating[Any]],
    both_classes: bool = False,
) -> Figure:
    """A statistic of (labels, probabilities) with its percentile bootstrap 95 % interval.

    Args:
        statistic: computes the figure of each row of (R, N).
        labels, probabilities: (N,) each.
        both_classes: the statistic is only defined where both classes occur; resamples
            with one class are left out.
    """
    count = len(labels)
    if both_classes and len(np.unique(labels)) < 2:
        return {"value": None, "interval": None}
    values = []
    for drawn in resamples(count):
        if both_classes:
            masked = labels[drawn].sum(axis=1)
            drawn = drawn[(masked > 0) & (masked < count)]
        values.append(statistic(labels[drawn], probabilities[drawn]))
    low, high = np.quantile(np.concatenate(values), [0.025, 0.975])
    (value,) = statistic(labels[np.newaxis], probabilities[np.newaxis])
    # The last digits are the sums' rounding: the best would be 1.0000000000000002.
    value, low, high = (round(float(figure), 12) for figure in (value, low, high))
    return {"value": value, "interval": [low, high]}


def resamples(count: int) -> Iterator[NDArray[np.int64]]:
    """Draw ``RESAMPLES`` times from so many photos, seed 0: a few (R, count) indices at a time.

    However many are drawn at a time, the draws are the same.
    """
    rng = np.random.default_rng(0)
    at_once = max(1, _DRAWN_AT_ONCE // count)
    for begin in range(0, RESAMPLES, at_once):
        yield rng.integers(count, size=(min(at_once, RESAMPLES - begin), count))


@dataclass(frozen=True)
class McNemarTest:
    """McNemar's exact test of two models' answers to the same photos.

    Attributes:
        count: of photos.
        only_first, only_second: photos that one of them alone got right.
        p_value: how often, 0..1, models that are equally good would differ by so much or
            more (Q. McNemar, Psychometrika 1947).
    """

    count: int
    only_first: int
    only_second: int
    p_value: float

    @property
    def verdict(self) -> Literal["first", "second", "none"]:
        """ "first" or "second", whichever is better, or "none"."""
        if self.p_value >= SIGNIFICANCE_LEVEL:
            return "none"
        return "first" if self.only_first > self.only_second else "second"


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> McNemarTest:
    """Compare two models by which photos each got right: is one better, or is it chance?

    Args:
        first_right, second_right: bool (N,), the same photos in the same order.
    """
    only_first = int((first_right & ~second_right).sum())
    only_second = int((~first_right & second_right).sum())
    differing = only_first + only_second
    return McNemarTest(
        count=len(first_right),
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, differing).pvalue) if differing else 1.0,
    )
