"""Tiny annotated scenes, and a detector that finds white spots instead of faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.types import Detections, ImageRgb
from tests.training.voc import voc

Annotated = list[tuple[str, tuple[int, int, int, int]]]


@pytest.fixture(scope="session")
def add_scene() -> Callable[[Path, str, ImageRgb, Annotated], None]:
    """(root, name, photo, [(class, box)]) -> writes photo and Pascal VOC annotation."""

    def add(root: Path, name: str, image: ImageRgb, faces: Annotated) -> None:
        for folder in ("images", "annotations"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(root / "images" / f"{name}.png")
        (root / "annotations" / f"{name}.xml").write_text(voc(faces))

    return add


class WhiteSpots:
    """Finds white spots with a score of 0.9, light grey ones with 0.5; remembers the pictures."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.uint8]] = []
        self.awake: Callable[[int], bool] = lambda number: True

    def detect(self, image_rgb: ImageRgb) -> Detections:
        number = len(self.seen)
        self.seen.append(image_rgb)
        boxes, scores = [np.zeros((0, 4))], [np.zeros(0)]
        if self.awake(number):
            light = (image_rgb.min(axis=-1) > 160).astype(np.uint8)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(light)
            for spot in range(1, count):
                x, y, w, h, _ = stats[spot]
                boxes.append(np.array([[x, y, x + w, y + h]]))
                white = image_rgb[labels == spot].max() > 230
                scores.append(np.array([0.9 if white else 0.5]))
        return Detections(
            np.concatenate(boxes).astype(np.float32), np.concatenate(scores).astype(np.float32)
        )


@pytest.fixture
def white_spots() -> WhiteSpots:
    return WhiteSpots()
