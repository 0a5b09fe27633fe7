from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.errors import MasklensError
from training.annotated.faces import CutFace, read_boxes, scene_faces, validation_pixels
from training.annotated.scenes import Scene, SceneFace


def test_faces_of_neither_class_and_tiny_ones_are_left_out() -> None:
    faces = (
        SceneFace((0, 0, 14, 5), 1),
        SceneFace((0, 0, 13.9, 13.9), 1),
        SceneFace((5, 5, 60, 70), None),
        SceneFace((9, 9, 40, 50), 0),
    )
    other = Scene(Path("b.png"), (SceneFace((1, 2, 30, 40), 1),))
    assert scene_faces([Scene(Path("a.png"), faces), Scene(Path("c.png"), ()), other]) == [
        CutFace(Path("a.png"), (0, 0, 14, 5), 1),
        CutFace(Path("a.png"), (9, 9, 40, 50), 0),
        CutFace(Path("b.png"), (1, 2, 30, 40), 1),
    ]


def test_crop_is_the_square_around_the_face(tmp_path: Path) -> None:
    image = np.zeros((100, 120, 3), np.uint8)
    image[30:50, 40:60] = 200
    Image.fromarray(image).save(tmp_path / "a.png")
    face = CutFace(tmp_path / "a.png", (40, 30, 60, 50), 1)
    assert face.crop(0.0).shape == (20, 20, 3)
    assert (face.crop(0.0) == 200).all()
    wide = face.crop(0.5)
    assert wide.shape == (40, 40, 3)
    assert (wide[10:30, 10:30] == 200).all()
    assert wide.mean() == pytest.approx(50)


def test_validation_faces_have_the_input_size_and_some_margin(tmp_path: Path) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[30:70, 30:70] = 200
    Image.fromarray(image).save(tmp_path / "a.png")
    pixels = validation_pixels([CutFace(tmp_path / "a.png", (30, 30, 70, 70), 1)] * 2, 28)
    assert pixels.shape == (2, 28, 28, 3)
    assert pixels.dtype == np.uint8
    assert pixels.mean() == pytest.approx(200 / 1.4**2, rel=0.05)
    assert validation_pixels([], 28).shape == (0, 28, 28, 3)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "3", '"boxes"'], ids=str)
def test_a_file_without_boxes_is_named_with_the_mend(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "my-boxes.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(MasklensError, match="^my-boxes.json does not hold boxes.*pseudo-boxes"):
        read_boxes(path)
