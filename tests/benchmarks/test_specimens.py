from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.specimens import Specimen, close_up_specimens
from maskcore.classification import InputSpec
from training.classifier.parts import Photos

BARE, MASKED = "without_mask/a.png", "with_mask/b.png"
CLASSIFIER: Any = SimpleNamespace(input_spec=InputSpec(size=32, crop_margin=0.25))


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    """One of each folder, and both are of bare faces."""
    for path in (BARE, MASKED):
        (tmp_path / path).parent.mkdir()
        Image.new("RGB", (60, 60)).save(tmp_path / path)
    return Photos(tmp_path, (BARE, MASKED), {MASKED: "without_mask"})


def test_close_ups_have_the_labels_that_somebody_corrected(photos: Photos) -> None:
    specimens = close_up_specimens(photos, None, CLASSIFIER)
    assert [specimen.label for specimen in specimens] == [0, 0]
    for specimen in specimens:
        assert specimen.box_xyxy == pytest.approx((10, 10, 50, 50))
        assert specimen.picture.shape == (60, 60, 3)


def test_with_boxes_only_close_ups_of_one_large_enough_face_are_asked_about(
    photos: Photos, tmp_path: Path
) -> None:
    file = tmp_path / "boxes.json"
    for box, count in (([30, 30, 50, 50], 1), ([30, 30, 37, 37], 0)):
        boxes = {BARE: {"faces": [], "doubtful": []}, MASKED: {"faces": [box], "doubtful": []}}
        file.write_text(json.dumps({"boxes": boxes}), encoding="utf-8")
        found = close_up_specimens(photos, file, CLASSIFIER)
        assert [(face.label, face.longer_side) for face in found] == [(0, 20.0)] * count


def test_a_face_shrinks_with_its_photo() -> None:
    picture = np.zeros((80, 120, 3), np.uint8)
    face = Specimen(picture, (20.0, 10.0, 100.0, 50.0), 1, "scenes", CLASSIFIER).shrunk(20)
    assert face.picture.shape == (20, 30, 3)
    assert face.box_xyxy == (5.0, 2.5, 25.0, 12.5)
