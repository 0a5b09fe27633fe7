from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from maskcore.classification import InputSpec, preprocess
from maskcore.errors import MasklensError
from maskcore.images import read_image
from training.classifier.parts import Photos, judged_report, report_photos, run_photos

MakePhotos = Callable[..., Path]
PATHS = ("with_mask/001.jpg", "without_mask/000.jpg", "with_mask/000.jpg")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, make_photos: MakePhotos) -> Photos:
    return Photos(make_photos(tmp_path_factory.mktemp("parts") / "photos", 2), PATHS)


def test_labels_and_inputs_come_in_the_order_of_the_names(photos: Photos) -> None:
    spec = InputSpec(size=32)
    assert photos.labels.tolist() == [1, 0, 1]
    inputs = photos.inputs(spec)
    assert inputs.shape == (3, 32, 32, 3)
    for row, path in zip(inputs, PATHS, strict=True):
        np.testing.assert_array_equal(
            row, preprocess(read_image(photos.root / path), None, spec)[0]
        )


def test_a_photo_that_is_gone_is_named(photos: Photos) -> None:
    with pytest.raises(MasklensError, match="with_mask/7.jpg is gone"):
        Photos(photos.root, ("with_mask/7.jpg",)).inputs(InputSpec(size=32))


def test_a_report_names_its_photos_again(photos: Photos) -> None:
    probabilities = np.array([0.9, 0.1234567, 0.2], np.float32)
    part = judged_report(PATHS, photos.labels, probabilities, 0.5)
    assert part["confusion"] == [[1, 0], [1, 1]]
    assert part["photos"][1] == {
        "path": "without_mask/000.jpg",
        "label": "without_mask",
        "mask_probability": 0.123457,
    }
    assert report_photos({"parts": {"test": part}}, photos.root, "test") == photos


def test_the_figures_are_those_of_the_probabilities_written_down(photos: Photos) -> None:
    part = judged_report(PATHS, photos.labels, np.array([0.4999997, 0.1, 0.2], np.float32), 0.5)
    assert part["photos"][0]["mask_probability"] == 0.5
    assert part["confusion"] == [[1, 0], [1, 1]]


def test_a_report_without_the_part_is_to_be_made_again(photos: Photos) -> None:
    with pytest.raises(MasklensError, match="does not name the photos of its test part"):
        report_photos({"parts": {"given": {"photos": []}}}, photos.root, "test")


def test_a_run_names_the_photos_it_kept(tmp_path: Path) -> None:
    values = {"parts": {"test": {"paths": list(PATHS)}}}
    (tmp_path / "data.json").write_text(json.dumps(values), encoding="utf-8")
    assert run_photos(tmp_path, tmp_path, "test") == Photos(tmp_path, PATHS)
    with pytest.raises(MasklensError, match="does not say which photos"):
        run_photos(tmp_path, tmp_path, "validation")
