"""Loss and accuracy of a run over its epochs, from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from training.background.job_progress import number
from training.background.jobs import Job
from training.events import FINE_TUNE_STAGE, HEAD_STAGE, read_events


@dataclass(frozen=True)
class CurvePoint:
    """One point of a run's curves.

    Attributes:
        step: in epochs of the whole run; fine-tuning goes on where the first stage ended.
        part: "training", the mean over the epoch or, while it is not over, so far; or
            "validation".
        loss, accuracy: None where the figure was no number.
    """

    step: float
    part: Literal["training", "validation"]
    loss: float | None
    accuracy: float | None


def curves(job: Job, events: list[dict[str, Any]] | None = None) -> list[CurvePoint]:
    """The points of both parts in order of their steps, one of each an epoch.

    A running mean begins anew with each epoch: drawn on its way it would give the line teeth.
    What a kill made the run do twice counts as it was the second time.

    Args:
        job: the run.
        events: of the run, by default read from its log.
    """
    points: list[CurvePoint] = []
    for event in read_events(job.folder) if events is None else events:
        new = _points(event, job.config.epochs)
        if new:
            epochs_before = math.ceil(new[0].step) - 1
            while points and points[-1].step > epochs_before:
                points.pop()
            points += new
    return points


def _points(event: dict[str, Any], head_epochs: int) -> list[CurvePoint]:
    stage = event["stage"]
    figures = [number(event.get(name)) for name in ("epoch", "batch", "batches")]
    if stage not in (HEAD_STAGE, FINE_TUNE_STAGE) or any(not figure for figure in figures):
        return []
    epoch, batch, batches = (figure or 0.0 for figure in figures)
    step = epoch - 1 + min(batch / batches, 1.0) + (head_epochs if stage == FINE_TUNE_STAGE else 0)
    loss, accuracy = number(event.get("loss")), number(event.get("accuracy"))
    points = [CurvePoint(step, "training", loss, accuracy)]
    if "val_loss" in event:
        loss, accuracy = number(event["val_loss"]), number(event.get("val_accuracy"))
        points.append(CurvePoint(step, "validation", loss, accuracy))
    return points
