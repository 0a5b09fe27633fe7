"""What a run writes into its log."""

from __future__ import annotations

import json
from typing import Any

from training.background.jobs import Job


def events(job: Job, *new: dict[str, Any]) -> None:
    with (job.folder / "events.jsonl").open("a") as stream:
        for event in new:
            stream.write(json.dumps(event) + "\n")


def batch(time: float, epoch: int, batch: int, stage: str = "training", **more: Any) -> Any:
    epochs = {"training": 2, "fine-tuning": 1}[stage]
    counts = {"epoch": epoch, "epochs": epochs, "batch": batch, "batches": 4}
    return {"time": time, "stage": stage, **counts, "loss": 1 / (epoch + batch), **more}
