from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from training.detector.config import DetectorConfig
from training.detector.network import build_detector
from training.detector.optimizer import BackboneAdamW

Step = Callable[[float, float], dict[str, Any]]


@pytest.fixture(scope="module")
def one_step() -> Step:
    """(share, decay) -> how far a step moves each variable, by its path.

    With the same gradient everywhere, and each from the same weights.
    """
    keras.utils.clear_session()  # layers are numbered anew
    keras.utils.set_random_seed(0)
    network = build_detector(DetectorConfig("scenes", backbone_weights="none", image_size=64))
    variables = network.trainable_variables
    before = [variable.numpy().copy() for variable in variables]

    @cache
    def step(share: float, decay: float) -> dict[str, Any]:
        for variable, old in zip(variables, before, strict=True):
            variable.assign(old)
        optimizer = BackboneAdamW(0.01, backbone_rate=share, weight_decay=decay)
        optimizer.apply_gradients([(keras.ops.ones(v.shape), v) for v in variables])
        return {v.path: v.numpy() - old for v, old in zip(variables, before, strict=True)}

    return step


@pytest.mark.parametrize("share", [1.0, 0.25, 0.0])
def test_the_backbone_alone_takes_a_share_of_the_step(one_step: Step, share: float) -> None:
    moved = one_step(share, 0.0)
    backbone = [path for path in moved if path.startswith(("Conv", "bn_Conv", "expanded", "block"))]
    assert len(backbone) == 3 * 51  # 51 convolutions and their batch norms up to block_16_project
    assert any(path.startswith("conv2d") for path in moved)
    for path, change in moved.items():
        wanted = -0.01 * (share if path in backbone else 1.0)
        np.testing.assert_allclose(change, wanted, rtol=1e-3, atol=1e-6)


def test_kernels_decay_and_nothing_else(one_step: Step) -> None:
    still, decayed = one_step(0.0, 0.0), one_step(0.0, 0.5)
    for path, change in decayed.items():
        same = np.allclose(change, still[path], atol=1e-7)
        assert same == path.endswith(("gamma", "beta", "bias")), path


def test_the_share_is_saved_with_a_model() -> None:
    config = keras.saving.serialize_keras_object(BackboneAdamW(0.01, backbone_rate=0.25))
    again = keras.saving.deserialize_keras_object(config)
    assert isinstance(again, BackboneAdamW)
    assert again.backbone_rate == 0.25
