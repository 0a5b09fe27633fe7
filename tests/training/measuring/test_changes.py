from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage

from maskcore.classification.preprocess import crop_square
from maskcore.images import read_image
from maskcore.types import Box, ImageRgb
from training.measuring.changes import (
    CHANGES,
    blurred,
    compressed,
    darker,
    hand,
    noisy,
    scarf,
    shifted,
    smaller,
    sunglasses,
    turned,
)

BOX: Box = (178, 64, 271, 165)  # of the portrait
FACE = 1 / 1.4


@pytest.fixture(scope="module")
def portrait() -> ImageRgb:
    return read_image(f"{skimage.__path__[0]}/data/astronaut.png")


@pytest.fixture(scope="module")
def square(portrait: ImageRgb) -> ImageRgb:
    return cv2.resize(crop_square(portrait, BOX, 0.2), (128, 128), interpolation=cv2.INTER_AREA)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("side", [16, 24, 48])
def test_a_small_face_has_no_more_detail_than_its_pixels(side: int) -> None:
    box = (100, 100, 292, 260)
    left = {}
    for period in (192 / side, 8 * 192 / side):  # one pixel of the small face, and eight
        wave = 127 + 100 * np.sin(2 * np.pi * np.arange(400) / period)
        photo = np.repeat(np.repeat(wave[None, :, None], 400, 0), 3, 2).astype(np.uint8)
        small, small_box = smaller(side)(photo, box, rng())
        assert small_box[2] - small_box[0] == pytest.approx(side, rel=0.02)
        cut = crop_square(small, small_box, 0.2)
        assert abs(len(cut) - round(side * 1.4)) <= 1
        left[period] = float(cut.std() / photo.std())
    fine, coarse = left.values()
    assert fine < 0.1
    assert coarse > 0.9


def test_a_face_that_is_small_already_stays(portrait: ImageRgb) -> None:
    small, box = smaller(400)(portrait, BOX, rng())
    np.testing.assert_array_equal(small, portrait)
    assert box == BOX


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_the_box_is_off_by_the_share_said(portrait: ImageRgb, share: float) -> None:
    directions = set()
    for seed in range(20):
        photo, box = shifted(share)(portrait, BOX, rng(seed))
        assert photo is portrait
        x, y = box[0] - BOX[0], box[1] - BOX[1]
        assert np.hypot(x, y) == pytest.approx(share * 101)
        assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((93, 101))
        directions.add((x > 0, y > 0))
    assert len(directions) == 4


@pytest.mark.parametrize("degrees", [15, 45])
def test_the_head_is_turned_about_its_middle(degrees: float) -> None:
    photo = np.zeros((200, 200, 3), np.uint8)
    cv2.line(photo, (100, 100), (180, 100), (255, 255, 255), 3)
    sides = set()
    for seed in range(8):
        rotated, box = turned(degrees)(photo, (80, 80, 120, 120), rng(seed))
        assert box == (80, 80, 120, 120)
        y, x = np.argwhere(rotated[..., 0] > 128).mean(axis=0) - 100
        assert abs(np.degrees(np.arctan2(y, x))) == pytest.approx(degrees, abs=1.5)
        sides.add(y > 0)
    assert sides == {True, False}


def test_darkness_leaves_the_share_of_light_said(square: ImageRgb) -> None:
    for share in (0.5, 0.1):
        assert darker(share)(square, FACE, rng()).mean() == pytest.approx(
            share * square.mean(), rel=0.02
        )


def test_noise_has_the_deviation_said() -> None:
    gray = np.full((128, 128, 3), 128, np.uint8)
    noise = noisy(20)(gray, FACE, rng()).astype(float) - 128
    assert noise.std() == pytest.approx(20, rel=0.03)
    assert abs(noise.mean()) < 0.5
    assert noise[..., 0].std() == pytest.approx(20, rel=0.05)
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.05


def test_blur_is_as_wide_as_said() -> None:
    point = np.zeros((128, 128, 3), np.uint8)
    point[44:84, 64] = 255  # an upright line, whose spread across is the Gaussian's
    across = blurred(0.04)(point, FACE, rng())[64, :, 0].astype(float)
    middle = (across * np.arange(128)).sum() / across.sum()
    spread = np.sqrt((across * (np.arange(128) - middle) ** 2).sum() / across.sum())
    assert spread == pytest.approx(0.04 * FACE * 128, rel=0.08)


def test_lower_quality_is_further_from_the_picture(square: ImageRgb) -> None:
    off = [
        np.abs(compressed(quality)(square, FACE, rng()).astype(int) - square).mean()
        for quality in (90, 30, 8)
    ]
    assert 0 < off[0] < off[1] < off[2]


def touched(before: ImageRgb, after: ImageRgb) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the face's height and width, from its top left, where pixels changed."""
    y, x = np.nonzero((before.astype(int) != after).any(axis=2))
    start, unit = 64 - 64 * FACE, 128 * FACE
    return (y - start) / unit, (x - start) / unit


def test_a_hand_is_skin_before_the_mouth_and_leaves_the_sides(square: ImageRgb) -> None:
    after = hand(square, FACE, rng())
    y, x = touched(square, after)
    assert 0.4 < y.min() and y.max() < 1
    assert 0.1 < x.min() and x.max() < 0.9
    mouth = after[round(64 + 0.25 * 91), 64].astype(int)
    assert mouth[0] > mouth[2] + 20  # the portrait's skin is red, not blue


@pytest.mark.parametrize("top", [0.6, 0.9])
def test_a_scarf_covers_all_from_its_edge_down(square: ImageRgb, top: float) -> None:
    y, _ = touched(square, scarf(top)(square, FACE, rng()))
    assert y.min() == pytest.approx(top, abs=0.08)
    lower = square[round(64 + (top - 0.5 + 0.08) * 91) :].shape
    assert len(y) > 0.95 * lower[0] * lower[1]


def test_sunglasses_cover_the_eyes_only(square: ImageRgb) -> None:
    y, x = touched(square, sunglasses(square, FACE, rng()))
    assert 0.2 < y.min() and y.max() < 0.55
    assert x.min() < 0.25 and x.max() > 0.75


def test_every_change_changes_something_and_nothing_in_place(
    portrait: ImageRgb, square: ImageRgb
) -> None:
    photo, face = portrait.copy(), square.copy()
    assert (CHANGES[0].name, CHANGES[0].on_photo, CHANGES[0].on_face) == ("nothing", None, None)
    for change in CHANGES[1:]:
        assert (change.on_photo is None) != (change.on_face is None)
        if change.on_photo:
            after, box = change.on_photo(photo, BOX, rng())
            assert box != BOX or after.shape != photo.shape or (after != photo).any()
        elif change.on_face:
            after = change.on_face(face, FACE, rng())
            assert after.shape == face.shape
            assert (after != face).any()
        assert after.dtype == np.uint8
    np.testing.assert_array_equal(photo, portrait)
    np.testing.assert_array_equal(face, square)
    assert len({(change.name, change.level) for change in CHANGES}) == len(CHANGES)
