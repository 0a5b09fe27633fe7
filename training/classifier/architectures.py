"""The networks: a Keras base and, on top, Flatten, Dense, Dropout and one sigmoid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from maskcore.errors import MasklensError
from maskcore.network_input import InputSpec
from training.batch_norm import fused
from training.classifier.starting_weights import NOT_FETCHED
from training.config import CROP_MARGIN, TrainConfig

_BASES = {
    "mobilenet_v2": keras.applications.MobileNetV2,
    "inception_v3": keras.applications.InceptionV3,
}

# Keras' MobileNetV2 averages batch statistics with momentum 0.999, which a short
# fine-tuning never catches up with: the exported model would then be wrong though
# training looked fine. At 0.97 the averages follow within some hundred steps.
BATCH_NORM_MOMENTUM = 0.97


def input_spec(config: TrainConfig) -> InputSpec:
    """The input of the trained model: both bases take pixels mapped to -1..1."""
    return InputSpec(size=config.image_size, crop_margin=CROP_MARGIN)


@keras.saving.register_keras_serializable("masklens")
class Enlarge(keras.layers.Layer):  # type: ignore[misc]
    """Brings pictures to another size, bilinear.

    Keras' own ``Resizing`` takes itself to be training where nobody says what is the case, and
    with it all batch norms behind it.

    Args:
        side: height and width of what comes out, pixels.
        kwargs: Keras' own.
    """

    def __init__(self, side: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def call(self, inputs: Any) -> Any:
        """(N, h, w, C) -> (N, side, side, C)."""
        return keras.ops.image.resize(inputs, (self.side, self.side))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}


def build_base(config: TrainConfig, load_weights: bool = True, any_size: bool = False) -> Any:
    """Build the convolutional base.

    Args:
        config: architecture, image size and where the weights come from.
        load_weights: False for a base whose weights are about to be restored anyway.
        any_size: leave height and width open.

    Returns:
        A Keras model, float32 (N, S, S, 3) in -1..1 -> (N, s, s, C).

    Raises:
        MasklensError: the weights cannot be fetched or do not fit.
    """
    side = None if any_size else config.image_size
    inputs = keras.Input((side, side, 3))
    seen = inputs
    if config.enlarged_to:
        seen = Enlarge(config.enlarged_to)(inputs)
    source = config.backbone_weights if load_weights else "none"
    weights = "imagenet" if source == "imagenet" else None
    try:
        base = _BASES[config.architecture](
            include_top=False,
            weights=weights,
            input_tensor=seen,
            input_shape=tuple(seen.shape[1:]),  # by it Keras chooses MobileNetV2's weights
        )
    except Exception as error:
        if not weights or isinstance(error, MemoryError):
            raise
        raise MasklensError(
            f"{NOT_FETCHED} Connect to the internet, or give a .weights.h5 file with"
            " --backbone-weights FILE (or 'none' to start from scratch)."
        ) from error
    base = keras.Model(inputs, base.output, name=base.name)
    if source not in ("imagenet", "none"):
        try:
            base.load_weights(source)
        except (OSError, ValueError) as error:
            raise MasklensError(
                f"{Path(source).name} does not hold the weights of a {config.architecture} base"
                " without its top, or cannot be read."
            ) from error
    base = fused(base)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    return base


def build_head(config: TrainConfig, feature_shape: tuple[int, ...]) -> Any:
    """Build the classifier that sits on the base's features, (N, s, s, C) -> (N, 1) in 0..1."""
    return keras.Sequential(
        [
            keras.Input(feature_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(config.dense_units, activation="relu"),
            keras.layers.Dropout(config.dropout),
            keras.layers.Dense(1, activation="sigmoid", dtype="float32"),
        ],
        name="head",
    )


def join(base: Any, head: Any) -> Any:
    """Put base and head, which stay shared, into one model, (N, S, S, 3) -> (N, 1)."""
    inputs = keras.Input(base.input_shape[1:])
    return keras.Model(inputs, head(base(inputs)))


def build_model(config: TrainConfig, load_weights: bool = True) -> Any:
    """Build the whole network; see ``build_base`` for the arguments."""
    base = build_base(config, load_weights)
    return join(base, build_head(config, base.output_shape[1:]))
