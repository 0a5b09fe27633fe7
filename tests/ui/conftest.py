"""The page and the gallery with a made-up pipeline: a photo's width says what it finds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.loading
from maskcore import Detections, MaskPipeline
from maskcore.types import ImageRgb, NotSure

ROOT = Path(__file__).resolve().parents[2]

# Mask probabilities of the faces "found" in a photo of that width; none in any other.
FACES = {200: (0.9, 0.2), 300: (0.6,), 400: (0.95, 0.9, 0.1), 2560: (0.9,)}


@dataclass
class FakePipeline:
    """Counts what it is asked; a row of faces, 40 pixels wide, from the left."""

    threshold: float = 0.5
    not_sure: NotSure = NotSure()
    detected: list[tuple[int, int]] = field(default_factory=list)

    def detect(self, image_rgb: ImageRgb) -> Detections:
        height, width = image_rgb.shape[:2]
        self.detected.append((width, height))
        count = len(FACES.get(width, ()))
        left = np.arange(count) * 60.0
        boxes = np.stack([left, 0 * left + 10, left + 40, 0 * left + 50], axis=1)
        return Detections(boxes.astype(np.float32), np.linspace(0.9, 0.6, count, dtype=np.float32))

    def mask_probabilities(self, image_rgb: ImageRgb, boxes_xyxy: ArrayLike) -> NDArray[np.float32]:
        probabilities = FACES.get(image_rgb.shape[1], ())
        lefts = np.asarray(boxes_xyxy, float).reshape(-1, 4)[:, 0]
        return np.array([probabilities[round(left / 60)] for left in lefts], np.float32)


@pytest.fixture
def fake() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def fake_pipeline(fake: FakePipeline) -> MaskPipeline:
    """The real pipeline around the fake detector and classifier."""
    return MaskPipeline(fake, fake)


@pytest.fixture(scope="session")
def photo_file() -> Callable[..., bytes]:
    """(width, height, format) -> the bytes of a file, grey with a little structure."""

    def make(width: int, height: int = 120, format: str = "PNG") -> bytes:
        pixels = np.full((height, width, 3), 128, np.uint8)
        pixels[::4] = 140
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format)
        return stream.getvalue()

    return make


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AppTest]:
    """Opens the app in a new session."""
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    st.cache_data.clear()

    def start() -> AppTest:
        page = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
        return page.run()

    return start


@pytest.fixture
def fake_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_pipeline: MaskPipeline
) -> Path:
    """A models folder with the cards of two models; whatever is chosen, the fake answers."""
    monkeypatch.delenv("MASKLENS_YUNET", raising=False)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    for name, threshold in (("first", 0.5), ("second", 0.5)):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        card = {"name": name, "kind": "classifier", "threshold": threshold, "sha256": name}
        (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(ui.loading, "pipeline", lambda detector, model, live=False: fake_pipeline)
    return tmp_path / "models"
