from __future__ import annotations

import numpy as np
import pytest

from maskcore.classification.calibration import Calibration
from maskcore.types import logit

SOME = np.array([0, 1e-6, 0.01, 0.2, 0.4999, 0.5, 0.5001, 0.8, 0.99, 0.999999, 1], np.float32)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.73, 2.0, 10.0])
def test_log_odds_are_divided_by_the_temperature(temperature: float) -> None:
    inner = SOME[2:-2]
    calibrated = Calibration(temperature).apply(inner)
    assert calibrated.dtype == np.float32
    odds = np.log(inner.astype(float) / (1 - inner.astype(float))) / temperature
    np.testing.assert_allclose(calibrated, 1 / (1 + np.exp(-odds)), rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 0.73, 2.0, 10.0])
def test_order_ends_and_the_middle_stay(temperature: float) -> None:
    calibrated = Calibration(temperature).apply(SOME)
    assert (np.diff(calibrated) >= 0).all()
    assert (calibrated[0], calibrated[5], calibrated[-1]) == (0, 0.5, 1)
    assert ((calibrated >= 0.5) == (SOME >= 0.5)).all()


def test_a_model_too_sure_of_itself_becomes_less_sure() -> None:
    assert Calibration(2.0).apply(np.array([0.9], np.float32))[0] == pytest.approx(0.75)
    assert Calibration(0.5).apply(np.array([0.75], np.float32))[0] == pytest.approx(0.9)


def test_without_a_temperature_nothing_changes() -> None:
    assert Calibration.from_card({}) == Calibration.from_card({"calibration": None})
    np.testing.assert_array_equal(Calibration.from_card({}).apply(SOME), SOME)


def test_undoing_gives_back_what_was_there() -> None:
    calibration = Calibration(0.73)
    assert calibration.undo(0.5) == 0.5
    for probability in (0.01, 0.3, 0.97):
        there = float(calibration.apply(np.array([probability], np.float32))[0])
        assert logit(calibration.undo(there)) == pytest.approx(logit(probability), abs=1e-4)


def test_a_card_says_which_temperature() -> None:
    card = {"calibration": {"method": "temperature", "temperature": 2, "error": {}}}
    assert Calibration.from_card(card) == Calibration(2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"method": "platt", "temperature": 1.0},
        {"method": "temperature"},
        {"method": "temperature", "temperature": "1"},
        {"method": "temperature", "temperature": 0},
        {"method": "temperature", "temperature": -1},
        {"method": "temperature", "temperature": float("nan")},
        {"method": "temperature", "temperature": float("inf")},
    ],
    ids=str,
)
def test_another_calibration_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="temperature"):
        Calibration.from_card({"calibration": wrong})
