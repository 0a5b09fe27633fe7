"""Probabilities that mean what they say: of the faces given 90 %, nine in ten wear a mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Beyond these a temperature would answer 50 % to everything, or 0 and 100 %.
TEMPERATURES = (0.1, 10.0)


@dataclass(frozen=True)
class Calibration:
    """Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).

    Log odds are divided by the temperature: an order of faces stays as it is, and so does
    50 %.

    Attributes:
        temperature: above 1 for a model that is too sure of itself, below 1 for one that
            is not sure enough.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        low, high = TEMPERATURES
        if not low <= self.temperature <= high:
            raise ValueError(f"temperature must be in {low}..{high}, got {self.temperature}")

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> Calibration:
        """Read the card's "calibration"; a card without one takes probabilities as they are.

        Raises:
            ValueError: it is of another method, or its temperature does not serve.
        """
        values = card.get("calibration")
        if values is None:
            return cls()
        if not isinstance(values, dict) or values.get("method") != "temperature":
            raise ValueError(f'calibration must be of the method "temperature", got {values!r}')
        temperature = values.get("temperature")
        if not isinstance(temperature, int | float):
            raise ValueError(f"temperature must be a number, got {temperature!r}")
        return cls(float(temperature))

    def apply(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map probabilities in 0..1, any shape, to calibrated ones."""
        if self.temperature == 1.0:
            return probabilities
        # The same as dividing log odds, without the infinite ones of 0 and 1.
        yes = np.asarray(probabilities, np.float64) ** (1 / self.temperature)
        no = (1 - np.asarray(probabilities, np.float64)) ** (1 / self.temperature)
        calibrated: NDArray[np.float32] = (yes / (yes + no)).astype(np.float32)
        return calibrated

    def undo(self, probability: float) -> float:
        """The uncalibrated probability that maps to this one, 0..1."""
        yes = math.pow(probability, self.temperature)
        no = math.pow(1 - probability, self.temperature)
        return yes / (yes + no)
