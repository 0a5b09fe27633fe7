from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskcore.drawing import draw_faces
from maskcore.types import Box, Verdict
from tests.maskcore.drawing.faces import GROUND, face, ground


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
