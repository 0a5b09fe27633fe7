"""Mask or no mask, by a LiteRT model: all faces of a photo in one call, from any thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskcore.classification.calibration import Calibration
from maskcore.classification.preprocess import preprocess
from maskcore.errors import ModelError
from maskcore.litert import LiteRtModel
from maskcore.models import StoredModel, load_model
from maskcore.network_input import InputSpec
from maskcore.types import ImageRgb, NotSure

# Faces a call: a crowd goes through in slices, so that memory stays bounded.
MAX_BATCH = 16


class LiteRtClassifier:
    """A mask classifier installed under ``models/``.

    Attributes:
        name: the model's.
        card: as it was when the model was loaded.
        input_spec, threshold, not_sure, calibration: what the card says.
    """

    def __init__(self, model: StoredModel) -> None:
        """Prepare the model for serving.

        Args:
            model: content and card, verified by ``load_model``.

        Raises:
            ModelError: the content is not a model that LiteRT can run, or the card is
                not that of a mask classifier.
        """
        self.name, self.card = model.name, model.card
        self.input_spec = InputSpec.from_card(model.card)
        threshold = model.card.get("threshold")
        if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
            raise ModelError(
                f"The card of model {model.name!r} has no threshold in 0..1."
                " Install the model again."
            )
        self.threshold = float(threshold)
        try:
            self.not_sure = NotSure.from_card(model.card)
            self.calibration = Calibration.from_card(model.card)
        except ValueError as error:
            raise ModelError(
                f"The card of model {model.name!r} is damaged: {error}. Install the model again."
            ) from error
        self._model = LiteRtModel(model.content)
        try:
            # Two faces at once: a model fixed to one would fail on the first group photo.
            self.mask_probabilities(np.zeros((8, 8, 3), np.uint8), [(0, 0, 8, 8)] * 2)
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"Model {model.name!r} cannot be run: its file does not fit its card"
                " or this version of LiteRT. Install the model again."
            ) from error

    @classmethod
    def load(cls, name: str) -> LiteRtClassifier:
        """Load an installed model by name.

        Raises:
            ModelError: the model is missing or damaged.
        """
        return cls(load_model(name))

    def mask_probabilities(self, image_rgb: ImageRgb, boxes_xyxy: ArrayLike) -> NDArray[np.float32]:
        """Judge the faces of one photo.

        Args:
            image_rgb: uint8 (H, W, 3).
            boxes_xyxy: (N, 4) faces, pixels.

        Returns:
            float32 (N,), probability of a mask in 0..1.
        """
        boxes = np.asarray(boxes_xyxy, float).reshape(-1, 4)
        slices = [
            self.classify_inputs(
                preprocess(image_rgb, boxes[start : start + MAX_BATCH], self.input_spec)
            )
            for start in range(0, len(boxes), MAX_BATCH)
        ]
        return np.concatenate([np.zeros(0, np.float32), *slices])

    def classify_inputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Judge prepared inputs.

        Args:
            inputs: float32 (N, size, size, 3) as ``preprocess`` makes them.

        Returns:
            float32 (N,), probability of a mask in 0..1, calibrated by the model's card.
        """
        if not len(inputs):
            return np.zeros(0, np.float32)
        slices = []
        for start in range(0, len(inputs), MAX_BATCH):
            part = inputs[start : start + MAX_BATCH]
            output = self._model.run(part)[0]
            if output.shape != (len(part), 1):
                raise ValueError(f"output must have shape ({len(part)}, 1), got {output.shape}")
            slices.append(output[:, 0])
        return self.calibration.apply(np.concatenate(slices))
