from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from training.detector.config import DetectorConfig
from training.detector.fit import _freeze_first_layers
from training.detector.network import STRIDES, Distances, Upsample, build_detector, flat_outputs
from training.detector.targets import cell_centres, make_targets


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(0)
    return build_detector(DetectorConfig("scenes", backbone_weights="none", image_size=64))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 96), (64, 96), (32, 160)])
def test_each_stride_has_a_map_whatever_the_picture_s_size(
    network: Any, height: int, width: int
) -> None:
    pixels = np.random.default_rng(1).uniform(-1, 1, (2, height, width, 3)).astype(np.float32)
    maps = network(pixels, training=False)
    assert [tuple(level.shape) for level in maps] == [
        (2, height // stride, width // stride, 5) for stride in STRIDES
    ]
    for stride, level in zip(STRIDES, maps, strict=True):
        edges = np.asarray(level)[..., 1:]
        assert (edges > 0).all()
        # Untrained, a face is taken to reach two cells in each direction, and to be rare.
        assert np.median(edges) == pytest.approx(np.exp(0.7) * stride, rel=0.3)
        assert np.median(1 / (1 + np.exp(-np.asarray(level)[..., 0]))) < 0.02


def test_batch_norm_follows_within_a_short_training(network: Any) -> None:
    norms = [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert {norm.momentum for norm in norms} == {0.97}
    assert network.count_params() < 2_200_000  # 10 MB of float32 at most


def test_the_first_blocks_are_frozen_and_nothing_else(network: Any) -> None:
    _freeze_first_layers(network)
    frozen = {layer.name for layer in network.layers if not layer.trainable}
    assert {"Conv1", "bn_Conv1", "expanded_conv_depthwise", "block_1_expand"} <= frozen
    assert {"block_2_project", "block_2_project_BN", "block_2_add"} <= frozen
    first = ("input", "Conv1", "bn_Conv1", "expanded_conv_", "block_1_", "block_2_")
    assert {name for name in frozen if not name.startswith(first)} == set()
    weights = [layer.name for layer in network.layers if layer.weights]
    assert len(set(weights) - frozen) > 100


def test_upsampling_spreads_four_channels_over_four_cells() -> None:
    cell = np.arange(8, dtype=np.float32).reshape(1, 1, 1, 8)
    assert np.asarray(Upsample()(cell))[0].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def test_distances_are_in_pixels_and_bounded() -> None:
    raw = np.float32([[[[-3, 0, np.log(2), 50, -50]]]])
    logit, *edges = np.asarray(Distances(16)(raw)).ravel().tolist()
    assert logit == -3
    expected = [16, 32, 16 * np.exp(6), 16 * np.exp(-6)]
    np.testing.assert_allclose(edges, expected, rtol=1e-5)


def test_layers_are_saved_with_their_settings() -> None:
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(Distances(32, name="stride_32"))
    )
    assert (copy.stride, copy.name) == (32, "stride_32")


def test_flat_outputs_come_in_the_order_of_the_targets() -> None:
    """With a network that says of each cell where it is."""
    inputs = keras.Input((None, None, 3))
    maps = []
    for stride in STRIDES:
        place = keras.layers.AveragePooling2D(stride)(inputs)
        maps.append(keras.layers.Concatenate()([place, place[..., :2]]))
    flat = flat_outputs(keras.Model(inputs, maps), 96)
    y, x = np.mgrid[0:96, 0:96] + 0.5
    coordinates = np.stack([x, y, 0 * x], axis=-1)[None].astype(np.float32)
    told = np.asarray(flat(coordinates))[0]
    expected = np.concatenate([cell_centres(96, 96, stride) for stride in STRIDES])
    np.testing.assert_allclose(told[:, :2], expected, atol=1e-3)
    # A face of each level around the middle of a cell is asked of that very cell.
    for side, cx, cy in ((20, 28, 60), (100, 40, 56), (180, 48, 48)):
        face = np.float32([[cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2]])
        rows = make_targets(face, np.zeros((0, 4), np.float32), 96, 96)
        asked = told[rows[:, 0] == 1, :2]
        np.testing.assert_allclose(asked.mean(0), (cx, cy), atol=1e-3)
    assert flat.output_shape == (None, 144 + 36 + 9, 5)


def test_flat_outputs_are_the_network_s_own(network: Any) -> None:
    pixels = np.random.default_rng(2).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    flat = np.asarray(flat_outputs(network, 64)(pixels, training=False))
    maps = [np.asarray(level) for level in network(pixels, training=False)]
    together = np.concatenate([level.reshape(2, -1, 5) for level in maps], axis=1)
    np.testing.assert_allclose(flat, together, rtol=1e-4, atol=1e-5)
