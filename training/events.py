"""The log of a run, events.jsonl: written by the run, followed by whoever looks on."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

EVENTS_FILE = "events.jsonl"

# Stages that others must know by name.
QUEUED, STARTING, READING, FEATURES = "queued", "starting", "reading data", "computing features"
HEAD_STAGE, FINE_TUNE_STAGE = "training", "fine-tuning"
TRAINED, EVALUATING, EVALUATED = "trained", "evaluating", "evaluated"
EXPORTING, COMPARING, FINISHED = "exporting", "comparing", "finished"

# Of an epoch.
FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")


def when(seconds: float) -> str:
    """A moment (seconds since 1970) in this computer's time, e.g. "24 Nov, 16:05"."""
    return f"{datetime.fromtimestamp(seconds):%d %b, %H:%M}".lstrip("0")


class EventLog:
    """Appends one JSON object a line to ``events.jsonl``; a reader may follow it live.

    Args:
        run_dir: the run's folder; an existing log is continued.
    """

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / EVENTS_FILE

    def write(self, stage: str, **figures: Any) -> None:
        """Append an event.

        Args:
            stage: what is going on, in words for people, e.g. "reading data".
            figures: JSON values, e.g. epoch, epochs, batch, batches, loss.
        """
        line = json.dumps({"time": round(time.time(), 3), "stage": stage, **figures})
        # One write call a line: a reader never sees half of one.
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def read_events(run_dir: Path) -> list[dict[str, Any]]:
    """The events of a run so far; a line that is damaged or half written is left out."""
    try:
        lines = (run_dir / EVENTS_FILE).read_bytes().splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if (
            isinstance(event, dict)
            and isinstance(event.get("stage"), str)
            and isinstance(event.get("time"), int | float)
        ):
            events.append(event)
    return events


def read_history(run_dir: Path) -> list[dict[str, Any]]:
    """What each epoch of a run ended with.

    Returns:
        For each epoch in the order of the run "stage", "epoch" (from 1, in its stage) and
        those of ``FIGURES`` that it reported; of an epoch repeated after a kill, the last.
    """
    epochs: dict[tuple[str, int], dict[str, Any]] = {}
    for event in read_events(run_dir):
        # Only the end of an epoch has a validation loss.
        if type(event.get("epoch")) is int and "val_loss" in event:
            names = [name for name in ("stage", "epoch", *FIGURES) if name in event]
            epochs[event["stage"], event["epoch"]] = {name: event[name] for name in names}
    return list(epochs.values())
