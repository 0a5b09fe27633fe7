"""What a stress card says: under which changes a model breaks."""

from __future__ import annotations

from typing import Any

FIGURES = ("accuracy", "recall_mask", "recall_no_mask")
# Below this share of right answers, 0..1, a model is said to break.
BREAKS_BELOW = 0.95


def below(row: dict[str, Any]) -> list[str]:
    """Which of ``FIGURES`` are below ``BREAKS_BELOW`` in a row of a card.

    Args:
        row: as ``training.measuring.stress.rows`` makes it; a figure may have no value.
    """
    return [
        name
        for name in FIGURES
        if row[name]["value"] is not None and row[name]["value"] < BREAKS_BELOW
    ]
