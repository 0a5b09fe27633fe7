from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.classification import InputSpec
from maskcore.errors import MasklensError
from maskcore.types import Box, ImageRgb
from training.annotated.face_judging import evaluate_faces
from training.annotated.scenes import Scene, SceneFace

MASK, BARE, WRONG = 1, 0, None


def scene(path: Path, image: ImageRgb, faces: list[tuple[int | None, Box]]) -> Scene:
    Image.fromarray(image).save(path)
    return Scene(path, tuple(SceneFace(box, label) for label, box in faces))


class BlueIsMask:
    """Judges by the share of blue; remembers what it was given."""

    threshold = 0.5
    input_spec = InputSpec(size=16, crop_margin=0.4)

    def __init__(self) -> None:
        self.inputs: list[NDArray[np.float32]] = []

    def classify_inputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        self.inputs.append(inputs)
        return ((inputs[..., 2].mean((1, 2)) + 1) / 2).astype(np.float32)


def painted(faces: list[tuple[tuple[int, int, int, int], int]]) -> ImageRgb:
    image = np.zeros((200, 300, 3), np.uint8)
    for (x0, y0, x1, y1), blue in faces:
        image[y0:y1, x0:x1, 2] = blue
    return image


def test_faces_are_cut_out_and_counted_by_class_and_size(tmp_path: Path) -> None:
    boxes = [(10, 10, 50, 50), (60, 10, 92, 30), (100, 10, 131, 41), (150, 10, 190, 50)]
    image = painted(list(zip(boxes, (255, 255, 255, 255), strict=True)))
    labels = [MASK, BARE, BARE, WRONG]  # of 40, 32, 31 and 40 pixels
    a = scene(tmp_path / "a.png", image, list(zip(labels, boxes, strict=True)))
    bare_and_masked = [(MASK, (10, 10, 60, 60)), (BARE, (80, 80, 140, 140))]
    b = scene(tmp_path / "b.png", painted([]), bare_and_masked)
    c = scene(tmp_path / "c.png", painted([]), [(MASK, (10, 10, 20, 20))])
    classifier = BlueIsMask()
    figures = evaluate_faces([(classifier, [a, b, c])], crop_margin=0.0, min_side=32)  # type: ignore[arg-type]
    # a: one masked face right; of the bare ones that of 32 pixels, blue though it is: wrong.
    # b: the masked one is black: wrong; the bare one right.
    assert figures["confusion"] == [[1, 1], [1, 1]]
    assert figures["count"] == 4
    everything = evaluate_faces([(classifier, [a, b, c])], crop_margin=0.0, min_side=1)  # type: ignore[arg-type]
    assert everything["confusion"] == [[1, 2], [2, 1]]


def test_the_given_crop_margin_replaces_that_of_the_card(tmp_path: Path) -> None:
    box = (100, 60, 160, 120)
    a = scene(tmp_path / "a.png", painted([(box, 255)]), [(MASK, box), (BARE, (0, 0, 40, 40))])
    shares = {}
    for margin in (0.0, 0.5):
        classifier = BlueIsMask()
        evaluate_faces([(classifier, [a])], margin, min_side=32)  # type: ignore[arg-type]
        (inputs,) = classifier.inputs
        assert inputs.shape == (2, 16, 16, 3)
        shares[margin] = float((inputs[0, ..., 2].mean() + 1) / 2)
    assert shares == pytest.approx({0.0: 1.0, 0.5: 0.25}, abs=0.01)


def test_the_threshold_is_that_of_the_classifier(tmp_path: Path) -> None:
    box = (100, 60, 160, 120)
    a = scene(tmp_path / "a.png", painted([(box, 180)]), [(MASK, box), (BARE, (0, 0, 40, 40))])
    classifier = BlueIsMask()
    for threshold, hits in ((0.6, 1), (0.8, 0)):
        classifier.threshold = threshold
        figures = evaluate_faces([(classifier, [a])], 0.0, min_side=32)  # type: ignore[arg-type]
        assert figures["threshold"] == threshold
        assert figures["by_class"]["Mask"]["recall"]["hits"] == hits


def test_scenes_without_a_face_large_enough_are_an_error(tmp_path: Path) -> None:
    a = scene(tmp_path / "a.png", painted([]), [(MASK, (10, 10, 20, 20))])
    with pytest.raises(MasklensError, match="50"):
        evaluate_faces([(BlueIsMask(), [a])], 0.0, min_side=50)  # type: ignore[arg-type]
