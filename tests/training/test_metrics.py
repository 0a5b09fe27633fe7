"""Against figures worked out by hand and formulas written down independently."""

from __future__ import annotations

import json
import math
from itertools import product
from math import comb

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from training import metrics
from training.metrics import (
    LEAST_DIFFERING,
    average_precision,
    bootstrapped,
    classification_figures,
    f1,
    mcnemar,
    roc_auc,
    share,
)

# By hand, at 0.5: truth 0: 0.1 0.2 0.5 -> No, No, Mask; truth 1: 0.4 0.6 0.8 0.9 -> No, 3 Mask.
LABELS = np.array([0, 0, 0, 1, 1, 1, 1])
PROBABILITIES = np.array([0.1, 0.2, 0.5, 0.4, 0.6, 0.8, 0.9])


@pytest.fixture(autouse=True)
def more_resamples(few_resamples: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "RESAMPLES", 100)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """E. B. Wilson, JASA 1927."""
    z, p = 1.959963984540054, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return middle - half, middle + half


def test_the_figures_are_those_worked_out_by_hand() -> None:
    figures = classification_figures(LABELS, PROBABILITIES, 0.5)
    assert figures["count"] == 7
    assert figures["threshold"] == 0.5
    assert figures["classes"] == ["No Mask", "Mask"]
    assert figures["confusion"] == [[2, 1], [1, 3]]  # rows truth, columns answer
    assert figures["accuracy"]["value"] == pytest.approx(5 / 7)
    bare, mask = figures["by_class"]["No Mask"], figures["by_class"]["Mask"]
    assert (bare["count"], mask["count"]) == (3, 4)
    assert (bare["precision"]["hits"], bare["precision"]["count"]) == (2, 3)
    assert (mask["precision"]["hits"], mask["precision"]["count"]) == (3, 4)
    assert (bare["recall"]["value"], mask["recall"]["value"]) == pytest.approx((2 / 3, 3 / 4))
    assert (bare["f1"]["value"], mask["f1"]["value"]) == pytest.approx((2 / 3, 3 / 4))
    # 11 of the 12 pairs (bare, masked) are in the right order; only 0.5 above 0.4 is not.
    assert figures["roc_auc"]["value"] == pytest.approx(11 / 12)
    # Precision where each masked face is reached: 1/1, 2/2, 3/3, 4/5.
    assert figures["average_precision"]["value"] == pytest.approx((1 + 1 + 1 + 4 / 5) / 4)


def test_precision_and_recall_are_not_mixed_up() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    probabilities = np.array([0.1, 0.9, 0.9, 0.9, 0.9])
    figures = classification_figures(labels, probabilities, 0.5)
    assert figures["confusion"] == [[1, 3], [0, 1]]
    bare, mask = figures["by_class"]["No Mask"], figures["by_class"]["Mask"]
    assert (mask["precision"]["value"], mask["recall"]["value"]) == (0.25, 1.0)
    assert (bare["precision"]["value"], bare["recall"]["value"]) == (1.0, 0.25)
    assert mask["f1"]["value"] == bare["f1"]["value"] == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(3))
def test_areas_agree_with_their_definitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 60)
    probabilities = np.round(rng.random(60) * 0.7 + labels * 0.3, 1)  # with ties
    figures = classification_figures(labels, probabilities, 0.5)
    masked, bare = probabilities[labels == 1], probabilities[labels == 0]
    order = [(m > b) + 0.5 * (m == b) for m, b in product(masked, bare)]
    assert figures["roc_auc"]["value"] == pytest.approx(np.mean(order))
    precision = recall = area = 0.0
    for threshold in sorted(set(probabilities), reverse=True):
        answers = probabilities >= threshold
        before, recall = recall, (answers & (labels == 1)).sum() / (labels == 1).sum()
        precision = (answers & (labels == 1)).sum() / answers.sum()
        area += (recall - before) * precision
    assert figures["average_precision"]["value"] == pytest.approx(area)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_a_probability_at_the_threshold_counts_as_mask(threshold: float) -> None:
    probabilities = np.array([threshold, np.nextafter(threshold, 0)])
    figures = classification_figures(np.array([1, 0]), probabilities, threshold)
    assert figures["threshold"] == threshold
    assert figures["confusion"] == [[1, 0], [0, 1]]
    assert figures["by_class"]["Mask"]["f1"]["value"] == 1


@pytest.mark.parametrize("hits, count", [(0, 1), (1, 1), (3, 7), (599, 599), (0, 50), (596, 599)])
def test_shares_have_wilson_intervals(hits: int, count: int) -> None:
    figure = share(hits, count)
    assert figure["value"] == hits / count
    assert (figure["hits"], figure["count"]) == (hits, count)
    assert figure["interval"] == pytest.approx(wilson(hits, count), abs=1e-9)


def test_a_share_of_nothing_is_undefined() -> None:
    assert share(0, 0) == {"value": None, "interval": None, "hits": 0, "count": 0}


@pytest.mark.parametrize("label, name, absent", [(0, "No Mask", "Mask"), (1, "Mask", "No Mask")])
def test_with_one_class_only_what_compares_two_is_undefined(
    label: int, name: str, absent: str
) -> None:
    probabilities = np.array([0.2, 0.7, 0.9])
    figures = classification_figures(np.full(3, label), probabilities, 0.5)
    undefined = {"value": None, "interval": None}
    assert figures["roc_auc"] == figures["average_precision"] == undefined
    assert figures["by_class"][absent]["count"] == 0
    assert figures["by_class"][absent]["recall"]["value"] is None
    assert figures["by_class"][absent]["f1"] == undefined
    assert figures["by_class"][name]["recall"]["hits"] == (1 if label == 0 else 2)


def test_without_errors_every_figure_is_1() -> None:
    figures = classification_figures(LABELS, LABELS * 0.8 + 0.1, 0.5)
    assert figures["confusion"] == [[3, 0], [0, 4]]
    values = [figures["accuracy"], figures["roc_auc"], figures["average_precision"]]
    for of_class in figures["by_class"].values():
        values += [of_class["precision"], of_class["recall"], of_class["f1"]]
    for figure in values:
        assert figure["value"] == 1
        assert 0 < figure["interval"][0] <= figure["interval"][1] <= 1
    # Seven right answers out of seven do not prove perfection.
    assert figures["accuracy"]["interval"][0] < 0.7
    assert figures["by_class"]["Mask"]["f1"]["interval"][0] < 0.8


@pytest.mark.parametrize("cells", [((0, 4), (3, 90)), ((50, 9), (21, 120)), ((5, 0), (1, 2))])
def test_the_interval_of_f1_is_that_of_the_share_it_follows_from(
    cells: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    matrix = np.array(cells)
    (_, wrongly_masked), (missed, right) = cells
    ends = wilson(right, right + wrongly_masked + missed)
    figure = f1(matrix, 1)
    assert figure["value"] == pytest.approx(2 * right / (2 * right + wrongly_masked + missed))
    assert figure["interval"] == pytest.approx([2 / (1 + 1 / end) for end in ends], abs=1e-9)


def test_the_interval_of_f1_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    true = [0.30, 0.05, 0.05, 0.60]
    held = 0
    for drawn in rng.multinomial(60, true, 400):
        low, high = f1(drawn.reshape(2, 2), 1)["interval"]
        held += low <= 2 * 0.60 / (2 * 0.60 + 0.10) <= high
    assert 0.92 <= held / 400 <= 0.98


def test_three_photos_are_enough() -> None:
    figures = classification_figures(np.array([0, 1, 1]), np.array([0.3, 0.2, 0.9]), 0.5)
    assert figures["accuracy"]["value"] == pytest.approx(2 / 3)
    assert figures["roc_auc"]["value"] == 0.5
    for figure in (figures["roc_auc"], figures["by_class"]["Mask"]["f1"]):
        assert 0 <= figure["interval"][0] < figure["interval"][1] <= 1


def test_figures_are_plain_json_values() -> None:
    figures = classification_figures(LABELS, PROBABILITIES.astype(np.float32), 0.5)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_bootstrap_interval_is_that_of_the_statistic(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a mean the spread is known: about 1.96 standard errors to each side."""
    monkeypatch.setattr(metrics, "RESAMPLES", 1000)
    rng = np.random.default_rng(1)
    labels, values = rng.integers(0, 2, 400), rng.random(400)
    figure = bootstrapped(lambda y, p: p.mean(axis=1), labels, values)
    assert figure["value"] == pytest.approx(values.mean())
    error = values.std() / math.sqrt(400)
    low, high = figure["interval"]
    assert values.mean() - low == pytest.approx(1.96 * error, rel=0.12)
    assert high - values.mean() == pytest.approx(1.96 * error, rel=0.12)
    assert bootstrapped(lambda y, p: p.mean(axis=1), labels, values) == figure  # repeatable


@pytest.mark.parametrize("said", [1.0000000000000002, 0.9999999999999998])
def test_the_best_is_neither_exceeded_nor_missed_by_rounding(said: float) -> None:
    figure = bootstrapped(lambda y, p: np.full(len(p), said), LABELS, PROBABILITIES)
    assert figure == {"value": 1.0, "interval": [1.0, 1.0]}


@pytest.mark.parametrize("count", [8, 60, 600])
@pytest.mark.parametrize("digits", [1, 2, 15])  # many ties, some, none
def test_areas_are_those_of_scikit_learn(count: int, digits: int) -> None:
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 2, (40, count))
    labels[:, :2] = 0, 1
    probabilities = np.round(0.7 * rng.random((40, count)) + 0.3 * labels, digits)
    rows = list(zip(labels, probabilities, strict=True))
    areas = roc_auc(labels, probabilities), average_precision(labels, probabilities)
    np.testing.assert_allclose(areas[0], [roc_auc_score(*row) for row in rows], rtol=1e-12)
    np.testing.assert_allclose(
        areas[1], [average_precision_score(*row) for row in rows], rtol=1e-12
    )


def test_the_interval_is_the_same_however_much_is_drawn_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = classification_figures(LABELS, PROBABILITIES, 0.5)
    monkeypatch.setattr(metrics, "_DRAWN_AT_ONCE", 3 * len(LABELS))
    assert classification_figures(LABELS, PROBABILITIES, 0.5) == whole


def test_calibration_error_averages_the_gaps_of_fifteen_bins() -> None:
    # Bins of 1/15: 0.30 and 0.33 share one (mean 0.315, half masked), 0.95 and 1.0 share
    # the last (mean 0.975, all masked); 0.52 is alone and wrong.
    labels = np.array([0, 1, 1, 1, 0])
    probabilities = np.array([0.30, 0.33, 0.95, 1.0, 0.52])
    expected = 2 / 5 * abs(0.315 - 0.5) + 2 / 5 * abs(0.975 - 1) + 1 / 5 * 0.52
    figures = classification_figures(labels, probabilities, 0.5)
    assert figures["calibration_error"]["value"] == pytest.approx(expected)


# --- McNemar's test


def right(both: int, only: int, other: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    first = [True] * both + [True] * only + [False] * other + [False] * neither
    second = [True] * both + [False] * only + [True] * other + [False] * neither
    return np.array(first), np.array(second)


def coin(few: int, tosses: int) -> float:
    """Chance that a fair coin falls at least so unevenly, counted out."""
    return min(1.0, 2 * sum(comb(tosses, k) for k in range(few + 1)) / 2**tosses)


@pytest.mark.parametrize(
    "only, other, verdict",
    [(9, 1, "first"), (1, 9, "second"), (6, 4, "none"), (5, 0, "none"), (6, 0, "first")],
)
def test_only_photos_on_which_they_differ_decide(only: int, other: int, verdict: str) -> None:
    result = mcnemar(*right(50, only, other, 3))
    assert result.count == 53 + only + other
    assert (result.only_first, result.only_second) == (only, other)
    assert result.p_value == pytest.approx(coin(min(only, other), only + other))
    assert result.verdict == verdict
    assert mcnemar(*right(5000, only, other, 3)).p_value == pytest.approx(result.p_value)


def test_models_that_do_not_differ_are_equally_good() -> None:
    result = mcnemar(*right(3, 0, 0, 1))
    assert (result.p_value, result.verdict) == (1.0, "none")


def test_fewer_differing_photos_than_are_asked_for_never_make_a_winner() -> None:
    right = np.ones(LEAST_DIFFERING, bool)
    assert mcnemar(right, ~right).verdict == "first"
    assert mcnemar(right[1:], ~right[1:]).verdict == "none"
