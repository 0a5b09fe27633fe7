"""The threshold that Photos and Live start with, for everybody who uses this server.

It stands in the model's card. One chosen on the Metrics page instead is kept beside it, in
threshold.json, and goes with the model: another one put in its place, or the same calibrated
anew, starts with its own.
"""

from __future__ import annotations

import json
from typing import Any

from maskcore import MasklensError, ModelError
from maskcore.files import patiently, write_json
from maskcore.locks import models_guard
from maskcore.models import models_dir, read_card

THRESHOLD_FILE = "threshold.json"
# The same wherever it is chosen or told; sentences speak of the threshold.
THRESHOLD_LABEL = "Threshold: counts as a mask from"


def card_percent(model: str) -> int:
    """The threshold in the model's card, percent, 1..99."""
    return _percent(read_card(model).get("threshold")) or 50  # loading says what is wrong with it


def chosen_percent(model: str) -> int | None:
    """The one chosen instead, percent, 1..99; None where there is none or for another model."""
    try:
        values = json.loads((models_dir() / model / THRESHOLD_FILE).read_text(encoding="utf-8"))
        if any(values[key] != value for key, value in identity(model).items()):
            return None
        return _percent(values["threshold"])
    except (OSError, ValueError, LookupError, TypeError, ModelError):
        return None


def start_percent(model: str) -> int:
    """What the app starts with, percent, 1..99."""
    return chosen_percent(model) or card_percent(model)


def choose_threshold(model: str, percent: int) -> None:
    """Let the app start with this threshold.

    Args:
        model: an installed model.
        percent: 1..99.

    Raises:
        MasklensError: it cannot be written down, or the model is gone.
    """
    try:
        with models_guard():  # else it might come between the moves of an installation
            values = {"threshold": percent / 100, **identity(model)}
            write_json(models_dir() / model / THRESHOLD_FILE, values, make_folder=False)
    except OSError as error:
        raise MasklensError(
            "The threshold could not be kept: the models' folder may not be written to."
        ) from error


def forget_threshold(model: str) -> None:
    """Go back to the card's.

    Raises:
        MasklensError: the file cannot be removed.
    """
    try:
        with models_guard():
            path = models_dir() / model / THRESHOLD_FILE
            patiently(lambda: path.unlink(missing_ok=True))
    except OSError as error:
        raise MasklensError(
            "The card's threshold could not be brought back: the models' folder may not be"
            " written to."
        ) from error


def identity(model: str) -> dict[str, Any]:
    """What a threshold is chosen for: the weights, and what their probabilities mean."""
    card = read_card(model)
    calibration = card.get("calibration")
    temperature = calibration.get("temperature") if isinstance(calibration, dict) else None
    return {"sha256": card.get("sha256"), "temperature": temperature}


def _percent(threshold: object) -> int | None:
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        return None
    return min(max(round(threshold * 100), 1), 99)
