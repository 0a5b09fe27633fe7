"""Training on JAX, as on a machine with a GPU and without TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.annotated.scene_parts import run_scenes
from training.detector.config import DetectorConfig
from training.detector.export import load_detector_network
from training.detector.fit import VALIDATION_SIDE, whole_pictures
from training.detector.network import flat_outputs
from training.detector.optimizer import BackboneAdamW
from training.detector.samples import scene_samples
from training.detector.targets import detector_loss
from training.provenance import load_provenance
from training.runs import last_model

ROOT = Path(__file__).parents[3]
WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # importing it raises an ImportError
from training.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, add_scene: Any, make_photo: Any) -> Path:
    """Two epochs of one step, made by JAX."""
    root = tmp_path_factory.mktemp("jax")
    for number in range(48):
        image = make_photo(number, size_wh=(72, 64)).copy()
        x, y, side = 2 + number % 20, 3 + number % 15, 24 + number % 7
        image[y : y + side, x : x + side] = (220, 170, 140)
        label = "without_mask" if number % 2 else "with_mask"
        add_scene(root / "scenes", f"{number:02d}", image, [(label, (x, y, x + side, y + side))])
    fit = ["fit-detector", "--data", str(root / "scenes"), "--out", str(root / "run1")]
    fit += ["--backbone-weights=none", "--image-size=64", "--batch-size=2", "--steps=2"]
    fit += ["--steps-per-epoch=1", "--learning-rate=0.01", "--backbone-rate=0.5"]
    done = without_tensorflow(*fit)
    assert done.returncode == 0, done.stderr
    return root / "run1"


def without_tensorflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m training`` on a machine that has JAX alone."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )


def test_the_weights_kept_are_those_that_were_validated(run: Path) -> None:
    """JAX computes on copies, which the layers get at the end of an epoch."""
    lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [event["val_loss"] for event in map(json.loads, lines) if "val_loss" in event]
    assert len(losses) == 3  # two epochs, and the best of them once more
    assert losses[0] != losses[1]
    network = load_detector_network(run)
    config = DetectorConfig.load(run)
    scenes = run_scenes(Path(config.data), config)["validation"]
    inputs, targets = whole_pictures(scene_samples(scenes))
    outputs = flat_outputs(network, VALIDATION_SIDE)(inputs, training=False)
    assert float(detector_loss(targets, outputs)) == pytest.approx(losses[2], rel=1e-3)


def test_its_record_says_what_computed_it(run: Path) -> None:
    assert load_provenance(run)["backends"] == ["jax"]


def test_installing_says_what_it_needs(run: Path) -> None:
    done = without_tensorflow("install-detector", str(run), "--name", "other")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Installing a model needs TensorFlow: do it where that is installed, without KERAS_BACKEND."
    )


def test_tensorflow_can_go_on_from_it(run: Path) -> None:
    model = last_model(run)
    assert model.jit_compile is False
    model.run_eagerly = True  # tracing the step takes longer than taking it
    assert isinstance(model.optimizer, BackboneAdamW)
    assert model.optimizer.backbone_rate == 0.5
    assert int(model.optimizer.iterations.numpy()) == 2
    inputs = np.zeros((2, 64, 64, 3), np.float32)
    targets = np.zeros((2, 64 + 16 + 4, 6), np.float32)
    assert np.isfinite(model.train_on_batch(inputs, targets))
    assert int(model.optimizer.iterations.numpy()) == 3
