from __future__ import annotations

import pytest

from tests.training.background.logged import batch, events
from training.background.job_progress import progress
from training.background.jobs import Job
from training.background.run_curves import curves
from training.events import read_events


def points(job: Job) -> list[tuple[float, str, float | None]]:
    return [(point.step, point.part, point.loss) for point in curves(job)]


def test_curves_count_epochs_over_both_stages(job: Job) -> None:
    events(
        job,
        batch(1, 1, 2),
        batch(2, 1, 4, accuracy=0.5, val_loss=0.6, val_accuracy=0.75),
        batch(3, 2, 4, val_loss=None),
        batch(4, 1, 1, "fine-tuning"),
        {"time": 5, "stage": "trained", "val_loss": 0.5},
    )
    assert points(job) == [
        (1.0, "training", 0.2),
        (1.0, "validation", 0.6),
        (2.0, "training", pytest.approx(1 / 6)),
        (2.0, "validation", None),
        (2.25, "training", 0.5),
    ]
    assert curves(job)[0].accuracy == 0.5
    assert curves(job)[1].accuracy == 0.75


def test_an_epoch_has_one_value_of_each_part_and_at_last_the_one_of_the_moment(job: Job) -> None:
    events(job, batch(1, 1, 4, val_loss=0.6), batch(2, 2, 1), batch(3, 2, 3))
    first = [(1.0, "training", 0.2), (1.0, "validation", 0.6)]
    assert points(job) == [*first, (1.75, "training", 0.2)]
    # Killed and resumed: what is done twice counts as it was the second time.
    events(job, batch(11, 2, 2, loss=7.0))
    assert points(job) == [*first, (1.5, "training", 7.0)]
    events(job, batch(12, 2, 4, val_loss=0.1), batch(13, 1, 1, "fine-tuning"))
    second = [(2.0, "training", pytest.approx(1 / 6)), (2.0, "validation", 0.1)]
    assert points(job) == [*first, *second, (2.25, "training", 0.5)]
    # So much was lost that an epoch that was over is done again.
    events(job, batch(21, 2, 2, loss=3.0))
    assert points(job) == [*first, (1.5, "training", 3.0)]


def test_events_that_were_read_already_are_not_read_again(job: Job) -> None:
    events(job, {"time": 0, "stage": "starting"}, batch(5, 1, 2), batch(6, 1, 4, val_loss=0.5))
    read, told, points = read_events(job.folder), progress(job, 7.0), curves(job)
    (job.folder / "events.jsonl").unlink()
    assert progress(job, 7.0, read) == told
    assert curves(job, read) == points
