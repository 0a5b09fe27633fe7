from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import ImageDraw

from maskcore.drawing import COLOURS, draw_faces
from maskcore.types import Box, Verdict
from tests.maskcore.drawing.faces import GROUND, Image, face, ground


def label_patch(size_wh: tuple[int, int], label: Verdict) -> Image:
    """A label as it looks on a photo of this size: above a face amid free ground."""
    width, height = size_wh
    x0, y0 = width // 4, height // 2
    drawn = draw_faces(ground(*size_wh), [face((x0, y0, x0 + width // 4, height - 9), label)])
    above = (drawn[: y0 - 1] != GROUND).any(axis=2)  # over the box and its hair line
    rows, columns = (np.flatnonzero(above.any(axis=axis)) for axis in (1, 0))
    # Its last row lies on the box's edge, and so does its first column.
    assert rows[-1] == y0 - 2 and columns[0] == x0
    return drawn[rows[0] : y0 + 1, x0 : columns[-1] + 1]


def place_of(patch: Image, drawn: Image, box: Box) -> tuple[int, int]:
    """Where a label stands whole, beside its face or on it; fails where it is cut or covered."""
    height, width = patch.shape[:2]
    x0, y0 = max(0, int(box[0]) - width), max(0, int(box[1]) - height)
    near = drawn[y0 : int(box[3]) + height + 1, x0 : int(box[2]) + width + 1]
    _, _, (x, y), _ = cv2.minMaxLoc(cv2.matchTemplate(near, patch, cv2.TM_SQDIFF))
    np.testing.assert_array_equal(near[y : y + height, x : x + width], patch)
    return x0 + x, y0 + y


SIZES_WH = [(200, 150), (400, 300), (4000, 3000)]


# In shares of width and height: corners, edges, beyond them, all of it and more.
PLACES = {
    "top left": (0, 0, 0.2, 0.25),
    "top": (0.4, 0, 0.6, 0.25),
    "top right": (0.8, 0, 1, 0.25),
    "left": (0, 0.4, 0.2, 0.6),
    "right": (0.8, 0.4, 1, 0.6),
    "bottom left": (0, 0.75, 0.2, 1),
    "bottom": (0.4, 0.75, 0.6, 1),
    "bottom right": (0.8, 0.75, 1, 1),
    "left side, from top to bottom": (0, 0, 0.1, 1),
    "right side, from top to bottom": (0.9, 0, 1, 1),
    "the whole photo": (0, 0, 1, 1),
    "over the top left corner": (-0.1, -0.1, 0.1, 0.15),
    "over the bottom right corner": (0.95, 0.9, 1.1, 1.2),
    "around the photo": (-0.5, -0.5, 1.5, 1.5),
}


@pytest.mark.parametrize("label", COLOURS)
@pytest.mark.parametrize("size_wh", SIZES_WH, ids=str)
def test_label_is_whole_wherever_the_face_is(size_wh: tuple[int, int], label: Verdict) -> None:
    patch = label_patch(size_wh, label)
    for name, place in PLACES.items():
        if size_wh[0] > 1000 and name not in (
            "top left",
            "bottom right",
            "over the bottom right corner",
        ):
            continue  # these take long, and all are seen at the smaller sizes
        box = tuple(round(share * side) for share, side in zip(place, size_wh * 2, strict=True))

        drawn = draw_faces(ground(*size_wh), [face(box, label)])

        place_of(patch, drawn, box)


def test_photo_is_left_as_it_is_and_the_copy_differs() -> None:
    photo = ground(200, 150)
    photo.flags.writeable = False

    drawn = draw_faces(photo, [face((50, 50, 90, 90))])

    assert (photo == GROUND).all()
    assert drawn.shape == photo.shape and drawn.dtype == np.uint8
    assert (drawn != photo).any()


def test_no_faces_give_an_equal_copy() -> None:
    photo = ground(200, 150)

    drawn = draw_faces(photo, [])

    np.testing.assert_array_equal(drawn, photo)
    assert not np.shares_memory(drawn, photo)


def test_what_is_away_from_face_and_label_stays() -> None:
    drawn = draw_faces(ground(400, 300), [face((150, 100, 200, 150))])

    changed = (drawn != GROUND).any(axis=2)
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    assert (columns[0], rows[-1]) == (149, 151)  # the box with a hair line around it
    assert rows[0] > 75 and columns[-1] < 260
    assert not changed[105:145, 155:195].any()  # the face itself


@pytest.mark.parametrize("size_wh", SIZES_WH, ids=str)
@pytest.mark.parametrize(
    ("label", "thickness", "strongest"),
    [("Mask", 1, [2]), ("No Mask", 1.5, [0]), ("Not sure", 1, [0, 1, 2])],
)
def test_box_and_label_have_the_class_s_colour_which_is_blue_red_or_grey(
    size_wh: tuple[int, int], label: Verdict, thickness: float, strongest: list[int]
) -> None:
    width, height = size_wh
    x0, y0 = width // 4, height // 2
    drawn = draw_faces(ground(*size_wh), [face((x0, y0, width // 2, height - 9), label)])

    line = max(2, round(width / 320))
    across = drawn[height * 3 // 4, x0 - 2 :, :].tolist()
    edge = round(line * thickness)
    assert across[: edge + 3] == [
        list(GROUND),
        [255, 255, 255],
        *[list(COLOURS[label])] * edge,
        list(GROUND),
    ]
    assert drawn[y0 - 3, x0].tolist() == list(COLOURS[label])
    assert [n for n, tone in enumerate(COLOURS[label]) if tone == max(COLOURS[label])] == strongest


def test_letters_are_white_and_grow_with_the_photo() -> None:
    small, medium, large = (label_patch(size_wh, "Mask") for size_wh in SIZES_WH)

    for patch in (small, medium, large):
        assert (patch == 255).all(axis=2).any()
    assert small.shape == medium.shape  # the smallest that can be read
    assert 12 <= small.shape[0] <= 25
    assert large.shape[0] > 5 * medium.shape[0]


@pytest.mark.parametrize(
    ("label", "mask_probability", "text"),
    [
        ("Mask", 0.984, "Mask 98%"),
        ("Mask", 1.0, "Mask 100%"),
        ("No Mask", 0.02, "No Mask 98%"),
        ("No Mask", 0.7, "No Mask 30%"),  # by a threshold above 0.7
        ("Not sure", 0.6, "Not sure"),
        ("Not sure", 0.999, "Not sure"),  # too small, say: a figure would mislead
    ],
)
def test_label_tells_how_sure_it_is_of_itself(
    monkeypatch: pytest.MonkeyPatch, label: Verdict, mask_probability: float, text: str
) -> None:
    written = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, xy, text, **_: written.append(text)
    )

    draw_faces(ground(200, 150), [face((50, 50, 90, 90), label, mask_probability)])

    assert written == [text]


@pytest.mark.parametrize(
    ("size_wh", "box"),
    [
        ((1, 1), (0, 0, 1, 1)),
        ((1, 500), (0, 100, 1, 150)),
        ((500, 1), (100, 0, 150, 1)),
        ((40, 30), (10, 10, 30, 30)),
        ((400, 300), (50.4, 50.4, 50.6, 50.6)),
        ((400, 300), (-50, -50, -20, -20)),
        ((400, 300), (450, 350, 480, 380)),
    ],
)
@pytest.mark.parametrize("label", COLOURS)
def test_odd_photos_and_boxes_are_drawn(size_wh: tuple[int, int], box: Box, label: Verdict) -> None:
    drawn = draw_faces(ground(*size_wh), [face(box, label)] * 2)

    assert drawn.shape == (size_wh[1], size_wh[0], 3)
    assert (drawn == COLOURS[label]).all(axis=2).any()


def test_label_of_a_very_tall_photo_is_whole(tags: list[tuple[str, Box]]) -> None:
    draw_faces(ground(400, 3000), [face((40, 1500, 240, 1700), "No Mask", 0.0)])

    ((text, place),) = tags
    assert text == "No Mask 100%"
    assert place[0] >= 0 and place[2] < 400


def test_a_panorama_s_label_is_no_higher_than_that_of_a_photo_of_its_height(
    tags: list[tuple[str, Box]],
) -> None:
    for width in (1800, 8000):
        draw_faces(np.full((600, width, 3), 128, np.uint8), [face((300, 200, 480, 400))])
    (_, photo), (_, panorama) = tags
    assert panorama == photo


def test_label_wider_than_the_photo_begins_at_its_edge() -> None:
    drawn = draw_faces(ground(40, 100), [face((10, 50, 30, 70), "No Mask")])

    # The row above its letters.
    assert (drawn[39] == COLOURS["No Mask"]).all()
