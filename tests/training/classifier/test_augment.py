from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.classifier.augment import augment, through_jpeg


@pytest.mark.parametrize(
    "size_wh", [(140, 120), (1, 1), (1, 40), (2000, 30), (30, 2000), (300, 300), (96, 96)]
)
def test_result_has_the_size_asked_for_and_the_photo_stays_as_it_was(
    make_photo: Callable[..., ImageRgb], size_wh: tuple[int, int]
) -> None:
    photo = make_photo(0, size_wh=size_wh)
    before = photo.copy()
    for seed in range(25):
        result = augment(photo, 96, np.random.default_rng(seed))
        assert result.shape == (96, 96, 3)
        assert result.dtype == np.uint8
        assert result.flags.c_contiguous
        assert not np.shares_memory(result, photo)
    np.testing.assert_array_equal(photo, before)


def test_a_read_only_photo_serves(make_photo: Callable[..., ImageRgb]) -> None:
    photo = make_photo(0)
    photo.flags.writeable = False
    for seed in range(10):
        augment(photo, 96, np.random.default_rng(seed))


def test_chance_comes_from_the_generator_alone(make_photo: Callable[..., ImageRgb]) -> None:
    photo = make_photo(0)
    first, second = (
        [augment(photo, 96, rng) for _ in range(20)]
        for rng in (np.random.default_rng(5), np.random.default_rng(5))
    )
    np.testing.assert_array_equal(first, second)


def test_every_variation_is_another(make_photo: Callable[..., ImageRgb]) -> None:
    rng = np.random.default_rng(0)
    results = [augment(make_photo(0), 96, rng) for _ in range(40)]
    assert len({result.tobytes() for result in results}) == 40
    brightness = [result.mean() for result in results]
    assert min(brightness) < 0.75 * max(brightness)


def test_the_photo_is_mirrored_half_of_the_time() -> None:
    photo = np.full((120, 120, 3), 20, np.uint8)
    photo[:, :60] = 230
    rng = np.random.default_rng(0)
    results = [augment(photo, 96, rng).astype(float) for _ in range(200)]
    bright_left = sum(r[:, :48].mean() > r[:, 48:].mean() for r in results)
    assert 70 < bright_left < 130


def test_the_photo_stays_upright_and_in_view() -> None:
    """A mask stays below: with a turn of 180 degrees or a large shift it would not."""
    photo = np.full((120, 120, 3), 20, np.uint8)
    photo[60:] = 230
    rng = np.random.default_rng(0)
    for _ in range(200):
        result = augment(photo, 96, rng).astype(float)
        assert result[56:].mean() > result[:40].mean() + 15


def test_it_is_the_jpeg_of_this_picture_not_of_one_with_red_and_blue_swapped() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=30)
    theirs = read_image(stream.getvalue()).astype(int)
    assert np.abs(through_jpeg(picture, 30) - theirs).mean() < 1.5
    swapped = through_jpeg(np.ascontiguousarray(picture[..., ::-1]), 30)[..., ::-1]
    assert np.abs(swapped - theirs).mean() > 5
