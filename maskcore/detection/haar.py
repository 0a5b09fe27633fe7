"""Viola and Jones' cascades, as the OpenCV wheel ships them: always there, often blind to masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from maskcore.detection.scaling import detect_at_sizes
from maskcore.errors import ModelError
from maskcore.pool import Pool
from maskcore.types import Detections, ImageRgb

# Step between the sizes searched; a smaller one finds more and is slower.
_SIZE_STEP = 1.1
# Smallest face looked for, pixels of the working image.
_SMALLEST = 24


class HaarDetector:
    """Frontal faces by a Haar cascade (Viola and Jones, CVPR 2001)."""

    def __init__(
        self,
        cascade: str = "haarcascade_frontalface_default",
        min_neighbors: int = 5,
        longest_side: int = 1280,
    ) -> None:
        """Load the cascade.

        Args:
            cascade: file stem of a cascade in the OpenCV wheel.
            min_neighbors: raw hits that must agree on a face; larger gives fewer false alarms.
            longest_side: working size; larger photos are reduced to it.

        Raises:
            ModelError: the cascade is not in the installed OpenCV.
        """
        path = Path(cv2.data.haarcascades) / f"{cascade}.xml"
        if not path.is_file():
            raise ModelError(
                f"The face detector {cascade} is not part of the installed OpenCV."
                " Run: pip install -r requirements.txt"
            )
        # On Windows OpenCV itself opens no path with an umlaut in it, such as a user's name.
        xml = path.read_text(encoding="ascii")
        self._cascades = Pool(lambda: _cascade(xml, cascade), size=4)
        self._min_neighbors = min_neighbors
        self._longest_side = longest_side

    def detect(self, image_rgb: ImageRgb) -> Detections:
        """Find faces.

        Args:
            image_rgb: uint8 (H, W, 3).

        Returns:
            Boxes in the image's pixels. A cascade gives no probability: the score is
            n / (n + min_neighbors) for n agreeing raw hits, so 0.5 is the weakest.

        Raises:
            ModelError: the cascade is not of a kind that OpenCV reads.
        """
        return detect_at_sizes(image_rgb, [self._longest_side], self._detect)

    def _detect(self, image_rgb: ImageRgb) -> Detections:
        gray = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
        with self._cascades.borrow() as cascade:
            boxes_xywh, hits = cascade.detectMultiScale2(
                gray,
                scaleFactor=_SIZE_STEP,
                minNeighbors=self._min_neighbors,
                minSize=(_SMALLEST, _SMALLEST),
            )
        if not len(boxes_xywh):
            return Detections.empty()
        boxes = np.asarray(boxes_xywh, np.float32)
        count = np.asarray(hits, np.float32).ravel()
        return Detections(
            np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
            count / (count + max(self._min_neighbors, 1)),
        )


def _cascade(xml: str, name: str) -> cv2.CascadeClassifier:
    storage = cv2.FileStorage(xml, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    cascade = cv2.CascadeClassifier()
    cascade.read(storage.getFirstTopLevelNode())
    if cascade.empty():  # looking with it would fail without a reason
        raise ModelError(
            f"The installed OpenCV cannot read its own face detector {name}."
            " Run: pip install -r requirements.txt"
        )
    return cascade
