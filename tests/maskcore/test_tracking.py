from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from maskcore.tracking import FaceTracker
from maskcore.types import Box, Detections, NotSure

SIZE_WH = (640, 480)
NO_RULE = NotSure()
# Seconds -> centre and size of a face, pixels; None where it is out of sight.
Path = Callable[[float], "tuple[float, float, float, float] | None"]
# What one frame showed of the truth: person -> number of the track that was matched.
Seen = dict[int, int]


def found(*boxes: ArrayLike) -> Detections:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(array, np.full(len(array), 0.9, np.float32))


def box_at(x: float, y: float, width: float = 80, height: float = 100) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def walk(x: float, y: float, speed_x: float = 0, speed_y: float = 0) -> Path:
    return lambda seconds: (x + speed_x * seconds, y + speed_y * seconds, 80, 100)


def times(seconds: float, per_second: float = 30, start: float = 100) -> list[float]:
    return [start + i / per_second for i in range(round(seconds * per_second))]


def iou(a: Sequence[float], b: Sequence[float]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (sum(areas) - shared)


def play(
    tracker: FaceTracker,
    people: Sequence[Path],
    frames: Iterable[float],
    noise: float = 0.01,
    missed: float = 0.0,
    size_wh: tuple[int, int] = SIZE_WH,
) -> list[Seen]:
    """Who was matched to which track; whoever is behind another, later in the list, is not found.

    Args:
        noise: of every edge, shares of the face's width.
        missed: share of detections left out.
    """
    rng = np.random.default_rng(0)
    shown: list[Seen] = []
    for seconds in frames:
        boxes: dict[int, Box] = {}
        for person, path in enumerate(people):
            place = path(seconds - 100)
            if place is not None and all(iou(box_at(*place), b) < 0.4 for b in boxes.values()):
                boxes[person] = box_at(*place)
        boxes = {
            person: tuple(np.array(box) + rng.normal(0, noise * (box[2] - box[0]), 4))
            for person, box in boxes.items()
            if rng.random() >= missed
        }
        tracks = [t for t in tracker.update(found(*boxes.values()), seconds, size_wh) if t.seen]
        assert len(tracks) == len(boxes)
        shown.append(
            {
                person: max(tracks, key=lambda track: iou(track.box_xyxy, box)).number
                for person, box in boxes.items()
            }
        )
    return shown


def numbers(shown: Iterable[Seen], person: int) -> set[int]:
    return {seen[person] for seen in shown if person in seen}


def test_new_face_is_where_it_was_found() -> None:
    (track,) = FaceTracker().update(found((100, 50, 180, 150)), 7.0, SIZE_WH)

    assert track.number == 1
    assert track.box_xyxy == pytest.approx((100, 50, 180, 150))
    assert track.seen
    assert track.first_seconds == track.seen_seconds == 7.0
    assert track.judgements.count == 0


@pytest.mark.parametrize("nothing", [Detections.empty(), None], ids=["none found", "not searched"])
def test_no_faces_give_no_tracks(nothing: Detections | None) -> None:
    tracker = FaceTracker()

    assert [tracker.update(nothing, seconds, SIZE_WH) for seconds in (1.0, 2.0)] == [[], []]
    assert tracker.unique == 0


def test_faces_come_by_number() -> None:
    tracker = FaceTracker()
    left, right = box_at(100, 200), box_at(400, 200)
    tracker.update(found(right), 1.0, SIZE_WH)

    tracks = tracker.update(found(left, right), 1.1, SIZE_WH)

    assert [(t.number, t.box_xyxy[0] > 250) for t in tracks] == [(1, True), (2, False)]


@pytest.mark.parametrize("apart", [0, 10, 60])
@pytest.mark.parametrize(("speed", "per_second"), [(60, 30), (240, 30), (120, 10), (120, 5)])
def test_crossing_people_keep_their_numbers(speed: float, per_second: float, apart: float) -> None:
    tracker = FaceTracker()
    people = [walk(100, 240, speed), walk(540, 240 + apart, -speed)]

    shown = play(tracker, people, times(440 / speed, per_second))

    assert min(len(seen) for seen in shown) == (2 if apart == 60 else 1)
    assert [numbers(shown, person) for person in (0, 1)] == [{1}, {2}]
    assert tracker.unique == 2


@pytest.mark.parametrize("missed", [0, 0.3])
def test_faces_side_by_side_never_swap(missed: float) -> None:
    tracker = FaceTracker()
    people = [walk(100 + 82 * i, 240) for i in range(5)]
    play(tracker, people, times(0.1), noise=0.03)

    shown = play(tracker, people, times(10, start=100.1), noise=0.03, missed=missed)

    assert [numbers(shown, person) for person in range(5)] == [{1}, {2}, {3}, {4}, {5}]


def test_a_row_does_not_move_up_when_the_first_leaves_and_another_comes() -> None:
    tracker = FaceTracker()
    row = [box_at(100 + 85 * i, 240) for i in range(5)]
    tracker.update(found(*row[:4]), 1.0, SIZE_WH)

    tracks = tracker.update(found(*row[1:]), 1.03, SIZE_WH)

    assert [(t.number, t.box_xyxy[0]) for t in tracks] == [
        (number, pytest.approx(row[number - 1][0])) for number in (2, 3, 4, 5)
    ]


def test_of_two_at_one_place_the_one_in_front_is_matched() -> None:
    tracker = FaceTracker()
    for seconds in times(1):
        tracker.update(found(box_at(300, 240), box_at(330, 240)), seconds, SIZE_WH)
    tracker.update(found(box_at(300, 240)), 101.0, SIZE_WH)

    # A little nearer to the one that was hidden before.
    tracks = tracker.update(found(box_at(316, 240)), 101.03, SIZE_WH)

    assert [(t.number, t.seen) for t in tracks] == [(1, True), (2, False)]


def test_crowd_of_fifty_keeps_its_numbers() -> None:
    tracker = FaceTracker()

    def sway(i: int) -> Path:
        x, y = 100 + 170 * (i % 10), 100 + 190 * (i // 10)
        return lambda s: (x + 40 * math.sin(4 * s + i), y + 20 * math.sin(7 * s + i), 80, 100)

    people = [sway(i) for i in range(50)]

    shown = play(tracker, people, times(2), noise=0.02, missed=0.05, size_wh=(1920, 1080))

    assert all(len(numbers(shown, person)) == 1 for person in range(50))
    assert tracker.unique == 50


@pytest.mark.parametrize(
    ("shift", "factor", "same"),
    [
        ((75, 0), 1, True),  # overlaps by 6 in 80 pixels only
        ((85, 0), 1, True),
        ((60, 60), 1, True),
        ((0, -110), 1, False),
        ((85, 0), 1.5, True),
        ((135, 0), 2.5, False),
        ((60, 0), 0.4, False),
        ((0, 0), 0.4, False),
    ],
)
def test_leap_without_overlap_is_followed_if_near_and_alike(
    shift: tuple[float, float], factor: float, same: bool
) -> None:
    tracker = FaceTracker()
    tracker.update(found(box_at(300, 240)), 1.0, SIZE_WH)

    leapt = box_at(300 + shift[0], 240 + shift[1], 80 * factor, 100 * factor)
    (track,) = tracker.update(found(leapt), 1.1, SIZE_WH)

    assert (track.number == 1) == same


@pytest.mark.parametrize(
    ("gap", "shown", "same"), [(0.3, True, True), (0.9, False, True), (1.7, False, False)]
)
def test_face_missed_for_a_while(gap: float, shown: bool, same: bool) -> None:
    tracker = FaceTracker()
    face = box_at(300, 240)
    for seconds in times(1):
        tracker.update(found(face), seconds, SIZE_WH)
    last = seconds

    for seconds in times(gap - 1 / 30, start=last + 1 / 30):
        tracks = tracker.update(found(), seconds, SIZE_WH)
        if seconds - last < 0.49:
            assert [(t.number, t.seen, t.seen_seconds) for t in tracks] == [(1, False, last)]
            assert tracks[0].box_xyxy == pytest.approx(face, abs=1)
    assert bool(tracks) == shown
    (track,) = tracker.update(found(face), last + gap, SIZE_WH)

    assert (track.number, track.seen) == (1 if same else 2, True)
    assert track.first_seconds == (100 if same else last + gap)


def test_walking_face_is_awaited_where_it_is_going() -> None:
    tracker = FaceTracker()
    path = walk(100, 240, 240)
    play(tracker, [path], times(0.5))

    for seconds in times(0.3, start=100.5):
        (track,) = tracker.update(found(), seconds, SIZE_WH)

    assert not track.seen
    x, *_ = path(seconds - 100) or ()
    # Coming to rest, but not at rest at once: it went 240 pixels/s for 0.3 s.
    assert x - 40 < track.box_xyxy[0] + 40 < x - 5


@pytest.mark.parametrize(("matches", "bridged"), [(1, 0), (2, 0), (3, 2), (6, 5), (60, 16)])
def test_face_is_bridged_no_longer_than_it_was_there(matches: int, bridged: int) -> None:
    tracker = FaceTracker()
    # A power of two, so that no rounding decides.
    for frame in range(matches):
        assert len(tracker.update(found(box_at(300, 240)), frame / 32, SIZE_WH)) == 1

    shown = [len(tracker.update(found(), (matches + frame) / 32, SIZE_WH)) for frame in range(40)]

    assert shown == [1] * bridged + [0] * (40 - bridged)


def test_people_count_once_seen_often_and_long() -> None:
    tracker = FaceTracker()
    counts = []
    for seconds in times(1):
        tracker.update(found(box_at(300, 240)), seconds, SIZE_WH)
        counts.append(tracker.unique)

    assert counts == [0] * 15 + [1] * 15
    tracker.update(found(box_at(300, 240)), 110.0, SIZE_WH)  # somebody else, or so it must seem
    assert tracker.unique == 1
    for seconds in times(1, 2, start=110.5):
        tracker.update(found(box_at(300, 240)), seconds, SIZE_WH)
    assert tracker.unique == 2


@pytest.mark.parametrize("every", [3, 4, 30])
def test_flickering_false_alarm_is_no_person(every: int) -> None:
    tracker = FaceTracker()
    for frame, seconds in enumerate(times(20)):
        boxes = [box_at(500, 100)] if frame % every == 0 else []
        tracker.update(found(box_at(200, 300), *boxes), seconds, SIZE_WH)

    assert tracker.unique == 1


@pytest.mark.parametrize("per_second", [30, 8])
@pytest.mark.parametrize("lost", [False, True], ids=["all found", "one lost"])
@pytest.mark.parametrize("shift", [(0, -0.15), (0.15, 0), (-0.1, 0.2)], ids=str)
@pytest.mark.parametrize("factor", [0.66, 0.85, 1.2, 1.52])
def test_another_finder_s_boxes_are_of_the_same_people(
    factor: float, shift: tuple[float, float], lost: bool, per_second: float
) -> None:
    """Factors are the extremes between the four finders on 120 street photos."""

    def sway(x: float, turn: float) -> Path:
        return lambda s: (x + 25 * math.sin(1.6 * s + turn), 240 + 25 * math.sin(3 * s), 80, 100)

    def other(path: Path, is_lost: bool) -> Path:
        def found_by_other(seconds: float) -> tuple[float, float, float, float] | None:
            x, y, width, height = path(seconds) or (0, 0, 0, 0)
            x, y = x + shift[0] * width, y + shift[1] * height
            return None if is_lost else (x, y, width * factor, height * factor)

        return found_by_other

    tracker = FaceTracker()
    people = [sway(160, 0), sway(480, 2)]
    play(tracker, people, times(2, per_second))
    others = [other(people[0], lost), other(people[1], False)]
    first = tracker.update(
        found(*(box_at(*p) for p in (path(2) for path in others) if p)), 102.0, SIZE_WH
    )
    assert [track.number for track in first] == [1, 2]  # nobody twice

    shown = play(tracker, others, times(1, per_second, start=102 + 1 / per_second))
    shown += play(tracker, people, times(2, per_second, start=103 + 1 / per_second))

    assert [numbers(shown, person) for person in (0, 1)] == [{1}, {2}]
    assert tracker.unique == 2


def test_people_enter_and_leave() -> None:
    tracker = FaceTracker()

    def through(start: float) -> Path:
        def path(seconds: float) -> tuple[float, float, float, float] | None:
            x = (seconds - start) * 300 - 40
            return (x, 240, 80, 100) if 0 < x < 640 else None

        return path

    shown = play(tracker, [through(0), through(3), through(6)], times(10))

    assert [numbers(shown, person) for person in range(3)] == [{1}, {2}, {3}]
    assert tracker.unique == 3
    assert tracker.update(found(), 110.0, SIZE_WH) == []


@pytest.mark.parametrize("speed", [(600, 0), (-600, 0), (0, 600), (0, -600)], ids=str)
@pytest.mark.parametrize("searched", [True, False])
def test_box_stays_in_the_frame_until_the_face_is_out(
    speed: tuple[float, float], searched: bool
) -> None:
    tracker = FaceTracker()
    path = walk(320, 240, *speed)
    play(tracker, [path], times(0.2))

    # Not found again, though it goes on.
    for seconds in times(1, start=100.2):
        tracks = tracker.update(found() if searched else None, seconds, SIZE_WH)
        for track in tracks:
            x0, y0, x1, y1 = track.box_xyxy
            assert 0 <= x0 < x1 <= 640 and 0 <= y0 < y1 <= 480
            assert x1 - x0 >= 30 and y1 - y0 >= 30  # not a sliver at the edge

    assert tracks == []


@pytest.mark.parametrize(
    ("box", "within"),
    [
        ((-30, -20, 60, 80), (0, 0, 60, 80)),
        ((600, 400, 700, 520), (600, 400, 640, 480)),
        ((-10, -10, 700, 500), (0, 0, 640, 480)),
        ((700, 100, 800, 200), (639, 100, 640, 200)),
        ((100, -90, 200, -10), (100, 0, 200, 1)),
    ],
    ids=str,
)
def test_box_is_cut_at_the_edge_and_never_empty(box: Box, within: Box) -> None:
    (track,) = FaceTracker().update(found(box), 1.0, SIZE_WH)

    assert track.box_xyxy == pytest.approx(within, abs=1e-3)


def test_faces_move_on_in_frames_not_searched() -> None:
    tracker = FaceTracker()
    path = walk(100, 240, 150)
    for frame, seconds in enumerate(times(3)):
        x, y, *_ = path(seconds - 100) or ()
        searched = frame % 4 == 0
        (track,) = tracker.update(found(box_at(x, y)) if searched else None, seconds, SIZE_WH)
        assert (track.number, track.seen) == (1, searched)
        if seconds > 100.5:
            assert (track.box_xyxy[0] + track.box_xyxy[2]) / 2 == pytest.approx(x, abs=1)
    assert tracker.unique == 1


def test_frames_not_searched_are_no_misses() -> None:
    tracker = FaceTracker()
    tracker.update(found(box_at(300, 240)), 1.0, SIZE_WH)

    waiting = [tracker.update(None, seconds, SIZE_WH) for seconds in times(2, 30, start=1.03)]

    # Found once only, which a single miss would end.
    assert all(len(tracks) == 1 and not tracks[0].seen for tracks in waiting)
    assert tracker.update(found(), 3.1, SIZE_WH) == []


@pytest.mark.parametrize("new_wh", [(320, 240), (1280, 960), (640, 360), (480, 640)], ids=str)
@pytest.mark.parametrize("searched", [True, False])
def test_another_frame_size_scales_the_faces(new_wh: tuple[int, int], searched: bool) -> None:
    tracker = FaceTracker()
    people = [walk(100, 100, 60), walk(500, 350, -60)]
    play(tracker, people, times(1))
    x_factor, y_factor = new_wh[0] / 640, new_wh[1] / 480
    places = [path(1.0) or () for path in people]
    boxes = [np.array(box_at(*place)) * ([x_factor, y_factor] * 2) for place in places]

    tracks = tracker.update(found(*boxes) if searched else None, 101.0, new_wh)

    assert [(t.number, t.seen) for t in tracks] == [(1, searched), (2, searched)]
    for track, box in zip(tracks, boxes, strict=True):
        assert track.box_xyxy == pytest.approx(box, abs=4)
    # Their speed is scaled as well.
    tracks = tracker.update(None, 101.2, new_wh)
    moved = tracks[0].box_xyxy[0] - boxes[0][0]
    assert moved == pytest.approx(12 * x_factor, rel=0.3)


@pytest.mark.parametrize(("gap", "same"), [(2.0, True), (5.0, False), (1e7, False)])
def test_after_a_long_gap_old_faces_are_gone(gap: float, same: bool) -> None:
    tracker = FaceTracker()
    play(tracker, [walk(300, 240)], times(1))

    assert len(tracker.update(None, 101 + gap, SIZE_WH)) == same
    (track,) = tracker.update(found(box_at(300, 240)), 101.1 + gap, SIZE_WH)

    assert track.number == (1 if same else 2)


@pytest.mark.parametrize(("back", "same"), [(0.0, True), (0.5, True), (60.0, False)])
def test_time_may_stand_still_or_go_back(back: float, same: bool) -> None:
    tracker = FaceTracker()
    play(tracker, [walk(300, 240, 30)], times(1))
    (before,) = tracker.update(None, 101.0, SIZE_WH)
    before.judgements.add(0.9, 1.0, 101.0)

    for _ in range(3):
        (track,) = tracker.update(found(box_at(330, 240)), 101 - back, SIZE_WH)
        track.judgements.add(0.9, 1.0, 101 - back)

    assert track.number == (1 if same else 2)
    assert track.seen_seconds == track.judgements.latest_seconds == 101 - back
    assert track.box_xyxy == pytest.approx(box_at(330, 240), abs=1)
    assert track.face(0.5, NO_RULE).mask_probability == pytest.approx(0.9)


def test_face_carries_track_box_score_and_what_was_said_of_it() -> None:
    box = box_at(300, 240)
    (track,) = FaceTracker().update(found(box), 0.0, SIZE_WH)
    track.judgements.add(0.8, 1.5, 0.0)

    face = track.face(0.5, NO_RULE)

    assert (face.track, face.sharpness) == (1, 1.5)
    assert face.box_xyxy == track.box_xyxy == pytest.approx(box)
    assert face.score == pytest.approx(0.9)
    assert face.mask_probability == pytest.approx(0.8)
    assert (face.label, face.sure) == ("Mask", True)
    assert track.face(0.9, NO_RULE).label == "No Mask"
    for smallest, sure in ((99, True), (101, False)):  # it is 100 pixels high
        assert track.face(0.5, NotSure(smallest_side=smallest)).sure is sure
