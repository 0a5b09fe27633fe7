"""How far a run has come, in words and figures, from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from training import events as ev
from training.config import TrainConfig
from training.events import read_events
from training.jobs import Job, State, log_tail

STAGES = {
    ev.QUEUED: "Waiting for its turn",
    ev.STARTING: "Getting ready",
    ev.READING: "Reading the photos",
    ev.FEATURES: "Looking at each photo once",
    ev.HEAD_STAGE: "Learning",
    ev.FINE_TUNE_STAGE: "Fine-tuning",
    ev.TRAINED: "Measuring",
    ev.EVALUATING: "Measuring",
    ev.EVALUATED: "Packing the model",
    ev.EXPORTING: "Packing the model",
    ev.COMPARING: "Comparing with the installed model",
    ev.FINISHED: "Done",
}
_ORDER = list(STAGES)

# What a stage costs, in passes of one photo through the frozen network (2 ms); measured on
# MobileNetV2 with 4,000 photos on 2 cores. Starting costs about as much as 1,400 photos.
_START_PHOTOS, _PHOTOS = 1400.0, 4000.0
_TRAIN_SHARE = 0.7
_HEAD_COST, _FINE_TUNE_COST = 0.15, 12.0
# Before this share of an attempt is done, nothing can be said of the time left.
_LEAST_SHARE = 0.03


@dataclass(frozen=True)
class Progress:
    """A run's present: figures are None where they do not apply or are not known yet.

    Attributes:
        stage: in words for people.
        fraction: of the whole run, 0..1.
        eta_seconds: until the whole run is done.
        epoch, epochs, batch, batches: counted from 1, of the stage at hand.
        loss, accuracy: on photos learned from, of the epoch so far.
        val_loss, val_accuracy: on validation photos, of the last finished epoch.
        log_tail: the last lines that the process printed.
    """

    stage: str
    fraction: float
    eta_seconds: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    batch: int | None = None
    batches: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    log_tail: str = ""


def progress(job: Job) -> Progress:
    """Read how far a run has come; lines that are damaged are passed over."""
    events = [event for event in read_events(job.folder) if event["stage"] in STAGES]
    tail = log_tail(job, 20)
    if job.state == State.QUEUED or not events:
        return Progress(STAGES[ev.QUEUED], 0.0, log_tail=tail)
    last = events[-1]
    done = 1.0 if job.state == State.FINISHED else _fraction(last, job.config)
    learning = [e for e in events if e["stage"] in (ev.HEAD_STAGE, ev.FINE_TUNE_STAGE)]
    ends = [event for event in learning if number(event.get("val_loss")) is not None]
    present = learning[-1] if learning else {}
    counted = last if last is present else {}
    return Progress(
        stage=_words(last, job, keeps=bool(ends)),
        fraction=done,
        eta_seconds=_eta(events, done, job),
        **{name: _count(counted.get(name)) for name in ("epoch", "epochs", "batch", "batches")},
        loss=number(present.get("loss")),
        accuracy=number(present.get("accuracy")),
        val_loss=number(ends[-1].get("val_loss")) if ends else None,
        val_accuracy=number(ends[-1].get("val_accuracy")) if ends else None,
        log_tail=tail,
    )


def number(value: Any) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _words(event: dict[str, Any], job: Job, keeps: bool) -> str:
    if job.state == State.STOPPING:
        if keeps:
            return "Stopping: keeping the best so far"
        return "Stopping: nothing is kept, as no epoch is done yet"
    if job.state == State.FINISHED:
        return STAGES[ev.FINISHED]
    words = STAGES[event["stage"]]
    epoch, epochs = _count(event.get("epoch")), _count(event.get("epochs"))
    if epoch and epochs:
        return f"{words}, epoch {epoch} of {epochs}"
    return words


def _costs(config: TrainConfig) -> dict[str, float]:
    """What each stage of a run costs, in photos; only their proportions matter."""
    train = _PHOTOS * _TRAIN_SHARE
    return {
        ev.STARTING: _START_PHOTOS,
        ev.READING: 1.4 * _PHOTOS,
        ev.FEATURES: _PHOTOS * (0.5 + _TRAIN_SHARE * config.augmented_views),
        ev.HEAD_STAGE: train * config.epochs * _HEAD_COST,
        ev.FINE_TUNE_STAGE: train * config.fine_tune_epochs * _FINE_TUNE_COST,
        ev.EVALUATING: 1.5 * _PHOTOS,
        ev.EXPORTING: 1.5 * _PHOTOS,
        ev.COMPARING: 0.6 * _PHOTOS,
    }


def _fraction(event: dict[str, Any], config: TrainConfig) -> float:
    """Share of the whole run that is done at an event, 0..1."""
    costs = _costs(config)
    stage = event["stage"]
    before = sum(c for name, c in costs.items() if _ORDER.index(name) < _ORDER.index(stage))
    return (before + costs.get(stage, 0.0) * _share(event, config)) / sum(costs.values())


def _share(event: dict[str, Any], config: TrainConfig) -> float:
    """Share of its own stage that is done at an event, 0..1."""
    of_stage = (number(event.get("done")) or 0.0) / (number(event.get("total")) or 1.0)
    if event["stage"] == ev.READING:
        return min(of_stage, 1.0)
    if event["stage"] == ev.FEATURES:
        sets = ["photos", "validation", *(f"variation {i + 1}" for i in range(99))]
        place = sets.index(event["of"]) if event.get("of") in sets else 0
        return min((place + of_stage) / (2 + config.augmented_views), 1.0)
    figures = [number(event.get(name)) for name in ("epoch", "epochs", "batch", "batches")]
    if any(figure is None for figure in figures):
        return 0.0
    epoch, epochs, batch, batches = (figure or 0.0 for figure in figures)
    return min((epoch - 1 + batch / max(batches, 1)) / max(epochs, 1), 1.0)


def _eta(events: list[dict[str, Any]], done: float, job: Job) -> float | None:
    """Seconds left, from the pace of this attempt; None while that says nothing yet."""
    if job.state != State.RUNNING:
        return None
    starts = [i for i, event in enumerate(events) if event["stage"] == ev.STARTING]
    attempt = events[starts[-1] if starts else 0 :]
    # A resumed run jumps to where it was: what counts is what this attempt has done.
    first = next((e for e in attempt if e["stage"] in (ev.FEATURES, ev.FINE_TUNE_STAGE)), None)
    if first is None:
        return None
    share = done - _fraction(first, job.config)
    seconds = attempt[-1]["time"] - first["time"]
    if share < _LEAST_SHARE or seconds <= 0:
        return None
    return float(seconds / share * (1 - done))
