from __future__ import annotations

from math import comb

import numpy as np
import pytest

from training.compare import compare


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
    result = compare(*right(50, only, other, 3))
    assert result.count == 53 + only + other
    assert (result.only_first, result.only_second) == (only, other)
    assert result.p_value == pytest.approx(coin(min(only, other), only + other))
    assert result.verdict == verdict
    assert compare(*right(5000, only, other, 3)).p_value == pytest.approx(result.p_value)


def test_models_that_do_not_differ_are_equally_good() -> None:
    result = compare(*right(3, 0, 0, 1))
    assert (result.p_value, result.verdict) == (1.0, "none")
