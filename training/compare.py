"""Two models on the same photos: is one better, or is it chance?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

# Below this the difference is called real.
SIGNIFICANCE_LEVEL = 0.05


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
    def verdict(self) -> str:
        """ "first" or "second", whichever is better, or "none"."""
        if self.p_value >= SIGNIFICANCE_LEVEL:
            return "none"
        return "first" if self.only_first > self.only_second else "second"


def compare(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> McNemarTest:
    """Compare two models by which photos each got right.

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
