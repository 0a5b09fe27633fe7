"""The epochs of a run, read from its log without TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")


def read_history(events_file: Path) -> list[dict[str, Any]]:
    """Read what each epoch of a run ended with.

    Args:
        events_file: the run's events.jsonl.

    Returns:
        For each epoch in the order of the run "stage", "epoch" (from 1, in its stage) and
        those of ``FIGURES`` that it reported; of an epoch repeated after a kill, the last.
        Empty where the file is missing; lines that are damaged are left out.
    """
    try:
        lines = events_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    epochs: dict[tuple[str, int], dict[str, Any]] = {}
    for line in lines:
        try:
            event = json.loads(line)
            key = (event["stage"], event["epoch"])
            event["val_loss"]  # only the end of an epoch has it
        except (ValueError, LookupError, TypeError):
            continue
        figures = {name: event[name] for name in FIGURES if name in event}
        epochs[key] = {"stage": key[0], "epoch": key[1], **figures}
    return list(epochs.values())
