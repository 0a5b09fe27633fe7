from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import maskcore
from maskcore.errors import MasklensError, ModelError
from maskcore.litert import LiteRtModel
from training.classifier.architectures import build_base
from training.classifier.installed_backbone import load_folded, measure_statistics
from training.classifier.litert_weights import backbone_alone, folded_convolutions
from training.classifier.starting_weights import available_weights, installed_model
from training.config import TrainConfig
from training.installing.export import to_litert

SHIPPED = Path(maskcore.__file__).parents[1] / "models" / "mobilenet_v2" / "model.tflite"


def tiny_base(seed: int, scale: bool = True) -> Any:
    """Two convolutions, one of them depthwise, and the batch norms of a network that learned."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, use_bias=False)(inputs)
    x = keras.layers.BatchNormalization(scale=scale, epsilon=1e-3)(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.DepthwiseConv2D(3, use_bias=False)(x)
    x = keras.layers.BatchNormalization(scale=scale, epsilon=1e-3)(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.Conv2D(4, 1, use_bias=False)(x)
    x = keras.layers.BatchNormalization(scale=scale, epsilon=1e-3)(x)
    base = keras.Model(inputs, x)
    rng = np.random.default_rng(seed)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for weight in layer.weights:
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return base


def photos(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, size, size, 3)).astype(np.float32)


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
@pytest.mark.parametrize("scale", [True, False])
def test_a_network_gets_its_weights_back_from_the_exported_file(scale: bool, weights: str) -> None:
    original, base = tiny_base(1, scale), tiny_base(2, scale)
    convolutions = folded_convolutions(to_litert(original, weights))
    assert [c.kernel.shape for c in convolutions] == [(3, 3, 3, 8), (3, 3, 8, 1), (1, 1, 8, 4)]
    load_folded(base, convolutions)
    inputs = photos(4, 16)
    expected, got = (net.predict_on_batch(inputs) for net in (original, base))
    tolerance = {"float32": 1e-4, "float16": 0.03, "int8": 0.3}[weights]
    np.testing.assert_allclose(got, expected, atol=tolerance)
    assert np.ptp(expected) > 1


@pytest.mark.parametrize("scale", [True, False])
def test_measured_statistics_change_nothing_and_are_those_of_the_photos(scale: bool) -> None:
    original, base = tiny_base(1, scale), tiny_base(2, scale)
    load_folded(base, folded_convolutions(to_litert(original)))
    inputs = photos(40, 16)
    measure_statistics(base, inputs)
    expected = original.predict_on_batch(inputs)
    np.testing.assert_allclose(base.predict_on_batch(inputs), expected, atol=1e-4)
    if scale:  # then batches that learn see nearly what serving sees
        np.testing.assert_allclose(base(inputs, training=True), expected, atol=1e-2)


def test_features_of_the_shipped_backbone_are_those_of_litert() -> None:
    content = SHIPPED.read_bytes()
    base = build_base(TrainConfig("", image_size=128), load_weights=False)
    load_folded(base, folded_convolutions(content))
    inputs = photos(2, 128)
    (got,) = LiteRtModel(backbone_alone(content)).run(inputs)
    assert got.shape == (2, 4, 4, 1280)
    np.testing.assert_allclose(base.predict_on_batch(inputs), got, atol=1e-4)
    assert np.ptp(got) > 1


def test_a_file_without_a_head_has_no_backbone_of_its_own() -> None:
    with pytest.raises(ModelError, match="no part that could be kept"):
        backbone_alone(to_litert(tiny_base(1)))


def test_weights_that_do_not_fit_are_refused() -> None:
    convolutions = folded_convolutions(to_litert(tiny_base(1)))
    for others in (convolutions[:2], [*convolutions, convolutions[0]]):
        with pytest.raises(MasklensError, match="do not fit"):
            load_folded(tiny_base(2), others)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\0" * 100])
def test_a_file_that_is_no_model_is_refused(content: bytes) -> None:
    for read in (folded_convolutions, backbone_alone):
        with pytest.raises(ModelError, match="cannot be read"):
            read(content)


def test_what_a_run_can_start_from_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    offered = dict(available_weights("mobilenet_v2"))
    assert list(offered) == ["installed", "imagenet", "none"]
    assert "fetches them from the internet" in offered["imagenet"]
    (tmp_path / "models").mkdir()
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_128_no_top.h5"
    (tmp_path / "models" / name).touch()
    offered = dict(available_weights("mobilenet_v2"))
    assert list(offered) == ["imagenet", "installed", "none"]
    assert "already" in offered["imagenet"]
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "none"))
    assert [value for value, _ in available_weights("inception_v3")] == ["imagenet", "none"]
    with pytest.raises(MasklensError, match="No model of this architecture"):
        installed_model("inception_v3")
