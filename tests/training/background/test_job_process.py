from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest

from training.background import control, jobs
from training.config import TrainConfig


@pytest.mark.usefixtures("sleeper")
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
