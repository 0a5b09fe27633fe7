"""Faces to ask a classifier about, each in the part of its photo around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from maskcore import read_image
from maskcore.classification import LiteRtClassifier
from maskcore.types import Box, ImageRgb, longer_side
from training.annotated.scenes import Scene
from training.classifier.parts import Photos
from training.measuring.changes import smaller
from training.photos.face_cut import face_box

# Pixels; smaller faces are not asked about.
SMALLEST = 8.0
# Of the Gaussian, in pixels of a face brought to this side: the same smear whatever its size.
SIGMA_SIDE = 48


@dataclass(frozen=True)
class Specimen:
    """One face in the part of its photo around it.

    Attributes:
        picture: uint8 (H, W, 3).
        box_xyxy: the face, pixels of the picture.
        label: 1 with a mask, 0 without.
        source: "scenes" or "close-ups".
        classifier: who is asked about it.
    """

    picture: ImageRgb
    box_xyxy: Box
    label: int
    source: str
    classifier: LiteRtClassifier

    @property
    def longer_side(self) -> float:
        """Pixels."""
        return longer_side(self.box_xyxy)

    def shrunk(self, side: float) -> Specimen:
        """The same face in a smaller photo, its longer side at most ``side`` pixels."""
        chance = np.random.default_rng()  # plays no part in this change
        picture, box = smaller(side)(self.picture, self.box_xyxy, chance)
        return replace(self, picture=picture, box_xyxy=box)

    def blurred(self, sigma: float) -> Specimen:
        """The same face out of focus; ``sigma`` in pixels of a face of ``SIGMA_SIDE``."""
        if not sigma:
            return self
        in_pixels = sigma * self.longer_side / SIGMA_SIDE
        return replace(self, picture=cv2.GaussianBlur(self.picture, (0, 0), in_pixels))


def around(
    photo: ImageRgb, box: Box, label: int, source: str, classifier: LiteRtClassifier
) -> Specimen:
    """Cut out a face with as much again on every side, to blur and shrink without the rest."""
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = box
    pad = longer_side(box)
    # Even offsets: crop_square rounds halves to even, and must cut here what it cuts there.
    left, top = (max(0, int(edge - pad)) // 2 * 2 for edge in (x0, y0))
    picture = photo[top : min(height, int(y1 + pad) + 1), left : min(width, int(x1 + pad) + 1)]
    box = x0 - left, y0 - top, x1 - left, y1 - top
    return Specimen(np.ascontiguousarray(picture), box, label, source, classifier)


def scene_specimens(asked: Iterable[tuple[LiteRtClassifier, list[Scene]]]) -> list[Specimen]:
    """The faces that are of one class and of 8 pixels or more, each for who is asked about it."""
    found = []
    for classifier, scene in ((model, scene) for model, scenes in asked for scene in scenes):
        faces = scene.faces_from(SMALLEST)
        if faces:
            photo = read_image(scene.image_path)
            found += [around(photo, box, label, "scenes", classifier) for _, box, label in faces]
    return found


def close_up_specimens(photos: Photos, classifier: LiteRtClassifier) -> list[Specimen]:
    """The faces of close-ups, with their labels as corrected, for who is asked about them."""
    found = []
    for i, label in enumerate(photos.labels):
        photo = photos.read(i)
        box = face_box(photo, classifier.input_spec.crop_margin)
        found.append(around(photo, box, int(label), "close-ups", classifier))
    return [specimen for specimen in found if specimen.longer_side >= SMALLEST]
