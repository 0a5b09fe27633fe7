from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.training.detector.painted_faces import NONE, RED, Box, coloured_box, painted
from training.detector.crop_changes import cover_part, lend_face, turn
from training.detector.samples import CLOSE_UP_SIDES


@pytest.mark.parametrize(
    ("face", "wanted"),
    [
        ((30, 30, 70, 70), (50, 50, 70, 70)),
        ((30, 20, 50, 60), (55, 50, 65, 70)),
        ((4, 4, 12, 12), (50, 50, 70, 70)),
    ],
)
def test_a_lent_face_takes_the_place_and_the_size_of_another(
    tmp_path: Path, face: Box, wanted: Box
) -> None:
    lender = painted(tmp_path / "a.png", (100, 90), [face], CLOSE_UP_SIDES)
    image = np.full((120, 140, 3), 90, np.uint8)
    for seed in range(4):  # mirrored or not
        lent, box = lend_face(
            image, np.float32([50, 50, 70, 70]), lender, 0, np.random.default_rng(seed)
        )
        assert lent.dtype == np.uint8
        assert box.dtype == np.float32
        np.testing.assert_allclose(box, wanted, atol=0.01)
        np.testing.assert_allclose(coloured_box(lent, RED), wanted, atol=1.5)
        changed = (lent != 90).any(axis=-1)
        assert changed[60, 60]
        assert not changed[:, :40].any() and not changed[:, 80:].any()
        assert not changed[:40].any() and not changed[80:].any()
    assert (image == 90).all()


def test_a_lent_face_is_about_as_bright_as_what_it_covers(tmp_path: Path) -> None:
    lender = painted(tmp_path / "a.png", (100, 100), [(0, 0, 100, 100)], CLOSE_UP_SIDES)
    Image.fromarray(np.full((100, 100, 3), 120, np.uint8)).save(lender.path)
    shades = []
    for ground in (30, 80, 120, 160, 250):
        image = np.full((100, 100, 3), ground, np.uint8)
        lent, _ = lend_face(
            image, np.float32([30, 30, 70, 70]), lender, 0, np.random.default_rng(0)
        )
        shades.append(int(lent[50, 50, 0]))
    assert shades[2] == pytest.approx(120, abs=1)
    assert shades[0] == pytest.approx(72, abs=1)  # no darker than 0.6 times
    assert shades[4] == pytest.approx(192, abs=1)
    assert shades == sorted(shades)


@pytest.mark.parametrize("box", [(-5, -5, 15, 15), (50, 55, 70, 64), (0, 0, 60, 64)])
def test_a_face_lent_at_the_edge_stays_inside(tmp_path: Path, box: Box) -> None:
    lender = painted(tmp_path / "a.png", (60, 60), [(10, 10, 50, 55)], CLOSE_UP_SIDES)
    image = np.full((64, 60, 3), 90, np.uint8)
    lent, new = lend_face(image, np.float32(box), lender, 0, np.random.default_rng(1))
    assert lent.shape == image.shape
    assert (new[:2] >= 0).all() and (new[2:] <= (60, 64)).all()
    assert (new[2:] > new[:2]).all()


@pytest.mark.parametrize("degrees", [-35.0, -8.0, 0.0, 20.0, 90.0])
def test_the_box_of_a_turned_face_fits_around_it(degrees: float) -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    cv2.ellipse(image, (70, 90), (20, 32), 0, 0, 360, RED, -1)
    box = np.array([[50, 58, 91, 123]], np.float32)
    turned, faces, ignored = turn((image, box, box + 20), degrees)
    np.testing.assert_allclose(faces[0], coloured_box(turned, RED), atol=1.2)
    if degrees == 0:
        np.testing.assert_array_equal(turned, image)
        np.testing.assert_allclose(ignored, box + 20, atol=1e-4)


def test_a_face_turned_out_of_the_picture_is_no_longer_asked_about() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    corner = np.array([[0, 0, 20, 20], [90, 90, 110, 110]], np.float32)
    _, faces, ignored = turn((image, corner, NONE), 45)
    assert len(faces) == 1 and np.allclose(faces[0], corner[1], atol=0.01)
    assert len(ignored) == 1
    assert ignored.min() >= 0
    assert ignored.max() <= 200
    _, faces, ignored = turn((image, NONE, NONE), 45)
    assert faces.shape == ignored.shape == (0, 4)


def test_what_covers_a_face_lies_on_its_lower_part_of_a_copy() -> None:
    box = np.float32([60, 50, 120, 130])
    image = np.full((200, 200, 3), 100, np.uint8)
    changes = np.zeros((200, 200))
    for seed in range(100):
        covered = cover_part(image, box, np.random.default_rng(seed))
        assert covered.shape == image.shape
        assert covered.dtype == np.uint8
        changes += (covered != 100).any(axis=-1)
    assert (image == 100).all()
    assert (changes > 0).any()
    rows = changes.sum(axis=1)
    assert rows[90:140].sum() > 3 * rows[:90].sum()
    columns = changes.sum(axis=0)
    assert columns[50:130].sum() > 3 * (columns[:50].sum() + columns[130:].sum())


def test_a_face_of_a_pixel_at_the_edge_can_be_covered() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    for seed in range(20):
        cover_part(image, np.float32([29, 19, 30, 20]), np.random.default_rng(seed))
