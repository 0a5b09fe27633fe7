from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.background.processes import end_process, until
from training.background import control, job_process, jobs
from training.background.jobs import State
from training.config import TrainConfig

pytestmark = pytest.mark.usefixtures("sleeper")
ROOT = Path(jobs.__file__).resolve().parents[2]
STATES = """
from training.background import jobs
print([[j.id, j.state, j.place] for j in jobs.jobs()])
"""


def test_a_run_is_described_by_its_files(config: TrainConfig, runs: Path) -> None:
    before = time.time()
    job = control.submit(replace(config, epochs=7, seed=4))
    assert job.folder == runs / job.id
    assert job.config == replace(config, epochs=7, seed=4)
    assert before - 1 <= job.created <= time.time()
    assert re.fullmatch(r"photos, \d{1,2} \w{3}, \d\d:\d\d", job.name)
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


def test_a_run_that_ends_while_its_files_are_read_does_not_seem_killed(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = control.submit(config).folder

    def ends(folder: Path) -> bool:
        control.end(folder, State.FINISHED)
        return False

    monkeypatch.setattr(job_process, "is_alive", ends)
    assert jobs.state_of(folder) == State.FINISHED


def test_a_run_that_starts_while_its_files_are_read_does_not_seem_killed(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.submit(config)
    folder = control.submit(config).folder

    def starts(folder: Path) -> bool:
        (folder / "queued.json").unlink()
        return False

    monkeypatch.setattr(job_process, "is_alive", starts)
    assert jobs.state_of(folder) == State.QUEUED


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
