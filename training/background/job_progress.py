"""How far a run has come, in words and figures, from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from training import events as ev
from training.background.jobs import Job, State
from training.config import DATA_FILE, TrainConfig
from training.events import read_events
from training.job_files import read_values
from training.photos.intake import MAX_PHOTOS

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

# The first seconds of a run, in which libraries come from the disk, say little of its pace: so
# many at the pace that was measured count beside them.
_TRUSTED_SECONDS = 10.0
# Of fine-tuning, before its first batch: the whole network is made ready to learn.
_TUNING_START = 20.0
_WITHOUT_STEPS = (ev.STARTING, ev.EVALUATING, ev.EXPORTING, ev.COMPARING)
# What is done anew when a run goes on that was interrupted in that stage.
_AGAIN = {
    ev.HEAD_STAGE: (ev.STARTING, ev.READING, ev.FEATURES),
    ev.FINE_TUNE_STAGE: (ev.STARTING, ev.READING),
}


@dataclass(frozen=True)
class Progress:
    """A run's present: figures are None where they do not apply or are not known yet.

    Attributes:
        stage: in words for people.
        fraction: of the whole run, 0..1.
        eta_seconds: until the whole run is done.
        loss, accuracy: on photos learned from, of the epoch so far.
        val_loss, val_accuracy: on validation photos, of the last finished epoch.
    """

    stage: str
    fraction: float
    eta_seconds: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


def progress(
    job: Job, now: float | None = None, events: list[dict[str, Any]] | None = None
) -> Progress:
    """Read how far a run has come; lines that are damaged are passed over.

    Args:
        job: the run.
        now: seconds since the epoch; moves on a stage that reports no steps of its own. By
            default it stands at its beginning.
        events: of the run, by default read from its log.
    """
    logged = read_events(job.folder) if events is None else events
    events = [event for event in logged if event["stage"] in STAGES]
    if job.state == State.QUEUED or not events:
        return Progress(STAGES[ev.QUEUED], 0.0)
    last = events[-1]
    if now is not None and job.state == State.RUNNING and last["stage"] in _WITHOUT_STEPS:
        events[-1] = last = last | {"now": now}
    starts = [i for i, event in enumerate(events) if event["stage"] == ev.STARTING]
    begin = starts[-1] if starts else 0
    way = _way(events[begin:], events[:begin], job)
    learning = [e for e in events if e["stage"] in (ev.HEAD_STAGE, ev.FINE_TUNE_STAGE)]
    ends = [event for event in learning if number(event.get("val_loss")) is not None]
    present = learning[-1] if learning else {}
    return Progress(
        stage=_words(last, job, keeps=bool(ends)),
        fraction=1.0 if job.state == State.FINISHED else way.done / way.whole,
        eta_seconds=_eta(events[begin:], way, job),
        loss=number(present.get("loss")),
        accuracy=number(present.get("accuracy")),
        val_loss=number(ends[-1].get("val_loss")) if ends else None,
        val_accuracy=number(ends[-1].get("val_accuracy")) if ends else None,
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


def _costs(config: TrainConfig, photos: float) -> dict[str, float]:
    """Seconds that each stage takes, some of them for any number of photos.

    Measured on MobileNetV2 with 60 and 4,000 photos, on 2 cores. On other machines, and beside
    other work, only their proportions hold.
    """
    train = photos * (1 - config.validation_share - config.test_share)
    tuning = config.fine_tune_epochs
    return {
        ev.STARTING: 3.0,
        ev.READING: 1.5 + 0.0055 * photos,
        ev.FEATURES: 0.5 + 0.002 * (0.5 * photos + train * config.augmented_views),
        ev.HEAD_STAGE: 0.5 + config.epochs * (0.2 + 0.0003 * train),
        ev.FINE_TUNE_STAGE: _TUNING_START + tuning * (1.5 + 0.024 * train) if tuning else 0.0,
        ev.EVALUATING: 7 + 0.0012 * photos,
        ev.EXPORTING: 9.5 + 0.0006 * photos,
        ev.COMPARING: 0.5 + 0.001 * photos,
    }


@dataclass(frozen=True)
class _Way:
    """How far an attempt has come, in seconds by ``_costs``.

    Attributes:
        whole: of the whole run.
        done: of it, be it by this attempt or a former one.
        worked: by this attempt alone.
        ahead: what is left to do for it.
    """

    whole: float
    done: float
    worked: float
    ahead: float


def _way(attempt: list[dict[str, Any]], former: list[dict[str, Any]], job: Job) -> _Way:
    """How far a run has come.

    Args:
        attempt: events of the attempt at hand.
        former: events of those before it.
        job: the run.
    """
    costs = _costs(job.config, _photos(former + attempt, job))
    whole = sum(costs.values())
    # Of an epoch that was cut short nothing is left.
    kept = [e for e in former if number(e.get("val_loss")) is not None or _is_after(e)]
    last, stage = attempt[-1], kept[-1]["stage"] if kept else ev.HEAD_STAGE
    again = sum(costs[name] for name in _AGAIN.get(stage, (ev.STARTING,)))
    begin = max((_place(event, costs, job.config) for event in kept), default=again)
    place = _place(last, costs, job.config)
    if place < again:
        return _Way(whole, begin if kept else place, place, again - place + whole - begin)
    return _Way(whole, max(place, begin), again + max(place - begin, 0.0), whole - place)


def _is_after(event: dict[str, Any]) -> bool:
    """Whether learning is over at an event."""
    return _ORDER.index(event["stage"]) >= _ORDER.index(ev.TRAINED)


def _photos(events: list[dict[str, Any]], job: Job) -> float:
    """How many photos a run reads; while nobody knows, the most there may be.

    The bar would jump back where more come than were thought of.
    """
    for event in reversed(events):
        if event["stage"] == ev.READING and (total := number(event.get("total"))):
            return total
    # Of few photos the reading is not reported in steps.
    known = number((read_values(job.folder / DATA_FILE) or {}).get("photos"))
    return MAX_PHOTOS if known is None else known


def _place(event: dict[str, Any], costs: dict[str, float], config: TrainConfig) -> float:
    """How far along the whole run an event is, in seconds by ``_costs``."""
    stage = event["stage"]
    before = sum(c for name, c in costs.items() if _ORDER.index(name) < _ORDER.index(stage))
    begun = _TUNING_START if stage == ev.FINE_TUNE_STAGE else 0.0
    cost = costs.get(stage, 0.0)
    return before + begun + (cost - begun) * _share(event, cost, config)


def _share(event: dict[str, Any], cost: float, config: TrainConfig) -> float:
    """Share of its own stage, of ``cost`` seconds, that is done at an event, 0..1."""
    of_stage = (number(event.get("done")) or 0.0) / (number(event.get("total")) or 1.0)
    if event["stage"] == ev.READING:
        return min(of_stage, 1.0)
    if event["stage"] in _WITHOUT_STEPS:
        elapsed = max(event.get("now", event["time"]) - event["time"], 0.0)
        # Ever slower, so that it neither arrives too early nor stands.
        return 1 - math.exp(-elapsed / cost)
    if event["stage"] == ev.FEATURES:
        variations = (f"variation {i + 1}" for i in range(config.augmented_views))
        sets = ["photos", "validation", *variations]
        place = sets.index(event["of"]) if event.get("of") in sets else 0
        return min((place + of_stage) / len(sets), 1.0)
    figures = [number(event.get(name)) for name in ("epoch", "epochs", "batch", "batches")]
    if any(figure is None for figure in figures):
        return 0.0
    epoch, epochs, batch, batches = (figure or 0.0 for figure in figures)
    return min((epoch - 1 + batch / max(batches, 1)) / max(epochs, 1), 1.0)


def _eta(attempt: list[dict[str, Any]], way: _Way, job: Job) -> float | None:
    """Seconds left, from the pace of this attempt; None while that says nothing yet."""
    seconds = attempt[-1].get("now", attempt[-1]["time"]) - attempt[0]["time"]
    begun = attempt[-1]["stage"] not in (ev.QUEUED, ev.STARTING, ev.READING)
    if job.state != State.RUNNING or not begun:
        return None
    pace = (seconds + _TRUSTED_SECONDS) / (way.worked + _TRUSTED_SECONDS)
    return float(pace * way.ahead)
