"""What a run's process does: the steps in this process with a small network, then the real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import psutil
import pytest

from maskcore import files
from maskcore.models import load_model
from tests.full_disk import full_disk
from tests.training.background.processes import SLEEP, end_process, pid_of, until
from training.background import control, job_process, job_runner, jobs
from training.background.comparison import comparison
from training.background.job_runner import BROKEN, DISK_FULL, ENDED, run_job
from training.background.jobs import Job, State
from training.background.run_curves import curves
from training.background.run_installing import install
from training.callbacks import BEST_WEIGHTS, Checkpoint, RunState
from training.classifier import evaluate as evaluate_module
from training.classifier import head_stage
from training.classifier.fit import BACKBONE_WEIGHTS, NOTHING_TO_KEEP, fit
from training.config import TrainConfig
from training.events import read_events
from training.installing import export
from training.photos import data_folders

MakePhotos = Callable[..., Path]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, make_photos: MakePhotos) -> Path:
    return make_photos(tmp_path_factory.mktemp("photos") / "data", 24)


@pytest.fixture(autouse=True)
def after(runs: Path) -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def here(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are only queued, to be worked on in this process."""
    monkeypatch.setattr(job_process, "launch", lambda folder: None)
    monkeypatch.setattr(control, "start_next", lambda: None)
    monkeypatch.setattr(job_runner, "start_next", lambda: None)
    monkeypatch.setattr(job_runner, "be_modest", lambda: None)


def config(photos: Path, **changed: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "data": str(photos),
        "backbone_weights": "none",
        "image_size": 75,
        "dense_units": 8,
        "epochs": 2,
        "augmented_views": 0,
        "batch_size": 8,
    }
    return TrainConfig(**{**values, **changed})


def stages(job: Job) -> list[str]:
    return list(dict.fromkeys(event["stage"] for event in read_events(job.folder)))


def epochs(job: Job) -> list[int]:
    events = read_events(job.folder)
    return [event["epoch"] for event in events if "epoch" in event and "val_loss" in event]


def test_a_run_ends_with_a_model_that_can_be_installed(
    here: None, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "models" / "inception_v3" / "card.json"
    other.parent.mkdir(parents=True)
    card = {"kind": "classifier", "architecture": "inception_v3", "not_sure": {"margin": 2.0}}
    other.write_text(json.dumps(card))
    job = control.submit(config(photos, fine_tune_epochs=1), "mine", "my photos")
    assert job.state == State.QUEUED
    assert run_job(job.id) == 0
    job = jobs.job(job.id)
    assert (job.state, job.problem, job.stopped_early) == (State.FINISHED, "", False)
    assert stages(job) == [
        "queued",
        "reading data",
        "computing features",
        "training",
        "fine-tuning",
        "trained",
        "evaluating",
        "evaluated",
        "exporting",
        "comparing",
        "finished",
    ]
    report = json.loads((job.folder / "report.json").read_text(encoding="utf-8"))
    assert report["data"] == "my photos"
    first = comparison(job)
    assert first is not None and first.verdict == "no model to compare with"
    assert first.parts[1].run.right == report["parts"]["test"]["accuracy"]["hits"]
    install(job.id, "mobilenet_v2")
    card = load_model("mobilenet_v2").card
    assert (card["title"], card["input"]["crop_margin"]) == ("mine", 0.2)
    assert str(photos.parent) not in json.dumps(card)
    assert "not_sure" not in card  # the other architecture's doubts are not this one's
    assert list((job.folder / "tensorboard").glob("*/events.out.tfevents*"))

    path = tmp_path / "models" / "mobilenet_v2" / "card.json"
    path.write_text(json.dumps({**card, "not_sure": {"margin": 1.5}}))
    second = control.submit(config(photos, seed=1))
    assert run_job(second.id) == 0
    assert json.loads((second.folder / "card.json").read_text())["not_sure"] == {"margin": 1.5}
    found = comparison(jobs.job(second.id))
    assert found is not None and found.installed_title == "mine"
    assert not {"reserve", "queued.json", "process.json", "stop"} & {
        path.name for path in second.folder.iterdir()
    }


def test_a_finished_run_keeps_what_the_command_line_may_still_want_of_it_and_no_more(
    here: None, photos: Path
) -> None:
    job = control.submit(config(photos))
    (job.folder / "checkpoints").mkdir()
    (job.folder / BACKBONE_WEIGHTS).touch()
    assert run_job(job.id) == 0
    assert [path.name for path in (job.folder / "checkpoints").iterdir()] == [BEST_WEIGHTS.name]
    fit(job.config, job.folder, "again", resume=True)  # finished, it only says so
    evaluate_module.evaluate(job.folder, "again")
    export.package(job.folder, "net", "my photos", "again")


def test_stopping_keeps_the_best_of_the_epochs_done(
    here: None, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = control.submit(config(photos, epochs=50, fine_tune_epochs=5))
    on_epoch_end = Checkpoint.on_epoch_end

    def then_stop(self: Any, epoch: int, logs: Any = None) -> None:
        on_epoch_end(self, epoch, logs)
        if epoch == 2:
            (job.folder / "stop").touch()

    monkeypatch.setattr(Checkpoint, "on_epoch_end", then_stop)
    assert run_job(job.id) == 0
    job = jobs.job(job.id)
    assert (job.state, job.stopped_early, job.can_resume) == (State.FINISHED, True, False)
    assert epochs(job) == [1, 2, 3]
    assert "fine-tuning" not in stages(job)
    assert max(point.step for point in curves(job)) == 3
    install(job.id, "stopped")


@pytest.mark.parametrize("when", ["reading data", "computing features", "training"])
def test_stopping_before_the_first_epoch_leaves_nothing_but_can_go_on(
    here: None, photos: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    job = control.submit(config(photos))
    if when == "training":
        begin = keras.callbacks.Callback.on_epoch_begin
        monkeypatch.setattr(
            Checkpoint,
            "on_epoch_begin",
            lambda self, *_: (job.folder / "stop").touch() or begin(self, 0),
            raising=False,
        )
    elif when == "computing features":
        fold = head_stage.folded

        def stopped_at_once(base: Any) -> Any:
            copied = fold(base)
            predict = copied.predict_on_batch
            copied.predict_on_batch = lambda x: (job.folder / "stop").touch() or predict(x)
            return copied

        monkeypatch.setattr(head_stage, "folded", stopped_at_once)
    else:
        monkeypatch.setattr(job_runner, "be_modest", (job.folder / "stop").touch)
    assert run_job(job.id) == 1
    job = jobs.job(job.id)
    assert (job.state, job.problem) == (State.INTERRUPTED, NOTHING_TO_KEEP)
    assert not (job.folder / "model.tflite").exists()
    assert RunState(job.folder).epochs_done == 0
    assert stages(job)[-1] == when
    if when == "reading data":
        monkeypatch.setattr(job_runner, "be_modest", lambda: None)
        control.resume(job.id)
        assert run_job(job.id) == 0
        assert jobs.job(job.id).state == State.FINISHED


@pytest.mark.parametrize("step", ["evaluate", "package", "challenge"])
def test_a_run_that_broke_after_learning_only_does_what_is_missing(
    here: None, photos: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from training.background import challenge as challenge_module

    module = {"evaluate": evaluate_module, "package": export, "challenge": challenge_module}[step]

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("out of order")

    job = control.submit(config(photos))
    with monkeypatch.context() as patch:
        patch.setattr(module, step, broken)
        assert run_job(job.id) == 1
    job = jobs.job(job.id)
    assert (job.state, job.problem) == (State.FAILED, BROKEN.format("RuntimeError."))
    before = {path: path.stat().st_mtime_ns for path in job.folder.glob("*/*.h5")}
    report = job.folder / "report.json"
    measured = report.stat().st_mtime_ns if report.exists() else None
    assert (measured is None) == (step == "evaluate")
    control.resume(job.id)
    assert run_job(job.id) == 0
    job = jobs.job(job.id)
    assert job.state == State.FINISHED
    assert {path: path.stat().st_mtime_ns for path in job.folder.glob("*/*.h5")} == before
    assert measured in (None, report.stat().st_mtime_ns)
    assert sum(event["stage"] == "trained" for event in read_events(job.folder)) == 1


def test_a_full_disk_is_said_and_the_run_goes_on_once_there_is_room(
    here: None, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = keras.Model.save

    job = control.submit(config(photos))
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", full_disk)
        assert run_job(job.id) == 1
    assert keras.Model.save is save
    job = jobs.job(job.id)
    assert (job.state, job.problem, job.can_resume) == (State.FAILED, DISK_FULL, True)
    control.resume(job.id)
    assert run_job(job.id) == 0


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The runs' folder on a disk of 8 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root on Linux may mount a small disk")
    monkeypatch.setenv("MASKLENS_RUNS", str(disk / "runs"))
    monkeypatch.setattr(data_folders, "LEAST_FREE_GB", 0)  # else no run begins
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("left", [100_000, 320_000])
def test_a_disk_that_fills_up_harms_nothing_and_the_run_goes_on_with_room(
    here: None, photos: Path, small_disk: Path, left: int
) -> None:
    job = control.submit(config(photos))
    filler = small_disk / "filler"
    try:
        with filler.open("wb", buffering=0) as stream:
            while True:
                stream.write(bytes(4096))
    except OSError:
        os.truncate(filler, filler.stat().st_size - left)
    assert run_job(job.id) == 1
    job = jobs.job(job.id)
    filler.unlink()
    assert (job.state, job.problem, job.can_resume) == (State.FAILED, DISK_FULL, True)
    control.resume(job.id)
    assert run_job(job.id) == 0
    assert jobs.job(job.id).state == State.FINISHED
    install(job.id, "mobilenet_v2")
    assert load_model("mobilenet_v2").card["figures"]["test"]["count"] > 0


def test_data_that_do_not_serve_are_said(here: None, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    job = control.submit(config(tmp_path / "empty"))
    assert run_job(job.id) == 1
    assert "No photos were found in without_mask/" in jobs.job(job.id).problem


def test_a_run_ended_from_outside_is_interrupted_and_goes_on(
    here: None, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = control.submit(config(photos, epochs=3))
    on_epoch_end = Checkpoint.on_epoch_end

    def then_end(self: Any, epoch: int, logs: Any = None) -> None:
        on_epoch_end(self, epoch, logs)
        signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", then_end)
        assert run_job(job.id) == 1
    job = jobs.job(job.id)
    assert (job.state, job.problem, job.can_resume) == (State.INTERRUPTED, ENDED, True)
    assert epochs_done(job) == 1
    control.resume(job.id)
    assert run_job(job.id) == 0
    assert epochs(job)[-2:] == [2, 3]


def test_a_second_process_for_the_same_run_does_nothing(here: None, photos: Path) -> None:
    job = control.submit(config(photos))
    other = subprocess.Popen([sys.executable, "-c", SLEEP])
    job_process.record(job.folder, other.pid)
    assert run_job(job.id) == 0
    assert jobs.job(job.id).state == State.RUNNING
    assert stages(job) == ["queued"]


def test_a_run_begins_although_a_page_reads_its_files(
    here: None,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    refuse: Callable[[str, str, int], list[Path]],
) -> None:
    job = control.submit(config(photos))
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = refuse("unlink", "queued.json", 2)
    assert job_runner._claim(job.folder)
    assert len(asked) == 3
    assert jobs.state_of(job.folder) == State.RUNNING


# --- the real process


def kill(job: Job) -> None:
    pid = pid_of(job.folder)
    end_process(job.folder)
    until(lambda: not psutil.pid_exists(pid))


def test_killed_runs_go_on_and_the_next_one_starts_by_itself(photos: Path) -> None:
    """kill -9 in mid-epoch and while saving; nobody looks on when the next one's turn comes."""
    first = control.submit(config(photos, epochs=3), "first")
    second = control.submit(config(photos, epochs=200), "second")
    until(lambda: epochs_done(first) == 1, every_seconds=0.005)
    kill(first)
    assert jobs.job(first.id).state == State.INTERRUPTED
    control.stop(second.id)
    control.resume(first.id)
    until(lambda: list((first.folder / "checkpoints").glob(".*")), every_seconds=0.005)
    kill(first)
    done = epochs_done(first)
    assert jobs.job(first.id).state == State.INTERRUPTED
    control.resume(first.id)
    control.resume(second.id)
    assert jobs.job(second.id).place == 1
    until(lambda: not jobs.job(first.id).is_active)
    assert jobs.job(first.id).state == State.FINISHED
    assert epochs_done(first) == 3 >= done
    until(lambda: epochs_done(second) >= 1)
    assert jobs.job(second.id).state == State.RUNNING
    control.stop(second.id)
    until(lambda: not jobs.job(second.id).is_active)
    assert jobs.job(second.id).stopped_early


def epochs_done(job: Job) -> int:
    return RunState(job.folder).epochs_done


@pytest.mark.skipif(not hasattr(os, "nice"), reason="Windows has no niceness")
def test_a_run_s_process_steps_back_behind_all_others() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from training.background.job_runner import be_modest; be_modest();"
            "import tensorflow as tf;"
            "print(os.nice(0), tf.config.threading.get_intra_op_parallelism_threads());"
            "group = '/proc/self/autogroup';"
            "print(open(group).read() if os.path.exists(group) else 'nice 19')",
        ],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    ).stdout.split()
    assert told[:2] == ["19", str(job_process.few_threads())]
    assert 1 <= job_process.few_threads() <= max(2, (os.cpu_count() or 1) // 2)
    # Of the session, where the kernel weighs sessions and lets this user say so.
    assert told[-2:] == ["nice", "19"] or not os.access("/proc/self/autogroup", os.W_OK)
