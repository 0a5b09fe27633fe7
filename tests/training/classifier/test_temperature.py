from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training import metrics
from training.classifier.temperature import fit_temperature


def answers(temperature: float, count: int = 4000) -> tuple[Any, Any]:
    """Labels drawn from true probabilities, and those of a model off by a temperature."""
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 3, count)
    labels = (rng.random(count) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)
    return labels, (1 / (1 + np.exp(-log_odds * temperature))).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_lost_is_found_again(temperature: float) -> None:
    labels, probabilities = answers(temperature)
    found = fit_temperature(labels, probabilities)
    assert found.temperature == pytest.approx(temperature, rel=0.06)
    before, after = metrics.expected_calibration_error(
        np.stack([labels] * 2), np.stack([probabilities, found.apply(probabilities)])
    )
    assert after < 0.02
    assert temperature == 1 or after < before / 2


def test_a_few_photos_all_right_do_not_make_a_model_sure_beyond_measure() -> None:
    labels = np.array([0] * 8 + [1] * 8)
    probabilities = np.where(labels == 1, 0.8, 0.2).astype(np.float32)
    found = fit_temperature(labels, probabilities)
    assert 0.4 < found.temperature < 0.9
    # Platt's target for 8 photos.
    assert found.apply(probabilities)[-1] == pytest.approx(0.9, abs=1e-3)


def test_certain_answers_can_be_fitted() -> None:
    labels = np.array([0, 0, 1, 1, 0])
    found = fit_temperature(labels, np.array([0, 0, 1, 1, 1], np.float32))
    assert 1 < found.temperature <= 10
