"""What a reload would lose, and so is asked about."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from training.annotated.recording import Recording
from training.photos.class_names import WITHOUT_MASK
from ui import leaving
from ui.keys import (
    BROUGHT,
    CORRECTIONS,
    GALLERY,
    KEPT_ZIP,
    OWN_PHOTOS,
    PICTURES,
    RECORDER,
    STREAM,
    VIDEO,
)
from ui.metrics.corrections import Marks


@pytest.mark.parametrize(
    ("state", "held"),
    [
        ({}, False),
        ({GALLERY: SimpleNamespace(photos=[])}, False),
        ({GALLERY: SimpleNamespace(photos=["a"])}, True),
        ({STREAM: SimpleNamespace(snapshots=[])}, False),
        ({STREAM: SimpleNamespace(snapshots=["a"])}, True),
        ({CORRECTIONS: {"photos": Marks("photos")}}, False),
        ({CORRECTIONS: {"a": Marks("a"), "b": Marks("b", leave_out={"b.jpg"})}}, True),
        ({VIDEO: SimpleNamespace(state="running", summary=None)}, True),
        ({VIDEO: SimpleNamespace(state="ended", summary="a")}, True),
        ({VIDEO: SimpleNamespace(state="ended", summary=None)}, False),
        ({f"photos{KEPT_ZIP}": object()}, True),
        ({OWN_PHOTOS: {"mobilenet_v2": object()}}, True),
        ({PICTURES: object()}, True),
        ({BROUGHT: object()}, True),
        ({BROUGHT: None}, False),
        ({"threshold": 70, "way": "Live video"}, False),
    ],
)
def test_work_is_asked_about_and_settings_are_not(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], held: bool
) -> None:
    monkeypatch.setattr(leaving, "st", SimpleNamespace(session_state=state))
    assert leaving.work_held() is held
    assert leaving.photos_held() is (held and GALLERY in state)


def test_recorded_faces_are_asked_about(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recorder = SimpleNamespace(recording=Recording(tmp_path / "data"))
    monkeypatch.setattr(leaving, "st", SimpleNamespace(session_state={RECORDER: recorder}))
    assert not leaving.work_held()
    recorder.recording.add(np.zeros((90, 90, 3), np.uint8), (10, 10, 80, 80), WITHOUT_MASK)
    assert leaving.work_held()
    recorder.recording.clear(WITHOUT_MASK)
    assert not leaving.work_held()
