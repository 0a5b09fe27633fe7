"""Telling masks: preprocessing shared with training, and the LiteRT classifier."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskcore.classification.classifier import LiteRtClassifier
from maskcore.classification.preprocess import preprocess
from maskcore.classification.sharpness import sharpness
from maskcore.network_input import InputSpec
from maskcore.types import ImageRgb, NotSure


class Classifier(Protocol):
    """Anything that tells masks; safe to call from several threads."""

    threshold: float
    not_sure: NotSure

    def mask_probabilities(self, image_rgb: ImageRgb, boxes_xyxy: ArrayLike) -> NDArray[np.float32]:
        """Probability of a mask in 0..1 for each of the (N, 4) boxes, float32 (N,)."""
        ...


__all__ = ["Classifier", "InputSpec", "LiteRtClassifier", "preprocess", "sharpness"]
