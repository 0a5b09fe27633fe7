from __future__ import annotations

import numpy as np
import pytest

from maskcore.drawing import blur_faces, draw_faces
from maskcore.types import Box
from tests.maskcore.drawing.faces import Image, face


def noise(width: int, height: int) -> Image:
    """Every pixel another: no two neighbours stay equal by chance."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def cells_across(pixels: Image) -> int:
    """How many different stripes a row of colours, (N, 3), has."""
    return 1 + int((pixels[1:] != pixels[:-1]).any(axis=1).sum())


def test_a_blurred_face_is_a_mosaic_of_means_and_the_rest_stays() -> None:
    photo = noise(400, 300)
    photo.flags.writeable = False
    before = photo.copy()

    blurred = blur_faces(photo, [(100, 80, 180, 200)])

    np.testing.assert_array_equal(photo, before)
    left, top, right, bottom = 94, 71, 186, 209  # 15 % larger: 92 by 138 pixels
    outside = np.ones((300, 400), bool)
    outside[top:bottom, left:right] = False
    np.testing.assert_array_equal(blurred[outside], photo[outside])
    face = blurred[top:bottom, left:right]
    assert cells_across(face[0]) == 5
    assert cells_across(face[:, 0]) == 8
    rows, columns = (np.array_split(np.arange(side), n) for side, n in ((138, 8), (92, 5)))
    for row in rows:
        for column in columns:
            # Away from the cells' edges, which lie between pixels.
            cell = np.s_[row[1] : row[-1], column[1] : column[-1]]
            assert (face[cell] == face[cell][0, 0]).all()
            mean = photo[top:bottom, left:right][cell].mean(axis=(0, 1))
            np.testing.assert_allclose(face[cell][0, 0], mean, atol=12)


@pytest.mark.parametrize(("side", "cells"), [(6, 4), (40, 8), (1000, 8)])
def test_a_face_of_any_size_has_few_cells(side: int, cells: int) -> None:
    ramp = np.broadcast_to((np.arange(1100) % 256)[:, None], (1200, 1100, 3)).astype(np.uint8)

    blurred = blur_faces(ramp, [(20, 20, 20 + side, 20 + side)])

    assert cells_across(blurred[20 + side // 2, 20 : 20 + side]) == cells


@pytest.mark.parametrize("grey", [0, 255])
def test_two_faces_cannot_be_told_apart_once_blurred(grey: int) -> None:
    # The finest pattern there is, and its negative, have the same means.
    board = np.indices((200, 200)).sum(axis=0) % 2 * 255
    photo = np.repeat((board ^ grey)[..., None], 3, axis=2).astype(np.uint8)

    blurred = blur_faces(photo, [(0, 0, 200, 200)])

    assert abs(blurred.astype(int) - 127).max() <= 1


@pytest.mark.parametrize(
    "box",
    [
        (-60, -60, -20, -20),
        (250, 10, 300, 60),
        (10, 200, 60, 260),
        (50, 50, 50, 90),
        (50, 50, 90, 50),
        (90, 50, 50, 90),
        (90, 90, 50, 50),
        (float("nan"), 10, 60, 60),
    ],
)
def test_boxes_without_a_pixel_blur_nothing(box: Box) -> None:
    photo = noise(200, 150)

    np.testing.assert_array_equal(blur_faces(photo, [box]), photo)


def test_no_faces_give_an_equal_copy_unblurred() -> None:
    photo = noise(200, 150)

    blurred = blur_faces(photo, [])

    np.testing.assert_array_equal(blurred, photo)
    assert not np.shares_memory(blurred, photo)


def test_a_face_half_outside_is_blurred_up_to_the_edge_in_cells_as_large() -> None:
    photo = noise(200, 150)

    blurred = blur_faces(photo, [(-100, 20, 100, 120)])

    assert cells_across(blurred[70, :115]) == 4
    np.testing.assert_array_equal(blurred[:, 115:], photo[:, 115:])


def test_every_one_of_several_faces_is_blurred_even_where_they_overlap() -> None:
    boxes: list[Box] = [(20, 20, 100, 100), (60, 60, 140, 140), (150, 20, 190, 60)]

    blurred = blur_faces(noise(200, 150), boxes)

    for x0, y0, x1, y1 in boxes:
        for row in range(y0, y1):
            # Where two overlap, the cells of both count.
            assert cells_across(blurred[row, x0:x1]) <= 16


def test_blurred_faces_are_labelled_on_top() -> None:
    photo, faces = noise(400, 300), [face((100, 100, 200, 200))]

    drawn = draw_faces(photo, faces, blur=True)

    blurred = blur_faces(photo, [faces[0].box_xyxy])
    np.testing.assert_array_equal(drawn, draw_faces(blurred, faces))
    assert (drawn != draw_faces(photo, faces)).any()
