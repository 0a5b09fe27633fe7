from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.specimens import Specimen, close_up_specimens
from maskcore.classification import InputSpec
from maskcore.types import Box
from training.classifier.parts import Photos
from training.photos import face_cut

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
    specimens = close_up_specimens(photos, CLASSIFIER)
    assert [specimen.label for specimen in specimens] == [0, 0]
    for specimen in specimens:
        assert specimen.box_xyxy == pytest.approx((10, 10, 50, 50))
        assert specimen.picture.shape == (60, 60, 3)


@pytest.mark.parametrize(("box", "count"), [((30, 30, 50, 50), 2), ((30, 30, 37, 37), 0)])
def test_close_ups_are_asked_about_their_face_if_it_is_large_enough(
    photos: Photos, monkeypatch: pytest.MonkeyPatch, box: Box, count: int
) -> None:
    monkeypatch.setattr(face_cut, "largest_face", lambda photo: box)
    found = close_up_specimens(photos, CLASSIFIER)
    assert [face.longer_side for face in found] == [20.0] * count


def test_a_face_shrinks_with_its_photo() -> None:
    picture = np.zeros((80, 120, 3), np.uint8)
    face = Specimen(picture, (20.0, 10.0, 100.0, 50.0), 1, "scenes", CLASSIFIER).shrunk(20)
    assert face.picture.shape == (20, 30, 3)
    assert face.box_xyxy == (5.0, 2.5, 25.0, 12.5)
