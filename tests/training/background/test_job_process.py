from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from training.background import control, job_process, job_runner, jobs
from training.config import TrainConfig
from training.job_files import new_folder


@pytest.mark.usefixtures("sleeper")
@pytest.mark.parametrize(
    ("age", "state"),
    [(60, "interrupted"), (0, "running"), (-60, "running"), (-3600, "interrupted")],
    ids=["silent", "beats", "another computer's clock", "beat before the clock was set back"],
)
@pytest.mark.parametrize("change", [{"started": 1.0}, {"host": "another machine"}])
def test_a_number_alone_does_not_make_a_process_that_of_the_run(
    config: TrainConfig, change: dict[str, Any], age: float, state: str
) -> None:
    """The number given to another process since, or one of another machine: the heart tells."""
    job = control.submit(config)
    path = job.folder / "process.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, **change}))
    heartbeat = job.folder / "heartbeat"
    heartbeat.touch()
    os.utime(heartbeat, (time.time() - age, time.time() - age))
    assert jobs.job(job.id).state == state
    path.write_text(json.dumps(values))


def test_a_run_begins_although_the_computer_s_name_changed_since_the_server_started(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder()
    passed: dict[str, str] = {}

    def start(*_: Any, env: dict[str, str], **__: Any) -> SimpleNamespace:
        passed.update(env)
        return SimpleNamespace(pid=os.getpid(), wait=lambda: 0)

    monkeypatch.setattr(platform, "node", lambda: "laptop.at.home")
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", start)
        job_process.launch(folder)
    for name, value in passed.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platform, "node", lambda: "laptop.at.school")
    assert job_process.is_alive(folder)
    assert job_process.is_mine(folder)
    assert job_runner._claim(folder)
