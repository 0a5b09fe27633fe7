from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageDraw

from maskcore.drawing import COLOURS, blur_faces, draw_faces
from maskcore.types import Box, Face, Verdict

Image = NDArray[np.uint8]
GROUND = (90, 120, 60)


def ground(width: int, height: int) -> Image:
    return np.full((height, width, 3), GROUND, np.uint8)


def face(box: Box, verdict: Verdict = "Mask", mask_probability: float = 0.75) -> Face:
    if verdict == "Not sure":
        return Face(box, 0.9, mask_probability, "Mask", sure=False)
    return Face(box, 0.9, mask_probability, verdict)


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


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Box]]:
    """Text and place of every label drawn, in the order of the faces."""
    drawn: list[tuple[str, Box]] = []
    filled: list[Box] = []
    rectangle = ImageDraw.ImageDraw.rectangle

    def fill(self: ImageDraw.ImageDraw, box: Box, **options: Any) -> None:
        if "fill" in options:
            filled.append(box)
        rectangle(self, box, **options)

    def write(self: ImageDraw.ImageDraw, xy: Any, text: str, **_: Any) -> None:
        drawn.append((text, filled[-1]))

    monkeypatch.setattr(ImageDraw.ImageDraw, "rectangle", fill)
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", write)
    return drawn


def shared(a: Box, b: Box) -> float:
    """Pixels that two boxes share."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


@pytest.mark.parametrize("size_wh", [(400, 300), (1600, 1200)], ids=str)
@pytest.mark.parametrize(
    "places",
    [
        [(0.4, 0.4, 0.6, 0.6), (0.42, 0.42, 0.62, 0.62)],
        [(0.4, 0.4, 0.6, 0.6)] * 4,
        [(0, 0, 0.2, 0.2), (0.01, 0.02, 0.22, 0.21)],
        [(0.8, 0.8, 1, 1), (0.82, 0.81, 1, 1), (0.79, 0.8, 0.99, 0.98)],
        [(0.3, 0.5, 0.45, 0.7), (0.47, 0.5, 0.62, 0.7), (0.4, 0.3, 0.55, 0.49)],
    ],
    ids=["two askew", "four at one place", "corner", "other corner", "neighbours"],
)
def test_labels_do_not_cover_one_another(
    tags: list[tuple[str, Box]], size_wh: tuple[int, int], places: list[tuple[float, ...]]
) -> None:
    boxes = [tuple(round(s * n) for s, n in zip(p, size_wh * 2, strict=True)) for p in places]
    labels: list[Verdict] = ["Mask" if number % 2 else "No Mask" for number in range(len(boxes))]

    draw_faces(ground(*size_wh), list(map(face, boxes, labels)))

    assert [text.partition(":")[0] for text, _ in tags] == [
        str(number) for number in range(1, len(boxes) + 1)
    ]
    for index, (_, place) in enumerate(tags):
        assert place[0] >= 0 and place[1] >= 0
        assert place[2] < size_wh[0] and place[3] < size_wh[1]
        assert all(shared(place, other) == 0 for _, other in tags[:index])


def test_surest_face_has_the_best_place(tags: list[tuple[str, Box]]) -> None:
    boxes = [(150, 100, 200, 150), (152, 100, 202, 150)]

    draw_faces(ground(400, 300), [face(boxes[0], "Mask"), face(boxes[1], "No Mask")])

    (text, first), (_, second) = tags
    assert text == "1: Mask 75%"
    assert (first[0], first[3]) == (150, 100)  # right above its face
    assert second[:2] != first[:2]
    tags.clear()
    surer = replace(face(boxes[1], "No Mask"), score=0.95)
    draw_faces(ground(400, 300), [face(boxes[0], "Mask"), surer])
    # Whatever the number: with the surer one the place above its face.
    assert (tags[1][1][0], tags[1][1][3]) == (152, 100)
    assert [text.partition(":")[0] for text, _ in tags] == ["1", "2"]


def test_a_few_large_faces_keep_their_words_and_in_photos_get_their_numbers(
    tags: list[tuple[str, Box]],
) -> None:
    faces = [
        face((60, 150, 180, 300), "Mask", 0.98),
        face((260, 150, 380, 300), "No Mask", 0.09),
        face((460, 150, 580, 300), "Not sure"),
    ]

    draw_faces(ground(640, 480), faces)

    assert [text for text, _ in tags] == ["1: Mask 98%", "2: No Mask 91%", "3: Not sure"]
    height = tags[0][1][3] - tags[0][1][1]
    tags.clear()
    draw_faces(ground(640, 480), faces[:1])
    assert [text for text, _ in tags] == ["Mask 98%"]
    assert tags[0][1][3] - tags[0][1][1] == height  # as large as that of a face alone


def test_in_video_words_have_no_number_and_give_way_to_that_of_the_track(
    tags: list[tuple[str, Box]],
) -> None:
    faces = [face((60, 150, 180, 300)), face((400, 200, 420, 220))]

    draw_faces(ground(640, 480), [replace(f, track=n) for f, n in zip(faces, (4, 12), strict=True)])

    assert [text for text, _ in tags] == ["Mask 75%", "Mask 75%"]
    tags.clear()
    row = [replace(face((x, 0, x + 20, 480)), track=40 + x // 20) for x in range(0, 640, 20)]
    draw_faces(ground(640, 480), row)
    texts = [text for text, _ in tags]
    assert set(texts) <= {"Mask 75%", "Mask", *(str(f.track) for f in row)}
    tags.clear()
    crowd = [replace(face((x, 0, x + 12, 480)), track=40 + x // 12) for x in range(0, 640, 12)]
    draw_faces(ground(640, 480), crowd)
    assert tags[-1][0] == "93"


def test_a_small_face_alone_keeps_its_words(tags: list[tuple[str, Box]]) -> None:
    draw_faces(ground(640, 480), [face((400, 200, 412, 212))])

    assert [text for text, _ in tags] == ["Mask 75%"]


def test_letters_become_smaller_before_the_percentage_is_given_up(
    tags: list[tuple[str, Box]],
) -> None:
    boxes = [(100, 400, 300, 600), (600, 400, 660, 470), (1000, 400, 1030, 430)]

    draw_faces(ground(1280, 960), list(map(face, boxes)))

    assert [text for text, _ in tags] == ["1: Mask 75%", "2: Mask 75%", "3: Mask"]
    # All of one size: another would look like a rank.
    (small,) = {place[3] - place[1] for _, place in tags}
    tags.clear()
    draw_faces(ground(1280, 960), list(map(face, [boxes[0], (600, 400, 800, 600)])))
    assert [text for text, _ in tags] == ["1: Mask 75%", "2: Mask 75%"]
    assert all(place[3] - place[1] > 1.5 * small for _, place in tags)


def test_large_letters_are_at_most_twice_as_wide_as_their_face(
    tags: list[tuple[str, Box]],
) -> None:
    pair: list[Box] = [(100, 400, 400, 700), (700, 400, 1000, 700)]
    draw_faces(ground(1280, 960), list(map(face, pair)))
    width = max(place[2] - place[0] for _, place in tags)
    height = tags[0][1][3] - tags[0][1][1]

    for share, large in ((1.95, True), (2.05, False)):
        tags.clear()
        narrow = face((700, 400, 700 + width / share, 700))
        draw_faces(ground(1280, 960), [face(pair[0]), narrow])
        assert {place[3] - place[1] == height for _, place in tags} == {large}

    for pitch, large in ((350, True), (160, False)):  # in a row, the middle one hemmed in or not
        tags.clear()
        row = [face((x, 400, x + 150, 600)) for x in range(100, 100 + 3 * pitch, pitch)]
        draw_faces(ground(1280, 960), row)
        assert {place[3] - place[1] == height for _, place in tags} == {large}


@pytest.mark.parametrize("share", [0.45, 0.6, 0.75, 0.9])
def test_no_label_of_a_video_call_is_read_as_a_neighbour_s(
    tags: list[tuple[str, Box]], share: float
) -> None:
    random = np.random.default_rng(1)
    boxes: list[Box] = []
    for row in range(5):
        for column in range(9):  # tiles of 142 by 144 pixels
            width = 142 * share * random.uniform(0.85, 1.1)
            height = min(1.25 * width, 140)
            x = column * 142 + (142 - width) / 2 + random.normal(0, 2)
            y = row * 144 + (144 - height) / 2 + random.normal(0, 2)
            boxes.append((x, y, x + width, y + height))
    verdicts: list[Verdict] = ["No Mask" if draw < 0.4 else "Mask" for draw in random.random(45)]

    draw_faces(ground(1280, 720), list(map(face, boxes, verdicts)))

    assert len({round(place[3] - place[1]) for _, place in tags}) == 1
    for number, ((text, place), verdict) in enumerate(zip(tags, verdicts, strict=True)):
        assert text.startswith(f"{number + 1}: {verdict}")
        x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
        away = [
            np.hypot(max(x0 - x, 0, x - x1), max(y0 - y, 0, y - y1)) for x0, y0, x1, y1 in boxes
        ]
        assert away[number] < min(away[:number] + away[number + 1 :])


def test_a_crowd_is_numbered_and_its_faces_stay_visible(tags: list[tuple[str, Box]]) -> None:
    boxes = [(x, y, x + 24, y + 30) for y in range(100, 700, 50) for x in range(60, 1200, 40)]

    drawn = draw_faces(ground(1280, 800), list(map(face, boxes)))

    assert [text.partition(":")[0] for text, _ in tags] == [str(n + 1) for n in range(len(boxes))]
    assert {text.partition(":")[2] for text, _ in tags} == {"", " Mask"}
    for index, (_, place) in enumerate(tags):
        assert all(shared(place, box) <= 0.15 * 24 * 30 for box in boxes)
        assert all(shared(place, other) == 0 for _, other in tags[:index])
    for x0, y0, x1, y1 in boxes:  # nor do the lines fill the boxes
        assert (drawn[y0 + 8 : y1 - 8, x0 + 6 : x1 - 6] == GROUND).all()


def test_small_faces_of_a_group_have_their_verdict_where_there_is_room(
    tags: list[tuple[str, Box]],
) -> None:
    # A row so close that words stand above and below by turns, and a few around a large face.
    boxes = [(x, 200, x + 24, 230) for x in range(40, 600, 50)]
    boxes += [(300, 300, 420, 440), (425, 330, 440, 350), (280, 330, 295, 350)]
    verdicts: list[Verdict] = ["No Mask" if number % 3 else "Mask" for number in range(len(boxes))]

    draw_faces(ground(640, 480), list(map(face, boxes, verdicts)))

    large = len(boxes) - 3
    for number, ((text, place), verdict) in enumerate(zip(tags, verdicts, strict=True)):
        assert text.startswith(f"{number + 1}: {verdict}")
        assert text.endswith("%") or number != large
        for index, box in enumerate(boxes):
            area = (box[2] - box[0]) * (box[3] - box[1])
            assert shared(place, box) <= area * (1 / 4 if index == number else 0.15)
        assert all(shared(place, other) == 0 for _, other in tags[:number])


def test_every_verdict_comes_before_any_percentage(tags: list[tuple[str, Box]]) -> None:
    # The surer one's full label would leave the other no room but for its number.
    first, second = face((0, 14, 40, 46)), replace(face((44, 14, 84, 46)), score=0.5)

    draw_faces(ground(90, 46), [first, second])

    assert [text for text, _ in tags] == ["1: Mask", "2: Mask"]


def test_a_label_does_not_cover_the_face_beside_it(tags: list[tuple[str, Box]]) -> None:
    below, above = (300, 200, 360, 270), (310, 150, 350, 195)

    draw_faces(ground(640, 480), [face(below), face(above)])

    assert shared(tags[0][1], above) <= 0.15 * 40 * 45
    assert shared(tags[1][1], below) <= 0.15 * 60 * 70


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
