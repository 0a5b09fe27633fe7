from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from training.events import read_history, when


def write(run: Path, *events: object) -> Path:
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    (run / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run


def epoch(number: int, stage: str = "training", **figures: float | None) -> dict[str, object]:
    return {"time": 1.0, "stage": stage, "epoch": number, "batch": 8, "eta_seconds": 0, **figures}


def test_only_the_ends_of_epochs_are_kept_in_order(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        {"time": 0.5, "stage": "reading data"},
        epoch(1, loss=0.9),  # a batch
        epoch(1, loss=0.8, accuracy=0.6, val_loss=0.7, val_accuracy=0.65),
        epoch(2, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.85),
        epoch(1, "fine-tuning", loss=0.3, accuracy=0.9, val_loss=None, val_accuracy=0.9),
        {"time": 9.0, "stage": "trained", "val_loss": 0.4},
    )
    assert read_history(log) == [
        dict(stage="training", epoch=1, loss=0.8, accuracy=0.6, val_loss=0.7, val_accuracy=0.65),
        dict(stage="training", epoch=2, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.85),
        dict(stage="fine-tuning", epoch=1, loss=0.3, accuracy=0.9, val_loss=None, val_accuracy=0.9),
    ]


def test_of_an_epoch_repeated_after_a_kill_the_last_counts(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        epoch(1, val_loss=0.7),
        epoch(2, val_loss=0.6),
        epoch(2, val_loss=0.5),
    )
    assert [(e["epoch"], e["val_loss"]) for e in read_history(log)] == [(1, 0.7), (2, 0.5)]


def test_a_missing_log_is_an_empty_history_and_damaged_lines_are_left_out(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []
    damaged = [epoch(number, val_loss=1.0) for number in ("2", None, True, [2])]  # type: ignore[arg-type]
    damaged.append({"time": 1.0, "stage": [], "epoch": 1, "val_loss": 1})
    log = write(tmp_path, "{", "[]", "7", epoch(1, val_loss=0.7), *damaged, '{"stage": "tr')
    assert [e["epoch"] for e in read_history(log)] == [1]


def test_moments_are_said_in_words() -> None:
    moment = datetime(2026, 11, 4, 16, 5).timestamp()
    assert when(moment) == "4 Nov, 16:05"
