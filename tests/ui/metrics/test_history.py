"""Training curves of an installed model, from its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.background.run_curves import CurvePoint
from ui.metrics.history import history_of


def test_history_is_empty_where_there_is_none(
    fake_models: Path, make_report: Callable[..., dict[str, Any]]
) -> None:
    assert history_of("first") == []
    path = fake_models / "first" / "report.json"
    for content in ({"history": None}, {"history": {}}, {"history": ["x", {}]}, {}):
        path.write_text(json.dumps(content))
        assert history_of("first") == []


def test_epochs_of_both_stages_follow_one_another(fake_models: Path) -> None:
    history = [
        {"stage": "training", "epoch": 1, "loss": 0.5, "accuracy": 0.7, "val_loss": 0.4},
        {"stage": "fine-tuning", "epoch": 1, "loss": "nan", "val_loss": 0.2, "val_accuracy": 1},
    ]
    (fake_models / "first" / "report.json").write_text(json.dumps({"history": history}))
    assert history_of("first") == [
        CurvePoint(1, "training", 0.5, 0.7),
        CurvePoint(1, "validation", 0.4, None),
        CurvePoint(2, "training", None, None),
        CurvePoint(2, "validation", 0.2, 1.0),
    ]
