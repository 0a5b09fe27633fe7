"""AdamW whose step is smaller for what the backbone already knows."""

from __future__ import annotations

from typing import Any

import keras

# How the names of the layers of Keras' MobileNetV2 begin; the pyramid's and the heads' do not.
_BACKBONE = ("Conv", "bn_Conv", "expanded_conv", "block_")


@keras.saving.register_keras_serializable("masklens")
class BackboneAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """Keras' AdamW with a rate of its own for the backbone, and decay of kernels alone.

    Layers that begin with ImageNet's weights and layers that begin with noise are learned at
    once; a step that is right for the latter makes the former forget what they know of
    pictures, and a few hundred photos do not teach it to them again.

    Args:
        args: Keras' own.
        backbone_rate: share, 0..1, of the learning rate for the backbone's weights.
        kwargs: Keras' own.
    """

    def __init__(self, *args: Any, backbone_rate: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.backbone_rate = backbone_rate
        self.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One variable's step; see Keras' own."""
        # TensorFlow's own variables, which it gives, have no path.
        path = self._trainable_variables[self._get_variable_index(variable)].path
        share = self.backbone_rate if path.startswith(_BACKBONE) else 1.0
        super().update_step(gradient, variable, learning_rate * share)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "backbone_rate": self.backbone_rate}
