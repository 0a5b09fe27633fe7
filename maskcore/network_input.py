"""What goes into a network: its card says how pixels become numbers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.errors import ModelError


@dataclass(frozen=True)
class InputSpec:
    """What a network expects; it travels with the weights in card.json.

    Attributes:
        size: side of the square input, pixels.
        crop_margin: share of the box's longer side added around the face on each side.
        scale, offset: model input = pixel * scale + offset, for pixels in 0..255.
    """

    size: int = 128
    crop_margin: float = 0.0
    scale: float = 1 / 127.5
    offset: float = -1.0

    def __post_init__(self) -> None:
        if type(self.size) is not int or self.size < 1:
            raise ValueError(f"size must be a whole number of pixels from 1, got {self.size!r}")
        if not 0 <= self.crop_margin <= 1:
            raise ValueError(f"crop_margin must be in 0..1, got {self.crop_margin}")
        if not (math.isfinite(self.scale) and math.isfinite(self.offset)):
            raise ValueError(f"scale, offset must be finite, got {self.scale}, {self.offset}")

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> InputSpec:
        """Read the "input" part of a card.

        Raises:
            ModelError: it is missing or does not fit.
        """
        try:
            return cls(**card["input"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The card of model {card.get('name')!r} does not say how its input is made."
                " Install the model again."
            ) from error

    def to_card(self) -> dict[str, Any]:
        """The "input" part of a card."""
        return asdict(self)


def normalise(pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """Map pixels 0..255 to the model's input range, any shape, float32."""
    return pixels.astype(np.float32) * np.float32(spec.scale) + np.float32(spec.offset)
