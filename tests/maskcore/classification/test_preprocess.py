from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.classification import InputSpec, preprocess
from maskcore.classification.preprocess import crop_square, resize
from maskcore.errors import ModelError
from maskcore.network_input import normalise

# Every pixel tells where it comes from: (row, column, 7).
ROWS, COLUMNS = np.mgrid[:40, :60]
PHOTO = np.dstack([ROWS, COLUMNS, np.full_like(ROWS, 7)]).astype(np.uint8)


def square_at(x0: int, y0: int, side: int) -> NDArray[np.uint8]:
    """What a crop must be: each pixel of the square, or the photo's pixel nearest to it."""
    rows = np.arange(y0, y0 + side).clip(0, 39)
    columns = np.arange(x0, x0 + side).clip(0, 59)
    return PHOTO[rows][:, columns]


@pytest.mark.parametrize(
    ("box", "margin", "square"),
    [
        # box: left, top, right, bottom; square: left, top, side
        pytest.param((10, 10, 30, 30), 0, (10, 10, 20), id="square inside"),
        pytest.param((10, 10, 20, 30), 0, (5, 10, 20), id="narrow: widened on both sides"),
        pytest.param((10, 10, 30, 20), 0, (10, 5, 20), id="flat: heightened on both sides"),
        pytest.param((0, 0, 60, 40), 0, (0, -10, 60), id="the whole photo"),
        pytest.param((20, 10, 40, 30), 0.1, (18, 8, 24), id="margin on every side"),
        pytest.param((20, 10, 30, 30), 0.1, (13, 8, 24), id="margin is of the longer side"),
        pytest.param((20, 12, 30, 22), 1, (10, 2, 30), id="margin of the whole side"),
        pytest.param((10.4, 10.4, 20.1, 20.1), 0, (10, 10, 10), id="parts of pixels"),
        pytest.param((-5, 10, 5, 20), 0, (-5, 10, 10), id="over the left edge"),
        pytest.param((55, 10, 65, 20), 0, (55, 10, 10), id="over the right edge"),
        pytest.param((10, -5, 20, 5), 0, (10, -5, 10), id="over the top edge"),
        pytest.param((10, 35, 20, 45), 0, (10, 35, 10), id="over the bottom edge"),
        pytest.param((-4, -6, 6, 4), 0, (-4, -6, 10), id="over the top left corner"),
        pytest.param((55, -5, 65, 5), 0, (55, -5, 10), id="over the top right corner"),
        pytest.param((-5, 35, 5, 45), 0, (-5, 35, 10), id="over the bottom left corner"),
        pytest.param((56, 33, 66, 43), 0, (56, 33, 10), id="over the bottom right corner"),
        pytest.param((50, 30, 60, 40), 0.5, (45, 25, 20), id="pushed over by its margin"),
        pytest.param((-20, -20, 80, 80), 0, (-20, -20, 100), id="around the photo"),
        pytest.param((-300, 10, -280, 30), 0, (-300, 10, 20), id="wholly left"),
        pytest.param((300, 10, 320, 30), 0, (300, 10, 20), id="wholly right"),
        pytest.param((10, -300, 30, -280), 0, (10, -300, 20), id="wholly above"),
        pytest.param((10, 300, 30, 320), 0, (10, 300, 20), id="wholly below"),
        pytest.param((-99, -99, -89, -89), 0, (-99, -99, 10), id="beyond a corner"),
        pytest.param((60, 40, 70, 50), 0, (60, 40, 10), id="touching from outside"),
        pytest.param((10, 20, 10, 20), 0, (10, 20, 1), id="a point"),
        pytest.param((60, 40, 60, 40), 0.1, (60, 40, 1), id="a point at the end"),
        pytest.param((10, 10, 10, 20), 0, (5, 10, 10), id="a line"),
    ],
)
def test_crop_is_the_square_with_edges_repeated(
    box: tuple[float, ...], margin: float, square: tuple[int, int, int]
) -> None:
    crop = crop_square(PHOTO, box, margin)

    assert crop.dtype == np.uint8
    np.testing.assert_array_equal(crop, square_at(*square))


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 50), (50, 1)])
def test_narrowest_photos_are_cropped(size_hw: tuple[int, int]) -> None:
    photo = np.full((*size_hw, 3), 99, np.uint8)

    crop = crop_square(photo, (-3, -3, 6, 6), 0.1)

    assert crop.shape == (11, 11, 3) and (crop == 99).all()


@pytest.mark.parametrize(
    ("levels", "size", "expected"),
    [
        # Area: plain means of the pixels covered.
        ([0, 0, 0, 200], 2, [0, 100]),
        ([0, 30, 60, 90, 120, 150, 180, 210], 2, [45, 165]),
        # Linear: means weighted by distance, the outermost repeated.
        ([0, 200], 4, [0, 50, 150, 200]),
        ([10, 20, 30], 3, [10, 20, 30]),
    ],
)
def test_resize_averages_down_and_interpolates_up(
    levels: list[int], size: int, expected: list[int]
) -> None:
    image = np.broadcast_to(np.array(levels, np.uint8)[:, None], (len(levels),) * 2)

    resized = resize(np.dstack([image] * 3), size)

    assert resized.shape == (size, size, 3) and resized.dtype == np.uint8
    np.testing.assert_array_equal(resized[:, 0, 0], expected)


def test_resize_shrinking_one_side_is_an_average() -> None:
    stripes = np.zeros((2, 12, 3), np.uint8)
    stripes[:, ::3] = 240

    # By distance the middle column of three would be seen alone.
    np.testing.assert_array_equal(resize(stripes, 4), np.full((4, 4, 3), 80))


@pytest.mark.parametrize(
    ("spec", "pixels", "expected"),
    [
        (InputSpec(), [0, 255, 127.5], [-1, 1, 0]),
        (InputSpec(scale=1 / 255, offset=0), [0, 255, 51], [0, 1, 0.2]),
        (InputSpec(scale=1, offset=0), [0, 255, 3], [0, 255, 3]),
    ],
)
def test_normalise_maps_the_ends(
    spec: InputSpec, pixels: list[float], expected: list[float]
) -> None:
    normalised = normalise(np.array(pixels), spec)

    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised, expected, atol=1e-6)


def test_preprocess_crops_resizes_and_normalises_in_order() -> None:
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[:20, :20], photo[20:, 40:] = (255, 0, 51), (0, 255, 102)
    spec = InputSpec(size=4, scale=1 / 255, offset=0.5)

    inputs = preprocess(photo, [(40, 20, 60, 40), (0, 0, 20, 20)], spec)

    assert inputs.shape == (2, 4, 4, 3) and inputs.dtype == np.float32
    expected = np.array([[0.5, 1.5, 0.9], [1.5, 0.5, 0.7]])[:, None, None]
    np.testing.assert_allclose(inputs, np.broadcast_to(expected, inputs.shape), atol=1e-6)


def test_preprocess_takes_the_margin_from_the_spec() -> None:
    plain, wide = (
        preprocess(PHOTO, [(20, 10, 40, 30)], InputSpec(size=8, crop_margin=margin, scale=1))
        for margin in (0, 0.25)
    )

    # A quarter on each side: the square's rows run from 5 to 34 instead of from 10 to 29.
    assert np.ptp(wide[..., 0]) > 1.4 * np.ptp(plain[..., 0])


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4), np.float32)])
def test_no_boxes_give_no_inputs(boxes: object) -> None:
    inputs = preprocess(PHOTO, boxes, InputSpec(size=16))

    assert inputs.shape == (0, 16, 16, 3) and inputs.dtype == np.float32


def test_picture_that_is_the_face_is_taken_whole() -> None:
    inputs = preprocess(PHOTO, None, InputSpec(size=20, crop_margin=0.5, scale=1, offset=0))

    assert inputs.shape == (1, 20, 20, 3)
    # Squeezed, not cropped: from the first row and column to the last.
    np.testing.assert_allclose(inputs[0, [0, -1], 0, 0], [0.5, 38.5], atol=0.5)
    np.testing.assert_allclose(inputs[0, 0, [0, -1], 1], [1, 58], atol=0.5)


def test_photo_is_left_as_it_is() -> None:
    photo = PHOTO.copy()

    preprocess(photo, [(10, 10, 30, 30), (-9, -9, 9, 9)], InputSpec(size=20))

    np.testing.assert_array_equal(photo, PHOTO)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"size": 0}, "size must be a whole number of pixels from 1, got 0"),
        ({"size": 128.0}, "size must be a whole number of pixels from 1, got 128.0"),
        ({"crop_margin": -0.1}, r"crop_margin must be in 0\.\.1, got -0.1"),
        ({"crop_margin": 1.1}, r"crop_margin must be in 0\.\.1, got 1.1"),
        ({"scale": float("nan")}, "scale, offset must be finite, got nan, -1.0"),
        ({"offset": float("inf")}, "scale, offset must be finite, got .*, inf"),
    ],
)
def test_input_that_cannot_be_made_is_refused(wrong: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        InputSpec(**wrong)


def test_spec_survives_the_card() -> None:
    spec = InputSpec(size=96, crop_margin=0.2, scale=0.5, offset=0.25)

    card = {"input": spec.to_card()}

    assert card == {"input": {"size": 96, "crop_margin": 0.2, "scale": 0.5, "offset": 0.25}}
    assert InputSpec.from_card(card) == spec


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"input": None},
        {"input": [128]},
        {"input": {"size": "128"}},
        {"input": {"size": 0}},
        {"input": {"size": 128.5}},
        {"input": {"size": True}},
        {"input": {"scale": None}},
        {"input": {"scale": "1"}},
        {"input": {"crop_margin": "wide"}},
        {"input": {**dataclasses.asdict(InputSpec()), "mean": 0}},
    ],
)
def test_card_that_does_not_describe_the_input_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError) as caught:
        InputSpec.from_card({"name": "net"} | wrong)

    assert str(caught.value) == (
        "The card of model 'net' does not say how its input is made. Install the model again."
    )
