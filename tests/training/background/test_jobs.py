"""States, queue and faults of runs; a process that only sleeps takes the place of training."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from maskcore.errors import MasklensError
from maskcore.files import write_json
from training.background import control, job_process, jobs
from training.background.jobs import State
from training.background.run_log import log_tail
from training.config import TrainConfig
from training.events import EventLog
from training.job_files import folder_of, guard

ROOT = Path(jobs.__file__).resolve().parents[2]
SLEEP = "import time; time.sleep(300)"

# Submits a run whose process only sleeps, and says what became of it.
SUBMIT = """
import subprocess, sys
from training.background import job_process, control, jobs
from training.config import TrainConfig

def launch(folder):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    job_process.record(folder, process.pid)

jobs.job_process.launch = launch
print("ready", flush=True)
sys.stdin.readline()
print(control.submit(TrainConfig(sys.argv[1])).id)
"""
STATES = """
from training.background import control, jobs
print([[j.id, j.state, j.place] for j in jobs.jobs()])
"""


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    yield tmp_path / "runs"
    for child in psutil.Process().children(recursive=True):
        child.kill()
    for path in (tmp_path / "runs").glob("*/process.json"):
        end_process(path.parent)


@pytest.fixture(autouse=True)
def sleeper(monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(folder: Path) -> None:
        process = subprocess.Popen([sys.executable, "-c", SLEEP])
        job_process.record(folder, process.pid)

    monkeypatch.setattr(job_process, "launch", launch)


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    (tmp_path / "photos").mkdir()
    return TrainConfig(str(tmp_path / "photos"))


def pid_of(folder: Path) -> int:
    return int(json.loads((folder / "process.json").read_text())["pid"])


def end_process(folder: Path) -> None:
    """kill -9, and not waited for: its entry stays in the process table."""
    try:
        os.kill(pid_of(folder), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    except (OSError, ValueError, KeyError, TypeError):
        return


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


def full(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def states() -> dict[str, tuple[State, int | None]]:
    return {job.name: (job.state, job.place) for job in jobs.jobs()}


# --- starting and waiting


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


def test_a_run_is_described_by_its_files(config: TrainConfig, runs: Path) -> None:
    before = time.time()
    job = control.submit(replace(config, epochs=7, seed=4))
    assert job.folder == runs / job.id
    assert job.config == replace(config, epochs=7, seed=4)
    assert before - 1 <= job.created <= time.time()
    assert job.name.startswith("MobileNetV2, ")
    assert (job.data_name, job.problem) == ("photos", "")
    assert not job.can_resume and not job.stopped_early and job.is_active
    named = control.submit(config, "  Mine ", "my recording")
    assert (named.name, named.data_name) == ("Mine", "my recording")
    command = json.loads((job.folder / "run.json").read_text())["command"]
    assert command == (
        f"python -m training fit --data=photos --seed=4 --epochs=7 --out=runs/{job.id}"
    )
    events = [json.loads(line)["stage"] for line in (job.folder / "events.jsonl").open()]
    assert events == ["queued", "starting"]


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
    monkeypatch.setattr(control, "write_json", full)
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
        patch.setattr(job_process, "launch", full)
        patch.setattr(control, "write_json", full)
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
    monkeypatch.setattr(control, "write_json", full)
    monkeypatch.setattr(os, "replace", full)
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


# --- knowing what is true


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


def test_a_server_started_anew_sees_the_same(config: TrainConfig) -> None:
    killed = control.submit(config, "killed")
    end_process(killed.folder)
    until(lambda: jobs.job(killed.id).state == State.INTERRUPTED)
    for name in ("running", "waiting"):
        control.submit(config, name)
    control.stop(control.submit(config, "stopped").id)
    here = [[job.id, str(job.state), job.place] for job in jobs.jobs()]
    there = subprocess.run(
        [sys.executable, "-c", STATES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = there.stdout.replace("<State.", "").strip()
    for run_id, state, place in here:
        assert f"['{run_id}', " in shown
        assert f"'{state}'>, {place}]" in shown
    assert sorted(state for _, state, _ in here) == [
        "interrupted",
        "interrupted",
        "queued",
        "running",
    ]


@pytest.mark.parametrize(("beats", "state"), [(False, "interrupted"), (True, "running")])
@pytest.mark.parametrize("change", [{"started": 1.0}, {"host": "another machine"}])
def test_a_number_alone_does_not_make_a_process_that_of_the_run(
    config: TrainConfig, change: dict[str, Any], beats: bool, state: str
) -> None:
    """The number given to another process since, or one of another machine: the heart tells."""
    job = control.submit(config)
    path = job.folder / "process.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, **change}))
    heartbeat = job.folder / "heartbeat"
    heartbeat.touch()
    if not beats:
        os.utime(heartbeat, (time.time() - 60, time.time() - 60))
    assert jobs.job(job.id).state == state
    path.write_text(json.dumps(values))


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


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("job.json", State.RUNNING),
        ("config.json", State.RUNNING),
        ("events.jsonl", State.RUNNING),
        ("process.json", State.INTERRUPTED),
        ("outcome.json", State.INTERRUPTED),
        ("queued.json", State.RUNNING),
    ],
)
@pytest.mark.parametrize("content", [b"", b'{"half": ', b"\xff\x00", b"[]", b'{"pid": "x"}'])
def test_damaged_files_do_not_stop_the_list(
    config: TrainConfig, name: str, state: State, content: bytes
) -> None:
    job = control.submit(config)
    process = job.folder / "process.json"
    kept = process.read_bytes()
    (job.folder / name).write_bytes(content)
    (read,) = jobs.jobs()
    assert read.state == state
    assert read.name
    process.write_bytes(kept)


def test_a_run_with_damaged_settings_fails_and_cannot_go_on(config: TrainConfig) -> None:
    job = control.submit(config)
    end_process(job.folder)
    until(lambda: jobs.job(job.id).state == State.INTERRUPTED)
    (job.folder / "config.json").write_text("{")
    job = jobs.job(job.id)
    assert (job.state, job.can_resume) == (State.FAILED, False)
    assert "settings are damaged" in job.problem
    control.delete(job.id)
    assert jobs.jobs() == []


# --- stopping, naming, deleting


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


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('  File "/home/me/app/training/classifier/fit.py", line 3', '  File "fit.py", line 3'),
        (r'  File "C:\Users\me\app\fit.py", line 3', '  File "fit.py", line 3'),
        ('  File "/home/A B/app/fit.py", line 3', '  File "fit.py", line 3'),
        (r'  File "C:\Users\A B\app\fit.py", line 3', '  File "fit.py", line 3'),
        (r"not allowed: 'C:\\Users\\A B\\last.keras'", "not allowed: 'last.keras'"),
        (r"not allowed: C:\Users\A B\last.keras", "not allowed: last.keras"),
        ("no space left: /tmp/x/last.keras", "no space left: last.keras"),
        ("3/10 epochs, loss 0.5/1", "3/10 epochs, loss 0.5/1"),
        ("see https://keras.io/api/models", "see https://keras.io/api/models"),
    ],
)
def test_the_log_names_no_folder_of_this_machine(
    config: TrainConfig, line: str, shown: str
) -> None:
    job = control.submit(config)
    (job.folder / "log.txt").write_text(line + "\n", encoding="utf-8")
    assert log_tail(job) == shown


def test_the_log_ends_with_its_last_lines(config: TrainConfig) -> None:
    job = control.submit(config)
    assert log_tail(job) == ""
    lines = [f"line {number} ä" for number in range(1000)]
    (job.folder / "log.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert log_tail(job, 3) == "\n".join(lines[-3:])
    (job.folder / "log.txt").write_bytes(b"\xff broken \xf0")
    assert "broken" in log_tail(job)
    EventLog(job.folder).write("training")
