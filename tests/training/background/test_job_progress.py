from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.training.background.logged import batch, events
from training.background import job_progress
from training.background.job_progress import progress
from training.background.jobs import Job, State
from training.background.run_curves import curves
from training.config import DATA_FILE
from training.photos.intake import MAX_PHOTOS


def features(time: float, of: str, done: int, total: int = 128) -> dict[str, Any]:
    return {"time": time, "stage": "computing features", "of": of, "done": done, "total": total}


def test_a_run_without_events_waits(job: Job) -> None:
    told = progress(job)
    assert (told.stage, told.fraction, told.eta_seconds) == ("Waiting for its turn", 0.0, None)
    assert curves(job) == []


def test_progress_only_grows_and_names_the_stage(job: Job) -> None:
    whole = [
        {"time": 0, "stage": "queued"},
        {"time": 1, "stage": "starting"},
        {"time": 2, "stage": "reading data"},
        {"time": 3, "stage": "reading data", "done": 64, "total": 128},
        features(4, "photos", 0),
        features(5, "photos", 64),
        features(6, "validation", 0, 20),
        features(7, "variation 1", 0),
        batch(9, 1, 2, accuracy=0.5),
        batch(10, 1, 4, accuracy=0.5, val_loss=0.6, val_accuracy=0.75),
        batch(11, 2, 4, accuracy=0.6, val_loss=0.5, val_accuracy=0.8),
        batch(20, 1, 1, "fine-tuning"),
        {"time": 30, "stage": "trained"},
        {"time": 31, "stage": "evaluating"},
        {"time": 32, "stage": "evaluated"},
        {"time": 33, "stage": "exporting"},
        {"time": 34, "stage": "comparing"},
    ]
    told = []
    for event in whole:
        events(job, event)
        told.append(progress(job))
    fractions = [now.fraction for now in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.05
    assert fractions[2] < fractions[3] < fractions[4]
    assert 0.9 < fractions[-1] < 1
    assert [now.stage for now in told] == [
        "Waiting for its turn",
        "Getting ready",
        *["Reading the photos"] * 2,
        *["Looking at each photo once"] * 4,
        *["Learning, epoch 1 of 2"] * 2,
        "Learning, epoch 2 of 2",
        "Fine-tuning, epoch 1 of 1",
        *["Measuring"] * 2,
        *["Packing the model"] * 2,
        "Comparing with the installed model",
    ]
    learning = told[9]
    assert (learning.val_loss, learning.val_accuracy) == (0.6, 0.75)
    assert told[11].val_loss == 0.5 and told[11].loss == 0.5
    finished = progress(replace(job, state=State.FINISHED))
    assert (finished.stage, finished.fraction, finished.eta_seconds) == ("Done", 1.0, None)


@pytest.mark.parametrize(
    ("name", "after"),
    [("starting", "reading data"), ("evaluating", "evaluated"), ("exporting", "comparing")],
)
def test_a_stage_without_steps_moves_on_by_the_clock(job: Job, name: str, after: str) -> None:
    events(job, stage(100, "starting"), stage(110, name))
    told = [progress(job, now) for now in (110, 113, 130, 1e6)]
    fractions = [now.fraction for now in told]
    assert fractions == sorted(set(fractions[:3])) + [fractions[3]]
    times = [now.eta_seconds for now in told if now.eta_seconds is not None]
    assert len(times) == (0 if name == "starting" else 4)
    assert progress(replace(job, state=State.STOPPING), 130).fraction == fractions[0]
    events(job, stage(111, after))
    assert progress(job, 112).fraction >= fractions[3]


def test_only_a_run_with_a_whole_epoch_keeps_something_when_it_is_stopped(job: Job) -> None:
    stopping = replace(job, state=State.STOPPING)
    events(job, {"time": 0, "stage": "starting"}, batch(1, 1, 2))
    events(job, batch(2, 1, 4, val_loss=None))  # it diverged: there are no best weights
    assert progress(stopping).stage == "Stopping: nothing is kept, as no epoch is done yet"
    events(job, batch(3, 2, 4, val_loss=0.5))
    assert progress(stopping).stage == "Stopping: keeping the best so far"
    events(job, {"time": 9, "stage": "starting"})  # resumed: what it had is still there
    assert progress(stopping).stage == "Stopping: keeping the best so far"


def stage(time: float, name: str, **figures: Any) -> dict[str, Any]:
    return {"time": time, "stage": name, **figures}


def test_the_time_left_of_a_run_with_few_photos_is_mostly_loading_and_packing(job: Job) -> None:
    # The times of a run with 62 photos, on 2 cores.
    few = replace(job, config=replace(job.config, epochs=10, fine_tune_epochs=0))
    (job.folder / DATA_FILE).write_text('{"photos": 62}')
    head = {"epochs": 10, "batch": 2, "batches": 2, "val_loss": 0.1}
    events(few, stage(0, "starting"), stage(3.2, "reading data"))
    assert progress(few).eta_seconds is None
    for event in (
        features(4.8, "photos", 0, 42),
        stage(6.9, "training", epoch=5, **head),
        stage(7.7, "training", epoch=10, **head),
        stage(9.2, "evaluating"),
        stage(15.3, "exporting"),
    ):
        events(few, event)
        eta = progress(few).eta_seconds
        assert eta == pytest.approx(25.3 - event["time"], rel=0.3)
    assert 0.5 < progress(few).fraction < 0.7


@pytest.mark.parametrize("photos", [100, 4000, MAX_PHOTOS])
def test_the_bar_only_grows_once_it_is_known_how_many_photos_there_are(
    job: Job, photos: int
) -> None:
    told = []
    for event in (
        stage(0, "starting"),
        stage(3, "reading data"),
        stage(3, "reading data", done=0, total=photos),
        stage(4, "reading data", done=64, total=photos),
        features(5, "photos", 0, photos),
    ):
        events(job, event)
        told.append(progress(job).fraction)
    assert told == sorted(told)
    assert told[3] < told[4]


def test_more_photos_take_longer(job: Job) -> None:
    def done(photos: int) -> float:
        (job.folder / DATA_FILE).write_text(json.dumps({"photos": photos}))
        return progress(job).fraction

    events(job, stage(0, "starting"), stage(3, "reading data"))
    assert 1 > done(60) > done(600) > done(6000) > 0


@pytest.mark.parametrize(
    ("done", "again", "resumed"),
    [
        (
            [features(13, "photos", 0), batch(20, 1, 4, val_loss=0.5), batch(21, 2, 2)],
            [features(9005, "photos", 0), features(9006, "variation 1", 0)],
            batch(9007, 2, 2),
        ),
        (
            [batch(20, 2, 4, val_loss=0.5), batch(90, 1, 4, "fine-tuning", val_loss=0.4)],
            [],
            stage(9006, "trained"),
        ),
        ([stage(90, "trained"), stage(91, "evaluating")], [], stage(9004, "evaluating")),
    ],
)
def test_a_resumed_run_begins_at_what_is_done(
    job: Job, done: list[dict[str, Any]], again: list[dict[str, Any]], resumed: dict[str, Any]
) -> None:
    (job.folder / DATA_FILE).write_text('{"photos": 600}')
    events(job, stage(0, "starting"))
    kept = [event for event in done if "val_loss" in event or event["stage"] == "evaluating"]
    for event in done:
        events(job, event)
        if event is kept[-1]:
            reached = progress(job).fraction
    assert reached > 0.1
    # Killed, and resumed much later: an epoch cut short is made again.
    for event in (stage(9000, "starting"), stage(9003, "reading data"), *again):
        events(job, event)
        assert progress(job).fraction == pytest.approx(reached)
    events(job, resumed)
    assert progress(job).fraction >= reached
    # What was done before the kill does not count as done in no time.
    ahead = job_progress._way([stage(0, "starting"), resumed], [], job).ahead
    assert 0.7 * ahead < (progress(job).eta_seconds or 0.0) < 3 * ahead


def test_the_time_left_follows_from_the_pace_of_this_attempt(job: Job) -> None:
    (job.folder / DATA_FILE).write_text('{"photos": 600}')
    events(job, stage(0, "starting"), features(100, "photos", 0))
    slow = progress(job).eta_seconds
    # Killed, and resumed much later on a machine ten times as fast.
    events(job, stage(9000, "starting"), features(9010, "photos", 0))
    fast = progress(job).eta_seconds
    assert slow and fast and slow > 4 * fast


@pytest.mark.parametrize(
    "damage",
    [
        b'{"time": 9, "stage": "trai',
        b"\xff\xfe\x00",
        b"[1, 2]\n",
        b'{"time": "x", "stage": "training"}\n',
        b'{"time": 9}\n',
        b'{"time": 9, "stage": "training", "epoch": "a", "batch": null}\n',
        b'{"time": 9, "stage": "something new"}\n',
        b"\n\n\n",
    ],
)
def test_damaged_lines_are_passed_over(job: Job, damage: bytes) -> None:
    events(job, {"time": 0, "stage": "starting"}, batch(5, 1, 2))
    with (job.folder / "events.jsonl").open("ab") as stream:
        stream.write(damage)
    told = progress(job)
    assert told.stage.startswith("Learning")
    assert 0 < told.fraction < 1
    assert len(curves(job)) == 1
