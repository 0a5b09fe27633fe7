"""Detectors with made-up networks."""

from __future__ import annotations

from typing import Any

import pytest

from maskcore.detection import FcosDetector, fcos
from maskcore.models import StoredModel
from tests.maskcore.detection.fcos.network import Cell, FakeLiteRt, Make, Show, card


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """(live, settings of the card) -> a detector that finds white spots, and its network."""
    monkeypatch.setattr(FakeLiteRt, "made", [])
    monkeypatch.setattr(fcos, "LiteRtModel", FakeLiteRt)

    def make(live: bool = False, **serving: Any) -> tuple[FcosDetector, FakeLiteRt]:
        detector = FcosDetector(StoredModel("fcos", card(**serving), b""), live)
        network = FakeLiteRt.made[-1]
        network.inputs.clear()  # of the first run, which checks the file
        return detector, network

    return make


@pytest.fixture
def show(make: Make, monkeypatch: pytest.MonkeyPatch) -> Show:
    """(cells, settings of the card) -> a detector whose network sees these in any picture."""

    def show(*cells: Cell, **serving: Any) -> FcosDetector:
        detector, _ = make(**serving)
        monkeypatch.setattr(FakeLiteRt, "sees", lambda self, pixels: cells)
        return detector

    return show
