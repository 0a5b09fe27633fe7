"""Frames of a camera become faces to learn from, a class at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from maskcore.classification.preprocess import crop_square
from maskcore.detection import Detector
from maskcore.errors import MasklensError
from maskcore.files import replacing
from maskcore.images import encode_image
from maskcore.types import Box, ImageRgb, longer_side
from training.annotated.faces import TRAINING_MARGIN
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data_folders import make_private

FACES_A_CLASS = 50
# The network sees 128 pixels; from a face below this there is little to learn.
SMALLEST_RECORDED = 40
_JPEG_QUALITY = 95


class NoFaceError(MasklensError):
    """A frame without a face that can be used; its text says how to mend that."""


def nearest_face(image_rgb: ImageRgb, detector: Detector) -> Box:
    """Find the face that is nearest to the camera.

    Args:
        image_rgb: uint8 (H, W, 3).
        detector: finds the faces.

    Returns:
        Its box in pixels.

    Raises:
        NoFaceError: there is none, or it is below ``SMALLEST_RECORDED`` pixels.
    """
    box = detector.detect(image_rgb).largest
    if box is None:
        raise NoFaceError("No face is seen. Look into the camera, with light on your face.")
    if longer_side(box) < SMALLEST_RECORDED:
        raise NoFaceError("The face is too small. Come nearer to the camera.")
    return box


class Recording:
    """The faces of a recording, in a data folder; what is on disk is what there is.

    Args:
        folder: one of ``training.photos.data_folders.new_data_folder``; made with the first face.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def count(self, label: str) -> int:
        """Faces of a class (one of ``CLASS_FOLDERS``) so far."""
        return len(list((self.folder / label).glob("recorded_*.jpg")))

    def is_full(self, label: str) -> bool:
        """Whether a class has its ``FACES_A_CLASS``."""
        return self.count(label) >= FACES_A_CLASS

    def clear(self, label: str) -> None:
        """Delete the faces of a class, to record it anew."""
        shutil.rmtree(self.folder / label, ignore_errors=True)

    def add(self, image_rgb: ImageRgb, box_xyxy: Box, label: str) -> None:
        """Keep the face of one frame; one too many is not kept.

        Args:
            image_rgb: uint8 (H, W, 3).
            box_xyxy: the face in it, pixels.
            label: one of ``CLASS_FOLDERS``.

        Raises:
            ValueError: no class has that name.
            MasklensError: it cannot be stored.
        """
        if label not in CLASS_FOLDERS:
            raise ValueError(f"label must be one of {', '.join(CLASS_FOLDERS)}, got {label!r}")
        number = self.count(label) + 1
        if number > FACES_A_CLASS:
            return
        face = crop_square(image_rgb, box_xyxy, TRAINING_MARGIN)
        jpeg = encode_image(np.ascontiguousarray(face), quality=_JPEG_QUALITY)
        try:
            make_private(self.folder)
            # Whole or not at all: the page counts and shows what is there at any moment.
            with replacing(self.folder / label / f"recorded_{number:04d}.jpg") as path:
                path.write_bytes(jpeg)
        except OSError as error:
            raise MasklensError(
                "The face could not be stored. Make room on the disk of the computer that runs"
                " Masklens."
            ) from error
