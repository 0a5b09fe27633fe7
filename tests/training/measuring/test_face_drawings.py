from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage

from maskcore.classification.preprocess import crop_square
from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.measuring.face_drawings import (
    black_beard,
    dark,
    dyed_mask,
    full_beard,
    patterned,
    skin_coloured,
)

FACE = 1 / 1.4
START, UNIT = 64 - 64 * FACE, 128 * FACE
SKIN = np.array((200, 150, 120))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def place(down: float, across: float = 0.5) -> tuple[int, int]:
    """Row and column of a place in the face, in shares of it."""
    return round(START + down * UNIT), round(START + across * UNIT)


@pytest.fixture
def masked() -> tuple[ImageRgb, np.ndarray]:
    """A face with a folded mask and black hair beside it; bool (128, 128), where the mask is."""
    square = np.full((128, 128, 3), SKIN, np.uint8)
    worn = np.zeros((128, 128), np.uint8)
    (top, left), (bottom, right) = place(0.55, 0.2), place(0.95, 0.8)
    cv2.rectangle(worn, (left, top), (right, bottom), 1, -1)
    rows = np.arange(128)[:, None, None]
    cloth = np.array((120, 170, 215)) * (1 + 0.12 * np.sin(rows / 3))
    square = np.where(worn[..., None] > 0, cloth, square).round().astype(np.uint8)
    square[:, : left - 2] = 15
    return square, worn > 0


def inner(where: np.ndarray, pixels: int = 4) -> np.ndarray:
    """Without its edge."""
    return cv2.erode(where.astype(np.uint8), np.ones((2 * pixels + 1,) * 2)) > 0


@pytest.mark.parametrize("dye", [dark, patterned, skin_coloured])
def test_the_mask_alone_is_dyed(masked: tuple[ImageRgb, np.ndarray], dye: object) -> None:
    square, worn = masked
    kept = square.copy()
    after = dyed_mask(dye)(square, FACE, rng())  # type: ignore[arg-type]
    np.testing.assert_array_equal(square, kept)
    assert after.dtype == np.uint8
    changed = (np.abs(after.astype(int) - square) > 4).any(axis=2)
    # Only as far as a face reaches: its corners are no face's.
    assert changed[inner(worn)].mean() > 0.85
    assert not changed[inner(~worn)].any()


def test_a_dark_mask_is_dark_and_one_like_skin_is_like_it(
    masked: tuple[ImageRgb, np.ndarray],
) -> None:
    square, worn = masked
    before = dyed_mask(dark)(square, FACE, rng())[inner(worn)]
    assert np.median(before, axis=0).max() < 70
    like_skin = dyed_mask(skin_coloured)(square, FACE, rng())[inner(worn)]
    assert np.abs(np.median(like_skin, axis=0) - SKIN).max() < 12


@pytest.mark.parametrize("dye", [dark, skin_coloured])
def test_its_folds_stay(masked: tuple[ImageRgb, np.ndarray], dye: object) -> None:
    square, _ = masked
    after = dyed_mask(dye)(square, FACE, rng())  # type: ignore[arg-type]
    (top, middle), (bottom, _) = place(0.6), place(0.9)
    folds = [each[top:bottom, middle].astype(float).mean(axis=1) for each in (square, after)]
    assert np.corrcoef(*folds)[0, 1] > 0.97


def test_noise_on_black_cloth_does_not_become_folds() -> None:
    noise = rng().normal(8, 4, (128, 128, 3)).clip(0, 255).astype(np.uint8)
    (top, middle), (bottom, _) = place(0.7), place(0.9)
    assert dyed_mask(dark)(noise, FACE, rng())[top:bottom, middle].std() < 10


def test_cloth_of_a_pattern_has_two_colours_of_which_chance_decides(
    masked: tuple[ImageRgb, np.ndarray],
) -> None:
    square, worn = masked
    middles = set()
    for seed in range(4):
        after = dyed_mask(patterned)(square, FACE, rng(seed))
        pixels = after[inner(worn)].astype(np.float32)
        stop = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0)
        cv2.setRNGSeed(0)
        _, which, colours = cv2.kmeans(pixels, 2, None, stop, 3, cv2.KMEANS_PP_CENTERS)
        shares = np.bincount(which.ravel(), minlength=2) / len(pixels)
        assert shares.min() > 0.1
        middles.add(tuple(colours.round().astype(int).ravel()))
        np.testing.assert_array_equal(after, dyed_mask(patterned)(square, FACE, rng(seed)))
    assert len(middles) == 4


@pytest.fixture(scope="module")
def bare() -> ImageRgb:
    portrait = read_image(f"{skimage.__path__[0]}/data/astronaut.png")
    cut = crop_square(portrait, (178, 64, 271, 165), 0.2)
    return cv2.resize(cut, (128, 128), interpolation=cv2.INTER_AREA)


def reach(before: ImageRgb, after: ImageRgb) -> tuple[float, float, float, float]:
    """From left to right and from top to bottom, in shares of the face, where pixels changed."""
    y, x = np.nonzero((np.abs(before.astype(int) - after) > 4).any(axis=2))
    left, right, top, bottom = (
        (edge - START) / UNIT for edge in (x.min(), x.max(), y.min(), y.max())
    )
    return left, right, top, bottom


@pytest.mark.parametrize("beard", [full_beard, black_beard])
def test_a_beard_is_about_the_mouth_and_leaves_eyes_nose_and_mouth(
    bare: ImageRgb, beard: object
) -> None:
    for seed in range(4):
        after = beard(bare, FACE, rng(seed))  # type: ignore[operator]
        left, right, top, bottom = reach(bare, after)
        assert 0.05 < left < 0.2 and 0.8 < right < 0.95
        assert 0.45 < top < 0.6 and 0.95 < bottom < 1.1
        for free in (place(0.4), place(0.6), place(0.785)):
            assert np.abs(after[free].astype(int) - bare[free]).max() <= 12
        assert after[place(0.93)].max() < 130


def test_the_black_one_has_no_light_on_it(bare: ImageRgb) -> None:
    (top, middle), (bottom, _) = place(0.88), place(0.97)
    after = black_beard(bare, FACE, rng())[top:bottom, middle]
    assert after.max() < 30
    assert after.std(axis=0).max() < 4


def test_hair_is_of_several_colours_and_never_flat(bare: ImageRgb) -> None:
    (top, left), (bottom, right) = place(0.88, 0.4), place(0.97, 0.6)
    chins = [full_beard(bare, FACE, rng(seed))[top:bottom, left:right] for seed in range(12)]
    assert len({tuple((chin.mean(axis=(0, 1)) // 16).astype(int)) for chin in chins}) >= 3
    assert min(chin.std() for chin in chins) > 3
