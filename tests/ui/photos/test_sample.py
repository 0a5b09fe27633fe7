from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from maskcore import MaskPipeline, read_image
from maskcore.boxes import overlaps
from maskcore.detection import DETECTOR_NAMES
from ui.photos.sample import SAMPLE_FACES, SAMPLE_NAME, labelled_sample, sample_photo


def test_sample_is_a_png_made_once() -> None:
    assert SAMPLE_NAME.endswith(".png")
    with Image.open(io.BytesIO(sample_photo())) as image:
        assert (image.format, image.size) == ("PNG", (1280, 600))
    assert sample_photo() is sample_photo()


def test_one_portrait_is_bare_and_the_other_masked_over_mouth_and_nose_alone() -> None:
    image = read_image(sample_photo()).astype(int)
    bare, masked = image[:, :640], image[:, 640:]
    changed = np.abs(bare - masked).max(axis=2) > 0
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    # Eyes lie above 190, the chin above 335, the face between 235 and 425.
    assert 180 <= rows.min() < rows.max() <= 335
    assert 230 <= columns.min() < columns.max() <= 425
    assert changed[230:320, 270:390].mean() > 0.95
    painted = masked[240:310, 280:380].mean(axis=(0, 1))
    assert painted[2] > painted[0] + 40  # blue


@pytest.mark.parametrize("detector", [name for name in DETECTOR_NAMES if "haar" in name])
def test_the_shipped_model_tells_the_two_faces_apart(detector: str) -> None:
    analysis = MaskPipeline.load(detector=detector).analyze(read_image(sample_photo()))
    by_side = {face.box_xyxy[0] > 640: face.label for face in analysis.faces}
    assert by_side == {False: "No Mask", True: "Mask"}
    assert len(analysis.faces) == 2


def test_at_first_sight_it_is_labelled_as_the_shipped_models_do() -> None:
    found = MaskPipeline.load().analyze(read_image(sample_photo())).faces
    assert [face.verdict for face in found] == [face.verdict for face in SAMPLE_FACES]
    boxes = (np.array([face.box_xyxy for face in faces]) for faces in (found, SAMPLE_FACES))
    assert overlaps(*boxes).diagonal().min() > 0.8

    with Image.open(io.BytesIO(labelled_sample())) as image:
        assert (image.format, image.size) == ("JPEG", (800, 375))
    assert labelled_sample() is labelled_sample()
