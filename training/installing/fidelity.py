"""What an export loses: its probabilities beside those of the network it was made from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.errors import MasklensError
from training.metrics import share

# Full weights are a copy: how far any one probability may be from Keras'.
TOLERANCE = 1e-3
# Rounded weights move every probability a little; what must stay is the answers. Half a
# percent is a third of the width of the interval that 600 photos give an accuracy of 99 %:
# no measurement would tell such a model from the one it was made from.
MOST_LABEL_CHANGES = 0.005
MOST_MEAN_DIFFERENCE = 0.01


def compare(
    labels: NDArray[np.int64],
    original: NDArray[np.float32],
    exported: NDArray[np.float32],
    threshold: float,
) -> dict[str, Any]:
    """Put the probabilities of both side by side.

    Args:
        labels: int (N,), 1 with a mask, 0 without.
        original, exported: probability of a mask, 0..1, (N,) each.
        threshold: 0..1.

    Returns:
        JSON values: count; accuracy of the original and of the export; label_changes, the
        share of answers that differ; largest_difference and mean_difference of probabilities.
    """
    answers = original >= threshold, exported >= threshold
    gaps = np.abs(exported.astype(float) - original)
    count = len(labels)
    return {
        "count": count,
        "accuracy_before": share(int((answers[0] == labels).sum()), count),
        "accuracy_after": share(int((answers[1] == labels).sum()), count),
        "label_changes": share(int((answers[0] != answers[1]).sum()), count),
        "largest_difference": float(gaps.max()),
        "mean_difference": float(gaps.mean()),
    }


def check(weights: str, loss: dict[str, Any]) -> None:
    """Refuse an export that is not its network any more.

    Args:
        weights: one of ``training.config.WEIGHTS``.
        loss: from ``compare``.

    Raises:
        MasklensError: with float32 weights a probability differs by more than ``TOLERANCE``;
            with rounded ones more answers change than ``MOST_LABEL_CHANGES`` (one always
            may), or probabilities differ by more than ``MOST_MEAN_DIFFERENCE`` on average.
    """
    largest, mean = loss["largest_difference"], loss["mean_difference"]
    if weights == "float32":
        if not largest <= TOLERANCE:  # nor when it is NaN
            raise MasklensError(
                "The exported model was not installed: its probabilities differ from Keras' by up"
                f" to {largest:.4f}; at most {TOLERANCE} is allowed."
            )
        return
    changes, count = loss["label_changes"]["hits"], loss["count"]
    allowed = max(1, int(MOST_LABEL_CHANGES * count))
    if changes > allowed or not mean <= MOST_MEAN_DIFFERENCE:
        raise MasklensError(
            f"The model with {weights} weights was not installed: {changes} of {count} answers"
            f" changed (at most {allowed} may), and probabilities by {mean:.4f} on average"
            f" (at most {MOST_MEAN_DIFFERENCE}). Install it with --weights float32."
        )
