from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from maskcore.errors import MasklensError
from training.classifier import architectures
from training.classifier.architectures import (
    BATCH_NORM_MOMENTUM,
    build_base,
    build_head,
    build_model,
    input_spec,
    join,
)
from training.config import ARCHITECTURES, TrainConfig


def config(**settings: Any) -> TrainConfig:
    return TrainConfig("photos", **{"backbone_weights": "none", "dense_units": 8, **settings})


def small_base(
    include_top: bool, weights: str | None, input_tensor: Any, input_shape: tuple[int, ...]
) -> Any:
    """Takes the place of a Keras base where its size only costs time."""
    assert not include_top
    assert weights is None
    assert tuple(input_tensor.shape[1:]) == input_shape
    outputs = keras.layers.Conv2D(3, 5, strides=32)(input_tensor)
    inputs = keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, keras.layers.BatchNormalization(momentum=0.999)(outputs))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(architectures._BASES, "mobilenet_v2", small_base)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_network_is_a_base_with_flatten_dense_dropout_and_one_sigmoid(architecture: str) -> None:
    settings = config(architecture=architecture, image_size=128, dense_units=5, dropout=0.3)
    network = build_model(settings)
    assert network.input_shape == (None, 128, 128, 3)
    assert network.output_shape == (None, 1)
    _, base, head = network.layers
    flatten, dense, dropout, sigmoid = head.layers
    assert isinstance(flatten, keras.layers.Flatten)
    assert isinstance(dense, keras.layers.Dense)
    assert dense.units == 5
    assert isinstance(dropout, keras.layers.Dropout)
    assert dropout.rate == 0.3
    assert isinstance(sigmoid, keras.layers.Dense)
    assert sigmoid.units == 1
    assert sigmoid.activation is keras.activations.sigmoid
    norms = [n for n in base.layers if isinstance(n, keras.layers.BatchNormalization)]
    assert len(norms) > 50
    assert {norm.momentum for norm in norms} == {BATCH_NORM_MOMENTUM}
    assert BATCH_NORM_MOMENTUM <= 0.97
    # The base is the one asked for, by its published number of weights without the top.
    expected = {"mobilenet_v2": 2_257_984, "inception_v3": 21_802_784}
    assert base.count_params() == expected[architecture]
    probabilities = network.predict_on_batch(np.zeros((2, 128, 128, 3), np.float32))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_base_and_head_stay_shared_with_the_network(small: None) -> None:
    base = build_base(config())
    head = build_head(config(), base.output_shape[1:])
    network = join(base, head)
    inputs = np.random.default_rng(0).random((2, 128, 128, 3), np.float32)
    np.testing.assert_allclose(network(inputs), head(base(inputs)), atol=1e-6)
    head.set_weights([weights * 0 for weights in head.get_weights()])
    np.testing.assert_array_equal(network(inputs), 0.5)


def test_the_network_enlarges_its_input_itself(small: None) -> None:
    usual, enlarging = build_base(config()), build_base(config(enlarged_to=192))
    assert enlarging.input_shape == usual.input_shape == (None, 128, 128, 3)
    assert (usual.output_shape[1:3], enlarging.output_shape[1:3]) == ((4, 4), (6, 6))
    enlarging.set_weights(usual.get_weights())
    inputs = np.random.default_rng(0).random((2, 128, 128, 3), np.float32)
    enlarged = keras.ops.image.resize(inputs, (192, 192))
    whole = build_base(config(image_size=192))
    whole.set_weights(usual.get_weights())
    np.testing.assert_allclose(enlarging(inputs), whole(enlarged), atol=1e-5)


def test_input_is_pixels_from_minus_1_to_1_at_the_configured_size() -> None:
    spec = input_spec(config(image_size=96))
    assert (spec.size, spec.crop_margin) == (96, 0.2)
    assert 0 * spec.scale + spec.offset == -1
    assert 255 * spec.scale + spec.offset == pytest.approx(1)


def test_weights_are_read_from_a_file(small: None, tmp_path: Path) -> None:
    source = build_base(config())
    source.save_weights(tmp_path / "base.weights.h5")
    loaded = build_base(config(backbone_weights=str(tmp_path / "base.weights.h5")))
    for a, b in zip(source.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_no_weights_are_read_where_they_are_about_to_be_restored(small: None) -> None:
    build_model(config(backbone_weights="gone.weights.h5"), load_weights=False)


@pytest.mark.parametrize("fault", ["missing", "text", "empty", "folder", "other name", "other net"])
def test_a_bad_weights_file_is_named_in_a_sentence(small: None, tmp_path: Path, fault: str) -> None:
    path = tmp_path / ("weights.txt" if fault == "other name" else "my.weights.h5")
    if fault in ("text", "other name"):
        path.write_text("no weights at all\n" * 100)
    elif fault == "empty":
        path.touch()
    elif fault == "folder":
        path.mkdir()
    elif fault == "other net":
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]).save_weights(path)
    with pytest.raises(MasklensError) as caught:
        build_base(config(backbone_weights=str(path)))
    assert str(caught.value).startswith(f"{path.name} ")
    assert "mobilenet_v2" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "error", "expected", "message"),
    [
        ("imagenet", Exception("URL fetch failure"), MasklensError, "fetched.*--backbone-weights"),
        # What has nothing to do with the internet is told as what it is.
        ("imagenet", MemoryError("too large"), MemoryError, "too large"),
        ("none", ValueError("a bug"), ValueError, "a bug"),
    ],
)
def test_without_internet_the_error_says_what_else_serves(
    monkeypatch: pytest.MonkeyPatch,
    weights: str,
    error: Exception,
    expected: type[Exception],
    message: str,
) -> None:
    asked: list[Any] = []

    def fail(weights: str | None, input_shape: tuple[int, ...], **_: Any) -> None:
        asked.append((weights, input_shape))
        raise error

    monkeypatch.setitem(architectures._BASES, "mobilenet_v2", fail)
    with pytest.raises(expected, match=message):
        build_base(config(backbone_weights=weights))
    assert asked == [("imagenet" if weights == "imagenet" else None, (128, 128, 3))]
