"""Tests of training.batch_norm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.batch_norm import BatchNormalization, folded, fused
from training.classifier.architectures import build_base
from training.config import TrainConfig

INPUTS = np.random.default_rng(0).normal(3, 2, (8, 5, 7, 4)).astype(np.float32)


def pair(**settings: Any) -> tuple[Any, Any]:
    """Keras' layer and ours, both with weights of their own making."""
    layers = []
    for kind in (keras.layers.BatchNormalization, BatchNormalization):
        layer = kind(momentum=0.9, **settings)
        layer.build(INPUTS.shape)
        rng = np.random.default_rng(1)
        layer.set_weights([rng.uniform(0.5, 2, w.shape) for w in layer.get_weights()])
        layers.append(layer)
    return layers[0], layers[1]


@pytest.mark.parametrize("settings", [{}, {"scale": False}, {"epsilon": 0.1}])
def test_it_learns_as_keras_own_layer_does(settings: dict[str, Any]) -> None:
    results = []
    for layer in pair(**settings):
        inputs = tf.Variable(INPUTS)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs, training=True) ** 3)
        gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
        results.append([loss, *gradients, *layer.non_trainable_variables])
    theirs, ours = results
    assert len(theirs) == len(ours)
    for expected, value in zip(theirs[:-1], ours[:-1], strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-3, atol=2e-2)
    # The fused kernel averages the unbiased variance: N / (N - 1) of Keras' for N pixels.
    start, pixels = pair(**settings)[0].moving_variance.numpy(), INPUTS[..., 0].size
    step = theirs[-1].numpy() - 0.9 * start
    np.testing.assert_allclose(
        ours[-1].numpy() - 0.9 * start, step * pixels / (pixels - 1), rtol=1e-3
    )


@pytest.mark.parametrize("frozen", [False, True])
def test_it_serves_as_keras_own_layer_does(frozen: bool) -> None:
    theirs, ours = pair()
    ours.trainable = not frozen
    served = ours(INPUTS, training=frozen)  # a frozen one serves while others learn
    np.testing.assert_allclose(served, theirs(INPUTS, training=False), rtol=1e-5)
    np.testing.assert_array_equal(ours.moving_mean, theirs.moving_mean)


def test_a_model_is_copied_with_its_weights(tmp_path: Path) -> None:
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.5, name="norm")(x)
    model = keras.Model(inputs, keras.layers.ReLU(6.0)(x))
    model.layers[2].set_weights([np.full(4, value) for value in (2.0, 1.0, 0.5, 4.0)])
    copied = fused(model)
    assert [layer.name for layer in copied.layers] == [layer.name for layer in model.layers]
    norm = copied.get_layer("norm")
    assert type(norm) is BatchNormalization and norm.momentum == 0.5
    pixels = np.random.default_rng(2).normal(size=(2, 6, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(
        copied.predict_on_batch(pixels), model.predict_on_batch(pixels), rtol=1e-5
    )
    # Files of weights fit both, and a saved model comes back with the fused layer.
    model.save_weights(tmp_path / "kept.weights.h5")
    copied.load_weights(tmp_path / "kept.weights.h5")
    copied.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    assert type(restored.get_layer("norm")) is BatchNormalization


@pytest.mark.parametrize("architecture", ["mobilenet_v2", "inception_v3"])
def test_a_folded_base_computes_the_same(architecture: str) -> None:
    config = TrainConfig("data", architecture, backbone_weights="none", image_size=96)
    base = build_base(config)
    rng = np.random.default_rng(3)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    pixels = rng.uniform(-1, 1, (2, 96, 96, 3)).astype(np.float32)
    expected = base.predict_on_batch(pixels)
    assert expected.std() > 0.01
    copied = folded(base)
    np.testing.assert_allclose(
        copied.predict_on_batch(pixels), expected, rtol=1e-3, atol=1e-4 * expected.max()
    )
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in copied.layers)
