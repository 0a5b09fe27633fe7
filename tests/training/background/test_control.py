"""Starting, stopping and deleting; a process that only sleeps takes the place of training."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from maskcore import files
from maskcore.errors import MasklensError
from maskcore.files import write_json
from tests.full_disk import full_disk
from tests.training.background.processes import SLEEP, end_process, pid_of, until
from training.background import control, job_process, jobs
from training.background.jobs import State
from training.config import TrainConfig
from training.job_files import folder_of, guard

pytestmark = pytest.mark.usefixtures("sleeper")
ROOT = Path(control.__file__).resolve().parents[2]

# Submits a run whose process only sleeps, and says what became of it.
SUBMIT = """
import subprocess, sys
from training.background import control, job_process
from training.config import TrainConfig

def launch(folder):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    job_process.record(folder, process.pid)

job_process.launch = launch
print("ready", flush=True)
sys.stdin.readline()
print(control.submit(TrainConfig(sys.argv[1])).id)
"""


def states() -> dict[str, tuple[State, int | None]]:
    return {job.name: (job.state, job.place) for job in jobs.jobs()}


def test_a_run_starts_at_once_and_further_ones_wait_their_turn(config: TrainConfig) -> None:
    assert jobs.jobs() == []
    first, *_ = (control.submit(config, name) for name in ("first", "second", "third"))
    assert first.state == State.RUNNING
    assert [job.name for job in jobs.jobs()][-1] in {"first", "second", "third"}
    assert states() == {
        "first": (State.RUNNING, None),
        "second": (State.QUEUED, 1),
        "third": (State.QUEUED, 2),
    }
    control.start_next()
    assert states()["second"] == (State.QUEUED, 1)
    end_process(first.folder)
    until(lambda: jobs.job(first.id).state == State.INTERRUPTED)
    assert states()["second"] == (State.QUEUED, 1)
    control.start_next()
    assert states() == {
        "first": (State.INTERRUPTED, None),
        "second": (State.RUNNING, None),
        "third": (State.QUEUED, 1),
    }


def test_no_more_runs_wait_than_a_server_gets_through_in_days(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "MAX_WAITING", 2)
    _, second, _ = (control.submit(config) for _ in range(3))
    with pytest.raises(MasklensError, match="2 runs are waiting already"):
        control.submit(config)
    assert len(jobs.jobs()) == 3
    control.stop(second.id)
    control.submit(config)
    with pytest.raises(MasklensError, match="2 runs are waiting already"):
        control.resume(second.id)
    assert jobs.job(second.id).state == State.INTERRUPTED


def test_no_run_begins_on_a_disk_that_is_nearly_full(
    config: TrainConfig, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, waiting = control.submit(config), control.submit(config)
    control.stop(waiting.id)
    usage = shutil.disk_usage(runs.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**9))
    for begin in (lambda: control.submit(config), lambda: control.resume(waiting.id)):
        with pytest.raises(MasklensError, match="Less than 2 GB are free"):
            begin()
    assert len(jobs.jobs()) == 2


def test_data_that_are_not_there_are_refused(config: TrainConfig, runs: Path) -> None:
    for data in ("", config.data + "/gone"):
        with pytest.raises(MasklensError, match="data folder is not there"):
            control.submit(replace(config, data=data))
    assert jobs.jobs() == []


def test_a_run_that_cannot_be_started_fails_and_holds_up_nobody(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = job_process.launch

    def launch(folder: Path) -> None:
        if "bad" in (folder / "job.json").read_text():
            raise PermissionError(13, "not allowed")
        works(folder)

    monkeypatch.setattr(job_process, "launch", launch)
    bad = control.submit(config, "bad")
    assert (bad.state, bad.problem) == (
        State.FAILED,
        "The run could not be started: not allowed.",
    )
    assert control.submit(config, "good").state == State.RUNNING


def test_a_full_disk_refuses_a_run_and_leaves_nothing(
    config: TrainConfig, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "write_json", full_disk)
    with pytest.raises(MasklensError, match="Is the disk full"):
        control.submit(config)
    assert list(runs.iterdir()) == []


def test_a_run_waits_while_the_disk_is_full(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, waiting = control.submit(config, "first"), control.submit(config, "waiting")
    end_process(first.folder)
    until(lambda: jobs.job(first.id).state == State.INTERRUPTED)
    with monkeypatch.context() as patch:
        patch.setattr(job_process, "launch", full_disk)
        patch.setattr(control, "write_json", full_disk)
        control.start_next()
    assert jobs.job(waiting.id).state == State.QUEUED
    control.start_next()
    assert jobs.job(waiting.id).state == State.RUNNING


@pytest.mark.parametrize("act", ["rename", "resume", "delete"])
def test_files_that_cannot_be_changed_are_a_sentence(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    job = control.submit(config, "old")
    end_process(job.folder)
    until(lambda: jobs.job(job.id).state == State.INTERRUPTED)
    monkeypatch.setattr(control, "write_json", full_disk)
    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(MasklensError, match="could not be changed"):
        getattr(control, act)(job.id, *(["new"] if act == "rename" else []))
    assert states() == {"old": (State.INTERRUPTED, None)}


@pytest.mark.parametrize("tries", range(3))
def test_two_servers_that_submit_at_once_start_one_run(config: TrainConfig, tries: int) -> None:
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMIT, config.data],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for server in servers:
        assert server.stdout and server.stdout.readline() == "ready\n"
    for server in servers:
        assert server.stdin
        server.stdin.write("go\n")
        server.stdin.flush()
    for server in servers:
        assert server.wait(60) == 0
    assert sorted(job.state for job in jobs.jobs()) == [State.QUEUED, State.RUNNING]


def test_a_killed_run_is_interrupted_and_goes_on_when_asked(config: TrainConfig) -> None:
    job = control.submit(config)
    end_process(job.folder)
    until(lambda: jobs.job(job.id).state != State.RUNNING)
    job = jobs.job(job.id)
    assert (job.state, job.can_resume) == (State.INTERRUPTED, True)
    assert "It can go on" in job.problem
    killed = pid_of(job.folder)
    control.resume(job.id)
    job = jobs.job(job.id)
    assert (job.state, job.problem, job.can_resume) == (State.RUNNING, "", False)
    assert pid_of(job.folder) != killed
    with pytest.raises(MasklensError, match="cannot go on"):
        control.resume(job.id)


def test_a_dead_run_holds_up_nobody(config: TrainConfig) -> None:
    """What another server would take for a lock: a run written down whose process is gone."""
    stale = control.submit(config, "stale")
    end_process(stale.folder)
    until(lambda: jobs.job(stale.id).state == State.INTERRUPTED)
    assert control.submit(config, "next").state == State.RUNNING


def test_a_killed_holder_of_the_guard_frees_it(config: TrainConfig, runs: Path) -> None:
    held = "from training.job_files import guard\nwith guard():\n print(1, flush=True)\n" + SLEEP
    holder = subprocess.Popen(
        [sys.executable, "-c", held], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout and holder.stdout.readline() == "1\n"
    holder.kill()
    holder.wait()
    with guard():
        pass
    assert control.submit(config).state == State.RUNNING


def test_stopping_asks_a_run_and_takes_a_waiting_one_out(config: TrainConfig) -> None:
    running, waiting = control.submit(config, "a"), control.submit(config, "b")
    control.stop(waiting.id)
    waiting = jobs.job(waiting.id)
    assert (waiting.state, waiting.problem) == (State.INTERRUPTED, "Stopped before it began.")
    assert waiting.can_resume
    control.stop(running.id)
    assert jobs.job(running.id).state == State.STOPPING
    control.stop(running.id)  # twice does no harm
    control.resume(waiting.id)
    assert states()["b"] == (State.QUEUED, 1)
    write_json(running.folder / "outcome.json", {"state": "finished", "stopped_early": True})
    running = jobs.job(running.id)
    assert (running.state, running.stopped_early) == (State.FINISHED, True)
    with pytest.raises(MasklensError, match="nothing to stop"):
        control.stop(running.id)


def test_a_long_name_is_kept_as_far_as_a_run_can_be_renamed(config: TrainConfig) -> None:
    job = control.submit(config, "x" * control.MAX_NAME + ", corrected")
    assert job.name == "x" * control.MAX_NAME
    control.rename(job.id, job.name)


def test_a_run_without_a_name_is_called_after_its_data_and_the_time(config: TrainConfig) -> None:
    for data_name, shown in (("Photos of 7b", "Photos of 7b"), ("x" * 200, "x" * 60)):
        job = control.submit(config, data_name=data_name)
        created = datetime.fromtimestamp(job.created)
        assert job.name == f"{shown}, {created.day} {created:%b, %H:%M}"


def test_renaming(config: TrainConfig) -> None:
    job = control.submit(config, "old")
    control.rename(job.id, "  new ü ")
    assert jobs.job(job.id).name == "new ü"
    assert jobs.job(job.id).created == job.created
    for name in ("", "  ", "x" * (control.MAX_NAME + 1)):
        with pytest.raises(MasklensError, match="1 to 80"):
            control.rename(job.id, name)
    assert jobs.job(job.id).name == "new ü"


def test_a_run_that_goes_on_is_not_deleted(config: TrainConfig, runs: Path) -> None:
    job = control.submit(config)
    for _ in range(2):  # also once it was asked to stop
        with pytest.raises(MasklensError, match="Stop it first"):
            control.delete(job.id)
        control.stop(job.id)
    end_process(job.folder)
    until(lambda: jobs.job(job.id).state == State.INTERRUPTED)
    control.delete(job.id)
    assert [path.name for path in runs.iterdir()] == [".guard"]
    with pytest.raises(MasklensError, match="is gone"):
        jobs.job(job.id)


def test_deleting_takes_private_data_with_the_last_run_that_uses_them(
    config: TrainConfig, runs: Path
) -> None:
    private = runs / "data" / "upload1"
    (private / "with_mask").mkdir(parents=True)
    (runs / "data" / "upload2").mkdir()
    given = control.submit(config, "given")
    own = [control.submit(replace(config, data=str(private))) for _ in range(2)]
    end_process(given.folder)
    until(lambda: jobs.job(given.id).state == State.INTERRUPTED)
    control.delete(given.id)
    assert Path(config.data).is_dir()
    control.delete(own[0].id)
    assert private.is_dir()
    control.delete(own[1].id)
    assert not private.exists()
    assert (runs / "data" / "upload2").is_dir()


def test_a_run_whose_file_is_open_is_deleted_a_moment_later(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows refuses to move its folder, here the first time."""
    job = control.submit(config, "old")
    end_process(job.folder)
    until(lambda: jobs.job(job.id).state == State.INTERRUPTED)
    move, refused = os.replace, []

    def replace_(source: Path, target: Path) -> None:
        if source == job.folder and not refused:
            refused.append(source)
            raise PermissionError("a file in it is open")
        move(source, target)

    monkeypatch.setattr(files, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(os, "replace", replace_)
    control.delete(job.id)
    assert refused and not job.folder.exists()


@pytest.mark.parametrize("run_id", ["", ".", "..", "../x", "a/b", "/tmp", "20260101-000000-abcdef"])
@pytest.mark.parametrize("ask", [jobs.job, control.stop, control.resume, control.delete, folder_of])
def test_only_ids_of_runs_are_taken(
    runs: Path, tmp_path: Path, ask: Callable[[str], Any], run_id: str
) -> None:
    write_json(tmp_path / "x" / "job.json", {"name": "outside"})
    write_json(runs / "a" / "b" / "job.json", {"name": "deeper"})
    write_json(runs / "job.json", {"name": "no run"})
    with pytest.raises(MasklensError, match="is gone"):
        ask(run_id)
    assert (tmp_path / "x").exists() and (runs / "a" / "b").exists()
