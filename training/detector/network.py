"""The detector's network: MobileNetV2, a feature pyramid and a head for each level.

After FCOS (Tian, Shen, Chen and He, ICCV 2019): every cell of a feature map says
whether the middle of a face is near it, and how far the face's edges are.
"""

from __future__ import annotations

from typing import Any

import keras

from maskcore.network_input import InputSpec
from training.batch_norm import BatchNormalization
from training.classifier.architectures import BATCH_NORM_MOMENTUM, build_base
from training.config import TrainConfig
from training.detector.config import DetectorConfig

# How pixels become its input, -1..1 as the backbone takes them; its size is of no concern here.
SPEC = InputSpec()
STRIDES = (8, 16, 32)
# Layers of Keras' MobileNetV2 whose output has these strides.
_TAPS = ("block_6_expand_relu", "block_13_expand_relu", "block_16_project_BN")
_CHANNELS = 64
_TOWER = 2
# Where heads begin: almost no cell holds a face (the focal loss paper's prior of 0.01).
_PRIOR_LOGIT = -4.6


@keras.saving.register_keras_serializable("masklens")
class Upsample(keras.layers.Layer):  # type: ignore[misc]
    """Doubles height and width by rearranging channels, C -> C / 4.

    Unlike a resize, which the export would pin to one size, this lets the exported
    network take images of any size.
    """

    def call(self, inputs: Any) -> Any:
        """(N, h, w, C) -> (N, 2h, 2w, C / 4)."""
        return keras.ops.depth_to_space(inputs, 2)


@keras.saving.register_keras_serializable("masklens")
class Distances(keras.layers.Layer):  # type: ignore[misc]
    """Turns raw distances into pixels and leaves the logit as it is.

    Args:
        stride: of the feature map, pixels.
        kwargs: Keras' own.
    """

    def __init__(self, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, inputs: Any) -> Any:
        """(N, h, w, 5) -> the same: logit, then left, top, right, bottom in pixels."""
        raw = keras.ops.clip(inputs[..., 1:], -6.0, 6.0)
        return keras.ops.concatenate([inputs[..., :1], keras.ops.exp(raw) * self.stride], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stride": self.stride}


def build_detector(config: DetectorConfig, load_weights: bool = True) -> Any:
    """Build the network.

    Args:
        config: where the backbone's weights come from.
        load_weights: False for a network whose weights are about to be restored anyway.

    Returns:
        A Keras model, float32 (N, H, W, 3) in -1..1, H and W multiples of 32 -> for each
        of ``STRIDES`` (N, H / stride, W / stride, 5): logit of a face, then the distances
        from the cell's centre to its left, top, right and bottom edge in pixels.
    """
    base = build_base(
        TrainConfig(data="", backbone_weights=config.backbone_weights),
        load_weights,
        any_size=True,
    )
    taps = [_pointwise(base.get_layer(name).output) for name in _TAPS]
    pyramid = [taps[2]]
    for tap in (taps[1], taps[0]):
        finer = keras.layers.Conv2D(4 * _CHANNELS, 1)(pyramid[0])
        merged = keras.layers.Add()([tap, Upsample()(finer)])
        pyramid.insert(0, _separable(merged))
    outputs = []
    for stride, x in zip(STRIDES, pyramid, strict=True):
        for _ in range(_TOWER):
            x = _separable(x)
        bias = keras.initializers.Constant([_PRIOR_LOGIT, 0.7, 0.7, 0.7, 0.7])
        raw = keras.layers.Conv2D(5, 1, bias_initializer=bias, dtype="float32")(x)
        outputs.append(Distances(stride, dtype="float32", name=f"stride_{stride}")(raw))
    return keras.Model(base.input, outputs, name="detector")


def flat_outputs(network: Any, image_size: int) -> Any:
    """The same network for training at one size: one output (N, cells of all levels, 5)."""
    inputs = keras.Input((image_size, image_size, 3))
    levels = network(inputs)
    cells = [keras.layers.Reshape((-1, 5))(level) for level in levels]
    return keras.Model(inputs, keras.layers.Concatenate(axis=1)(cells))


def _pointwise(x: Any) -> Any:
    x = keras.layers.Conv2D(_CHANNELS, 1, use_bias=False)(x)
    return keras.layers.ReLU(6.0)(BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))


def _separable(x: Any) -> Any:
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    return _pointwise(BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
