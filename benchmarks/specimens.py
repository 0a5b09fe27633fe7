"""Faces to ask a classifier about, each in the part of its photo around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from maskcore import read_image
from maskcore.classification import LiteRtClassifier
from maskcore.types import Box, ImageRgb, longer_side
from training.config import TrainConfig
from training.data import read_dataset
from training.faces import single_boxes
from training.scenes import Scene
from training.splits import split

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
        """The same face in a smaller photo, its longer side ``side`` pixels."""
        height, width = self.picture.shape[:2]
        factor = side / self.longer_side
        size_wh = max(1, round(width * factor)), max(1, round(height * factor))
        picture = cv2.resize(self.picture, size_wh, interpolation=cv2.INTER_AREA)
        fx, fy = size_wh[0] / width, size_wh[1] / height
        x0, y0, x1, y1 = self.box_xyxy
        return replace(self, picture=picture, box_xyxy=(x0 * fx, y0 * fy, x1 * fx, y1 * fy))

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
        faces = [f for f in scene.faces if f.label is not None and f.longer_side >= SMALLEST]
        if faces:
            photo = read_image(scene.image_path)
            found += [around(photo, f.box_xyxy, f.label or 0, "scenes", classifier) for f in faces]
    return found


def close_up_specimens(
    root: Path, boxes_file: Path | None, config: TrainConfig, classifier: LiteRtClassifier
) -> list[Specimen]:
    """The faces of validation close-ups.

    Args:
        root: the classifier's data.
        boxes_file: made by ``pseudo-boxes``; close-ups without exactly one face are left
            out. Without a file, each photo is taken for a face as served, margin included.
        config: the classifier's, for the same division.
        classifier: who is asked about them.
    """
    crop_margin = classifier.input_spec.crop_margin
    dataset = read_dataset(root, config.image_size)
    shares = config.validation_share, config.test_share
    members = split(dataset.labels, dataset.groups, *shares, config.seed)["validation"]
    boxes = single_boxes(boxes_file) if boxes_file else None
    inset = crop_margin / (1 + 2 * crop_margin)
    found = []
    for i in members:
        photo = dataset.photo(int(i))
        height, width = photo.shape[:2]
        whole = (width * inset, height * inset, width * (1 - inset), height * (1 - inset))
        box = whole if boxes is None else boxes.get(dataset.paths[i])
        if box:
            label = int(dataset.labels[i])
            found.append(around(photo, box, label, "close-ups", classifier))
    return [specimen for specimen in found if specimen.longer_side >= SMALLEST]
