"""The temperature that makes probabilities mean what they say, and what it did to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logit

from maskcore.classification.calibration import TEMPERATURES, Calibration
from training.curves import BINS
from training.metrics import bootstrapped, expected_calibration_error

# Labels, int (N,), and uncalibrated probabilities, (N,).
Answers = tuple[NDArray[np.int64], NDArray[np.float32]]


def fit_temperature(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Calibration:
    """Find the temperature under which the labels are likeliest.

    The targets are not 0 and 1 but those of J. Platt, "Probabilistic Outputs for Support
    Vector Machines", 1999: where every answer is right, a handful of photos would else make
    a model sure beyond all measure.

    Args:
        labels: int (N,), 1 with a mask, 0 without; N at least 1.
        probabilities: of a mask, 0..1, uncalibrated.
    """
    # float32 has no probability between 1 - 6e-8 and 1.
    log_odds = logit(np.clip(probabilities.astype(float), 1e-7, 1 - 1e-7))
    masked = int(labels.sum())
    bare = len(labels) - masked
    targets = np.where(labels == 1, (masked + 1) / (masked + 2), 1 / (bare + 2))

    def loss(log_temperature: float) -> float:
        scaled = log_odds * np.exp(-log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - targets * scaled))

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return Calibration(round(float(np.exp(found.x)), 4))


def calibration_record(
    calibration: Calibration, answers: dict[str, Answers], fitted_on: Sequence[str]
) -> dict[str, Any]:
    """What card and report say of a calibration.

    Args:
        calibration: the one in force.
        answers: by part.
        fitted_on: the parts that the temperature was chosen on.

    Returns:
        JSON values: method, temperature, fitted_on, bins and "error", by part: count and
        the expected calibration error before and after.
    """
    return {
        "method": "temperature",
        "temperature": calibration.temperature,
        "fitted_on": list(fitted_on),
        "bins": BINS,
        "error": {
            part: {
                "count": len(labels),
                "before": bootstrapped(expected_calibration_error, labels, raw),
                "after": bootstrapped(expected_calibration_error, labels, calibration.apply(raw)),
            }
            for part, (labels, raw) in answers.items()
        },
    }
