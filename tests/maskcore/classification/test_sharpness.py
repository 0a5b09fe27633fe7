from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.classification import sharpness

Image = NDArray[np.uint8]
WHOLE = (0, 0, 48, 48)  # the size at which it is measured


def texture(seed: int = 0, side: int = 48) -> Image:
    """Soft blobs with grain on them, levels 0 to 215."""
    rng = np.random.default_rng(seed)
    blobs = cv2.resize(rng.uniform(10, 205, (6, 6, 3)), (side, side), interpolation=cv2.INTER_CUBIC)
    return (blobs + rng.normal(0, 8, (side, side, 1))).clip(0, 215).astype(np.uint8)


def by_hand(gray: NDArray[np.float64]) -> float:
    """Standard deviation of the Laplacian over that of the levels; mirrored at the edges."""
    wide = np.pad(gray, 1, mode="reflect")
    edges = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * gray
    return float(edges.std() / gray.std())


def test_it_is_the_laplacian_s_deviation_over_the_brightness_s() -> None:
    face = texture()
    gray = (face @ [0.299, 0.587, 0.114]).round()

    assert sharpness(face, WHOLE) == pytest.approx(by_hand(gray), rel=1e-3)


def test_finest_pattern_is_the_sharpest() -> None:
    board = np.indices((48, 48)).sum(axis=0) % 2 * 255

    # Each level differs by 255 from all four around it: 1020 against 127.5.
    assert sharpness(np.dstack([board] * 3).astype(np.uint8), WHOLE) == pytest.approx(8)


@pytest.mark.parametrize("level", [0, 1, 128, 255])
@pytest.mark.parametrize("side", [5, 48, 200])
def test_one_plain_colour_has_none(level: int, side: int) -> None:
    assert sharpness(np.full((side, side, 3), level, np.uint8), (0, 0, side, side)) == 0.0


def test_grain_of_less_than_a_level_is_no_sharpness() -> None:
    face = np.full((48, 48, 3), 100, np.uint8)
    face[::3, ::3] = 101

    assert sharpness(face, WHOLE) == 0.0


@pytest.mark.parametrize("side", [48, 150])
def test_the_more_blurred_the_less_sharp(side: int) -> None:
    face = texture(side=side)
    smears = [cv2.GaussianBlur(face, (0, 0), sigma * side / 48) for sigma in (0.5, 1, 2)]

    values = [sharpness(picture, (0, 0, side, side)) for picture in (face, *smears)]

    assert all(a > 1.05 * b for a, b in zip(values, values[1:], strict=False)), values


@pytest.mark.parametrize(("scale", "offset"), [(0.5, 0), (1, 40), (0.5, 100), (1.15, 0)])
def test_brightness_and_contrast_do_not_change_it(scale: float, offset: float) -> None:
    face = texture()
    other = (face * scale + offset).round()
    assert other.max() < 256

    assert sharpness(other.astype(np.uint8), WHOLE) == pytest.approx(
        sharpness(face, WHOLE), rel=0.02
    )


def test_resolution_beyond_what_is_measured_does_not_change_it() -> None:
    face = texture()
    twice = face.repeat(2, axis=0).repeat(2, axis=1)

    assert sharpness(twice, (0, 0, 96, 96)) == sharpness(face, WHOLE)


def test_a_face_of_few_pixels_is_a_smear() -> None:
    face = texture(side=120)
    few = cv2.resize(face, (12, 12), interpolation=cv2.INTER_AREA)

    assert sharpness(few, (0, 0, 12, 12)) < 0.5 * sharpness(face, (0, 0, 120, 120))


def test_only_the_face_counts() -> None:
    photo = np.full((100, 200, 3), 90, np.uint8)
    photo[20:68, 20:68] = texture()
    for box in ((20, 20, 68, 68), (20.3, 19.8, 68.2, 67.9)):
        assert sharpness(photo, box) == pytest.approx(sharpness(texture(), WHOLE), rel=0.01)
    assert sharpness(photo, (120, 20, 168, 68)) == 0.0
    assert (photo[20:68, 20:68] == texture()).all()


def test_what_lies_beyond_the_photo_repeats_its_edge() -> None:
    face = texture()
    framed = np.pad(face, ((10, 10), (10, 10), (0, 0)), mode="edge")

    # 68 pixels either way: in the first they are there, in the second they are not.
    assert sharpness(framed, (0, 0, 68, 68)) == sharpness(face, (-10, -10, 58, 58)) > 0


@pytest.mark.parametrize(
    "box",
    [(300, 10, 320, 30), (-300, -300, -280, -280), (48, 48, 60, 60), (-60, 300, -50, 310)],
    ids=str,
)
def test_beyond_the_photo_there_is_an_answer_too(box: tuple[float, ...]) -> None:
    # Of the edge's last row or column alone: stripes or one colour.
    assert 0 <= sharpness(texture(), box) < 8


def test_beyond_a_corner_there_is_one_colour() -> None:
    assert sharpness(texture(), (60, 60, 80, 80)) == 0.0


@pytest.mark.parametrize(
    "box", [(5, 5, 6, 6), (5.2, 5.2, 5.9, 5.9), (5, 5, 5, 5), (47, 47, 48, 48)]
)
def test_a_box_of_one_pixel_has_none(box: tuple[float, ...]) -> None:
    assert sharpness(texture(), box) == 0.0


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 50), (50, 1)])
def test_narrowest_photos_have_an_answer(size_hw: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (*size_hw, 3), np.uint8)

    value = sharpness(photo, (-3, -3, 9, 9))

    assert type(value) is float and 0 <= value < 8
