"""Fakes to inject, models made to measure, and the one portrait that ships with a package."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import ArrayLike, NDArray

from maskcore.classification import InputSpec
from maskcore.images import read_image
from maskcore.models import CARD_FILE, MODEL_FILE
from maskcore.pipeline import MaskPipeline
from maskcore.types import Detections, NotSure
from tests.maskcore.made_clips import ColourJudge, SquareFinder

# Colour means -> logit. The classifier's tests work out the same sum with numpy.
TINY_WEIGHTS, TINY_BIAS, TINY_SIZE = (0.5, -1.0, 2.0), 0.25, 8

# In a process of its own: TensorFlow takes seconds and must not enter that of maskcore's tests.
MAKE_TINY_MODELS = f"""
import sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf

keras.config.disable_interactive_logging()
layers = keras.layers

def save(name, network):
    content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    Path(sys.argv[1], name).write_bytes(content)

for name, batch, units in [("good", None, 1), ("two outputs", None, 2), ("one at a time", 1, 1)]:
    network = keras.Sequential([
        keras.Input(batch_shape=(batch, {TINY_SIZE}, {TINY_SIZE}, 3)),
        layers.GlobalAveragePooling2D(),
        layers.Dense(units, activation="sigmoid"),
    ])
    network.set_weights([np.array([{TINY_WEIGHTS}] * units).T, np.full(units, {TINY_BIAS})])
    save(name, network)
pixels = keras.Input(({TINY_SIZE}, {TINY_SIZE}, 3))
means = layers.GlobalAveragePooling2D()(pixels)
save("means and doubles", keras.Model(pixels, [means, layers.Rescaling(2.0)(means)]))
"""


class FakeDetector:
    """Finds the same boxes in whatever it is given; the surest first."""

    def __init__(self, boxes_xyxy: ArrayLike = ()) -> None:
        boxes = np.asarray(boxes_xyxy, np.float32).reshape(-1, 4)
        scores = np.linspace(0.9, 0.6, len(boxes), dtype=np.float32)
        self.found = Detections(boxes, scores)
        self.seen: list[NDArray[np.uint8]] = []

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        self.seen.append(image_rgb)
        return self.found


class FakeClassifier:
    """Gives the same probabilities whatever the faces."""

    threshold = 0.5
    not_sure = NotSure()

    def __init__(self, probabilities: ArrayLike = ()) -> None:
        self.probabilities = np.asarray(probabilities, np.float32)
        self.seen: list[NDArray[np.float32]] = []

    def mask_probabilities(
        self, image_rgb: NDArray[np.uint8], boxes_xyxy: ArrayLike
    ) -> NDArray[np.float32]:
        self.seen.append(np.asarray(boxes_xyxy))
        return self.probabilities


@pytest.fixture
def fake_pipeline() -> Callable[..., MaskPipeline]:
    """(boxes, probabilities) -> a pipeline that finds just these."""
    return lambda boxes_xyxy=(), probabilities=(): MaskPipeline(
        FakeDetector(boxes_xyxy), FakeClassifier(probabilities)
    )


@pytest.fixture
def pipeline() -> MaskPipeline:
    """Finds and judges the faces of made clips."""
    return MaskPipeline(SquareFinder(), ColourJudge())


@pytest.fixture(scope="session")
def portrait_path() -> Path:
    """A portrait, 512x512 pixels, the face from about (178, 64) to (271, 165)."""
    return Path(skimage.__file__).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def portrait(portrait_path: Path) -> NDArray[np.uint8]:
    return read_image(portrait_path)


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """LiteRT models by the names they have in MAKE_TINY_MODELS."""
    folder = tmp_path_factory.mktemp("tiny")
    subprocess.run(
        [sys.executable, "-c", MAKE_TINY_MODELS, folder],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of models/."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.setenv("MASKLENS_MODELS", str(folder))
    monkeypatch.delenv("MASKLENS_YUNET", raising=False)
    return folder


@pytest.fixture
def install(models_folder: Path) -> Callable[..., Path]:
    """(name, content, changes to the card) -> the folder of a model whose checksum is right."""

    def install(name: str, content: bytes = b"model", **changes: Any) -> Path:
        card = {
            "name": name,
            "kind": "classifier",
            "threshold": 0.4,
            "input": InputSpec(size=TINY_SIZE).to_card(),
            "sha256": hashlib.sha256(content).hexdigest(),
        } | changes
        folder = models_folder / name
        folder.mkdir()
        (folder / MODEL_FILE).write_bytes(content)
        (folder / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
        return folder

    return install
