from __future__ import annotations

import numpy as np
import pytest

from maskcore.errors import MasklensError
from training.installing.fidelity import check, compare

LABELS = np.array([0, 0, 1, 1])
ORIGINAL = np.array([0.1, 0.6, 0.5, 0.9], np.float32)


def test_the_loss_is_what_the_numbers_say() -> None:
    exported = np.array([0.1, 0.45, 0.49, 0.98], np.float32)
    loss = compare(LABELS, ORIGINAL, exported, threshold=0.5)
    assert loss["count"] == 4
    assert (loss["accuracy_before"]["hits"], loss["accuracy_after"]["hits"]) == (3, 3)
    assert (loss["label_changes"]["hits"], loss["label_changes"]["count"]) == (2, 4)
    assert loss["largest_difference"] == pytest.approx(0.15)
    assert loss["mean_difference"] == pytest.approx((0.15 + 0.01 + 0.08) / 4)


def test_answers_are_those_at_the_threshold() -> None:
    exported = np.array([0.1, 0.45, 0.49, 0.98], np.float32)
    loss = compare(LABELS, ORIGINAL, exported, threshold=0.4)
    assert loss["label_changes"]["hits"] == 0
    assert loss["accuracy_before"]["hits"] == 3


@pytest.mark.parametrize(
    ("weights", "gap", "good"),
    [
        ("float32", 0.0009, True),
        ("float32", 0.0011, False),
        ("float32", np.nan, False),
        ("int8", 0.009, True),
        ("int8", 0.011, False),
        ("int8", np.nan, False),
        ("float16", 0.009, True),
        ("float16", 0.011, False),
    ],
)
def test_each_kind_of_weights_has_its_bound(weights: str, gap: float, good: bool) -> None:
    original = np.full(400, 0.8, np.float32)
    loss = compare(np.ones(400, np.int64), original, original + np.float32(gap), 0.5)
    if good:
        check(weights, loss)
    else:
        with pytest.raises(MasklensError, match="was not installed"):
            check(weights, loss)


@pytest.mark.parametrize(
    ("count", "changes", "good"), [(599, 2, True), (599, 3, False), (20, 1, True), (20, 2, False)]
)
def test_rounded_weights_may_change_few_answers(count: int, changes: int, good: bool) -> None:
    original = np.full(count, 0.501, np.float32)
    exported = original.copy()
    exported[:changes] = 0.499
    loss = compare(np.ones(count, np.int64), original, exported, 0.5)
    if good:
        check("int8", loss)
    else:
        with pytest.raises(MasklensError, match=f"{changes} of {count} answers changed"):
            check("int8", loss)
