"""Faces cut out of photos, as the classifier will meet them behind a detector."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import crop_square, resize
from maskcore.errors import MasklensError
from maskcore.images import read_image
from maskcore.types import Box, ImageRgb
from training.annotated.scenes import Scene
from training.config import CROP_MARGIN

# Around a training face; augmentation zooms and shifts within it, so that what is seen
# spans tight and generous crops.
TRAINING_MARGIN = 0.3
SMALLEST_SIDE = 14.0


@dataclass(frozen=True)
class CutFace:
    """One face: its photo, its box in pixels, and 1 (mask) or 0 (no mask)."""

    path: Path
    box_xyxy: Box
    label: int

    def crop(self, margin: float) -> ImageRgb:
        """The square around it, uint8 (S, S, 3); ``margin`` as in ``crop_square``."""
        return crop_square(read_image(self.path), self.box_xyxy, margin)


def scene_faces(scenes: list[Scene]) -> list[CutFace]:
    """The faces of annotated scenes that are of one class and large enough to tell."""
    return [
        CutFace(scene.image_path, box, label)
        for scene in scenes
        for _, box, label in scene.faces_from(SMALLEST_SIDE)
    ]


def read_boxes(path: Path) -> dict[str, dict[str, list[list[float]]]]:
    """Read the boxes of close-ups that ``pseudo-boxes`` wrote: by file name, in pixels.

    Raises:
        MasklensError: the file is missing or not of that kind.
    """
    try:
        boxes: dict[str, dict[str, list[list[float]]]] = json.loads(
            path.read_text(encoding="utf-8")
        )["boxes"]
        if not isinstance(boxes, dict):
            raise TypeError("boxes must be by file name")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise MasklensError(
            f"{path.name} does not hold boxes of close-ups. Make it with:"
            " python -m training pseudo-boxes"
        ) from error
    return boxes


def validation_pixels(faces: list[CutFace], size: int) -> NDArray[np.uint8]:
    """Faces as served, uint8 (N, size, size, 3)."""
    crops = [resize(face.crop(CROP_MARGIN), size) for face in faces]
    return np.stack(crops) if crops else np.zeros((0, size, size, 3), np.uint8)
