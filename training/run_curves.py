"""Loss and accuracy of a run over its epochs, from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from training.events import FINE_TUNE_STAGE, HEAD_STAGE, read_events
from training.job_progress import number
from training.jobs import Job

MOST_POINTS = 600


@dataclass(frozen=True)
class CurvePoint:
    """One point of a run's curves.

    Attributes:
        step: in epochs of the whole run; fine-tuning goes on where the first stage ended.
        part: "training", the running mean of the epoch so far, or "validation".
        loss, accuracy: None where the figure was no number.
        stage: "training" or "fine-tuning".
    """

    step: float
    part: Literal["training", "validation"]
    loss: float | None
    accuracy: float | None
    stage: str


def curves(job: Job, events: list[dict[str, Any]] | None = None) -> list[CurvePoint]:
    """The points of both parts in order of their steps.

    Batches are left out beyond ``MOST_POINTS``. What a kill made the run do twice counts as it
    was the second time.

    Args:
        job: the run.
        events: of the run, by default read from its log.
    """
    points: list[CurvePoint] = []
    for event in read_events(job.folder) if events is None else events:
        new = _points(event, job.config.epochs)
        if new:
            # A log only grows: a step that comes again begins the repetition of its epoch.
            again = bool(points) and points[-1].step > new[0].step
            kept = math.ceil(new[0].step) - 1 if again else new[0].step - 1e-9
            while points and points[-1].step > kept:
                points.pop()
            points += new
    return _thinned(points)


def _points(event: dict[str, Any], head_epochs: int) -> list[CurvePoint]:
    stage = event["stage"]
    figures = [number(event.get(name)) for name in ("epoch", "batch", "batches")]
    if stage not in (HEAD_STAGE, FINE_TUNE_STAGE) or any(not figure for figure in figures):
        return []
    epoch, batch, batches = (figure or 0.0 for figure in figures)
    step = epoch - 1 + min(batch / batches, 1.0) + (head_epochs if stage == FINE_TUNE_STAGE else 0)
    loss, accuracy = number(event.get("loss")), number(event.get("accuracy"))
    points = [CurvePoint(step, "training", loss, accuracy, stage)]
    if "val_loss" in event:
        loss, accuracy = number(event["val_loss"]), number(event.get("val_accuracy"))
        points.append(CurvePoint(step, "validation", loss, accuracy, stage))
    return points


def _thinned(points: list[CurvePoint]) -> list[CurvePoint]:
    """Leave out batches, evenly, where there are too many points; no epoch is left out."""
    if len(points) <= MOST_POINTS:
        return points
    epochs = [point for point in points if point.step == int(point.step)]
    batches = [point for point in points if point.step != int(point.step)]
    kept = epochs + _evenly(batches, max(MOST_POINTS - len(epochs), 0))
    return sorted(kept, key=lambda point: (point.step, point.part))


def _evenly(points: list[CurvePoint], count: int) -> list[CurvePoint]:
    if len(points) <= count:
        return list(points)
    if count < 1:
        return []
    return [points[(i + 1) * len(points) // count - 1] for i in range(count)]
