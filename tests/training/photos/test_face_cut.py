from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from maskcore.classification import InputSpec, preprocess
from maskcore.classification.preprocess import crop_square, resize
from maskcore.detection import load_detector
from maskcore.images import read_image
from maskcore.types import Box, Detections, ImageRgb
from tests.maskcore.made_pictures import ASTRONAUT
from training.config import CROP_MARGIN
from training.photos import face_cut
from training.photos.data import read_dataset
from training.photos.face_cut import (
    cut,
    face_box,
    largest_face,
    shown,
    whole_face,
    whole_photo,
)

SPEC = InputSpec(size=64, crop_margin=0.2)


def share_in_common(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (both - common)


@pytest.fixture(scope="module")
def portrait() -> ImageRgb:
    return read_image(ASTRONAUT)[:300, 80:380]


@pytest.fixture(scope="module")
def face(portrait: ImageRgb) -> Box:
    """Of the portrait, as found by the finder that photos are looked at with."""
    box = load_detector("fcos").detect(portrait).largest
    assert box is not None
    return box


@pytest.mark.parametrize("factor", [0.5, 1, 4])
@pytest.mark.parametrize("beside", [(0, 0), (0, 500), (500, 0)])
def test_the_face_is_found_in_the_photos_own_pixels(
    portrait: ImageRgb, face: Box, factor: float, beside: tuple[int, int]
) -> None:
    """Whatever the photo's size and proportions."""
    below, right = beside
    photo = np.pad(portrait, ((0, below), (0, right), (0, 0)), constant_values=90)
    scaled = np.asarray(
        Image.fromarray(photo).resize(
            (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
        )
    )
    found = largest_face(scaled)
    assert found is not None
    assert share_in_common(found, tuple(edge * factor for edge in face)) > 0.7  # type: ignore[arg-type]
    assert 0 <= found[0] < found[2] <= scaled.shape[1]
    assert 0 <= found[1] < found[3] <= scaled.shape[0]


def test_of_several_faces_it_is_the_largest(portrait: ImageRgb, face: Box) -> None:
    half = portrait[::2, ::2]
    photo = np.zeros((portrait.shape[0], portrait.shape[1] + half.shape[1], 3), np.uint8)
    photo[: half.shape[0], : half.shape[1]] = half
    photo[:, half.shape[1] :] = portrait
    found = largest_face(photo)
    assert found is not None
    shifted = face[0] + half.shape[1], face[1], face[2] + half.shape[1], face[3]
    assert share_in_common(found, shifted) > 0.7


def test_the_model_is_shown_the_face_as_on_the_other_pages(portrait: ImageRgb) -> None:
    box = largest_face(portrait)
    np.testing.assert_array_equal(shown(portrait, box, SPEC), preprocess(portrait, [box], SPEC))
    assert face_box(portrait, 0.2) == box


def test_what_is_seen_in_the_grey_beside_a_narrow_photo_is_no_face_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The photo takes 20 of the 160 columns that are looked at."""
    seen = Detections(
        np.array([[60, 20, 120, 140], [4, 40, 30, 60]], np.float32),
        np.array([0.9, 0.8], np.float32),
    )
    finder = SimpleNamespace(detect=lambda square: seen)
    monkeypatch.setattr(face_cut, "shared_detector", lambda name, live: finder)
    assert largest_face(np.zeros((1600, 200, 3), np.uint8)) == (40, 400, 200, 600)


def test_a_face_that_fills_a_huge_photo_is_cut_from_a_smaller_copy() -> None:
    rng = np.random.default_rng(0)
    photo = cv2.resize(rng.integers(0, 255, (40, 60, 3), np.uint8), (6000, 4000))
    box = (500.0, 100.0, 4500.0, 3900.0)
    square = cut(photo, box, 0.2)
    assert square.shape == (2000, 2000, 3)
    exact = preprocess(photo, [box], SPEC)
    np.testing.assert_allclose(shown(photo, box, SPEC), exact, atol=0.05)  # of 2


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (60, 120)])
def test_a_photo_without_a_face_is_taken_for_one(size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), 200, np.uint8)
    assert largest_face(photo) is None
    np.testing.assert_array_equal(shown(photo, None, SPEC), preprocess(photo, None, SPEC))
    assert face_box(photo, 0.2) == whole_face(photo, 0.2)
    assert cut(photo, None, 0.2) is photo


def test_a_photo_that_is_a_face_as_served_is_cut_out_whole() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
    for margin in (0.0, 0.1, 0.25):
        np.testing.assert_array_equal(crop_square(photo, whole_face(photo, margin), margin), photo)
    assert whole_face(photo[:60], 0.25) == pytest.approx((20, 10, 100, 50))


def test_photos_to_learn_from_are_cut_to_their_face(
    tmp_path: Path, portrait: ImageRgb, make_photo: Callable[..., ImageRgb]
) -> None:
    wide = np.pad(portrait, ((0, 0), (600, 0), (0, 0)), constant_values=128)
    for name, photo in (("without_mask/wide.png", wide), ("with_mask/odd.png", make_photo(1))):
        (tmp_path / name).parent.mkdir()
        Image.fromarray(photo).save(tmp_path / name)
    found = read_dataset(tmp_path, 64)
    assert found.paths == ("without_mask/wide.png", "with_mask/odd.png")
    box, none = found.boxes
    assert box == largest_face(wide)
    assert none is None
    served = resize(crop_square(wide, box, CROP_MARGIN), 64)
    np.testing.assert_array_equal(found.pixels[0], served)
    np.testing.assert_array_equal(found.face(0, 0.3), crop_square(wide, box, 0.3))
    np.testing.assert_array_equal(found.face(1, 0.3), found.photo(1))
    whole = read_dataset(tmp_path, 64, find_face=whole_photo)
    assert whole.boxes == (None, None)
    np.testing.assert_array_equal(whole.pixels[0], resize(wide, 64))
    np.testing.assert_array_equal(whole.pixels[1], found.pixels[1])
