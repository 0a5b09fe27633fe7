from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from maskcore.tracking import FaceTracker, Track
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
    assert track.judgements == 0
    assert track.judged_seconds == -math.inf


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


def follow(
    offset: Callable[[float], tuple[float, float]], noise: float, frames: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far a box's and a detection's centre are off at each frame, in shares of the face."""
    rng, tracker = np.random.default_rng(1), FaceTracker()
    off, raw = [], []
    for seconds in frames:
        x, y = offset(seconds - 100)
        centre = np.array([400 + 100 * x, 500 + 100 * y])
        box = np.array(box_at(*centre, 100, 100)) + rng.normal(0, 100 * noise, 4)
        (track,) = tracker.update(found(box), seconds, (4000, 1000))
        shown = np.array(track.box_xyxy)
        off.append(((shown[:2] + shown[2:]) / 2 - centre) / 100)
        raw.append(((box[:2] + box[2:]) / 2 - centre) / 100)
    return np.array(off), np.array(raw)


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_steady_face_s_box_does_not_jitter(noise: float) -> None:
    off, raw = (values[30:] for values in follow(lambda _: (0, 0), noise, times(10)))

    assert np.diff(off, axis=0).std() < 0.4 * np.diff(raw, axis=0).std()
    assert off.std() < 0.7 * raw.std()


@pytest.mark.parametrize(
    ("offset", "most"),
    [
        (lambda s: (1.5 * s, 0), 0.005),  # walking
        (lambda s: (1.5 * min(max(s - 2, 0), 3), 0), 0.08),  # setting off and stopping at once
        (lambda s: (s, 0.06 * math.sin(4 * math.pi * s)), 0.04),  # with every step
        (lambda s: (0, 0.15 * math.sin(2 * math.pi * s)), 0.05),  # nodding
    ],
    ids=["walk", "stop and go", "steps", "nod"],
)
def test_box_does_not_lag(offset: Callable[[float], tuple[float, float]], most: float) -> None:
    off, _ = follow(offset, 0, times(8))

    assert np.abs(off[15:]).max() < most


def test_frame_rate_may_vary() -> None:
    rng = np.random.default_rng(2)
    frames = 100 + np.cumsum(rng.choice([1 / 60, 1 / 30, 1 / 10, 1 / 2], 60))

    off, _ = follow(lambda s: (0.8 * s, 0.1 * s), 0, frames)

    assert np.abs(off[10:]).max() < 0.01


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
    before.judge(0.9, 1.0, 101.0)

    for _ in range(3):
        (track,) = tracker.update(found(box_at(330, 240)), 101 - back, SIZE_WH)
        track.judge(0.9, 1.0, 101 - back)

    assert track.number == (1 if same else 2)
    assert track.seen_seconds == track.judged_seconds == 101 - back
    assert track.box_xyxy == pytest.approx(box_at(330, 240), abs=1)
    assert track.face(0.5, NO_RULE).mask_probability == pytest.approx(0.9)


def a_track(side: float = 100) -> Track:
    (track,) = FaceTracker().update(found(box_at(300, 240, side * 0.8, side)), 0.0, SIZE_WH)
    return track


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def verdicts(
    log_odds: Iterable[float],
    not_sure: NotSure = NO_RULE,
    threshold: float = 0.5,
    interval: float = 0.1,
) -> list[str]:
    track, said = a_track(), []
    for number, value in enumerate(log_odds):
        track.judge(probability(value), 1.0, number * interval)
        said.append(track.face(threshold, not_sure).verdict)
    return said


def changes(values: Sequence[str]) -> int:
    return sum(a != b for a, b in zip(values, values[1:], strict=False))


def test_face_carries_track_box_and_score() -> None:
    track = a_track()
    track.judge(0.8, 1.5, 0.0)

    face = track.face(0.5, NO_RULE)

    assert (face.track, face.box_xyxy, face.sharpness) == (1, track.box_xyxy, 1.5)
    assert face.score == pytest.approx(0.9)
    assert face.mask_probability == pytest.approx(0.8)
    assert (face.label, face.sure) == ("Mask", True)


@pytest.mark.parametrize(
    ("log_odds", "average"),
    [
        ([2], 2),
        ([2, 1], 1.5),
        ([1, 2, 1.5], 1.5),
        ([1, 1, 1, 3, 3], 1.4),  # the second 3 is the first to count, a fifth
        ([-9, 4, 4], 4),
        ([30], 6),
    ],
    ids=str,
)
def test_first_judgements_are_averaged_plainly(log_odds: list[float], average: float) -> None:
    track = a_track()
    for number, value in enumerate(log_odds):
        track.judge(probability(value), 1.0, number / 30)

    assert track.judgements == len(log_odds)
    assert track.judged_seconds == (len(log_odds) - 1) / 30
    smoothed = track.face(0.5, NO_RULE).mask_probability
    assert smoothed == pytest.approx(probability(average), abs=1e-6)


@pytest.mark.parametrize("interval", [0.02, 0.05, 0.1])
def test_later_judgements_are_averaged_over_half_a_second(interval: float) -> None:
    track = a_track()
    count = round(2 / interval)
    for number in range(count):
        track.judge(probability(1), 1.0, number * interval)
    # The first of the new ones is not believed yet.
    for number in range(round(0.5 / interval) + 1):
        track.judge(probability(-1), 3.0, 2 + number * interval)

    face = track.face(0.5, NO_RULE)

    left = math.exp(-1)
    assert face.mask_probability == pytest.approx(probability(-1 + 2 * left), abs=0.01)
    assert face.sharpness == pytest.approx(3 - 2 * math.exp(-1 - interval / 0.5), abs=0.02)


@pytest.mark.parametrize("interval", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("odd", [-3, -16])
def test_one_odd_frame_says_nothing(odd: float, interval: float) -> None:
    track, said = a_track(), []
    for number in range(30):
        track.judge(probability(odd if number in (5, 15, 18) else 0.7), 1.0, number * interval)
        said.append(track.face(0.5, NotSure(margin=0.5)))

    assert {face.verdict for face in said} == {"Mask"}
    assert {round(face.mask_probability, 6) for face in said} == {round(probability(0.7), 6)}


@pytest.mark.parametrize("interval", [0.033, 0.09])
@pytest.mark.parametrize(
    ("before", "after", "verdict"), [(3, -3, "No Mask"), (-3, 3, "Mask"), (16, -3, "No Mask")]
)
def test_real_change_shows_within_a_second(
    before: float, after: float, verdict: str, interval: float
) -> None:
    rng = np.random.default_rng(3)
    many, late = round(5 / interval), round(1 / interval)
    values = [*[before] * many, *[after] * many] + rng.normal(0, 0.5, 2 * many)

    said = verdicts(values, NotSure(margin=0.5), interval=interval)

    assert set(said[many + late :]) == {verdict}
    assert verdict not in said[: many + 1]


@pytest.mark.parametrize("not_sure", [NO_RULE, NotSure(margin=1)], ids=["no rule", "margin"])
@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_noise_around_the_threshold_does_not_show(threshold: float, not_sure: NotSure) -> None:
    rng = np.random.default_rng(4)
    middle = math.log(threshold / (1 - threshold))
    values = middle + rng.normal(0, 0.7, 667)  # a minute

    said = verdicts(values, not_sure, threshold, 0.09)

    alone = [verdicts([value], not_sure, threshold)[0] for value in values]
    assert changes(alone) > 100
    assert changes(said[5:]) <= 1


def test_unruly_judgements_need_more_evidence() -> None:
    rng = np.random.default_rng(5)

    said = verdicts(rng.normal(0, 2, 667), interval=0.09)

    assert changes(said[5:]) <= 2


@pytest.mark.parametrize(
    ("threshold", "verdict"), [(0.5, "Mask"), (0.7, "Mask"), (0.79, "Mask"), (0.81, "No Mask")]
)
def test_another_threshold_judges_at_once(threshold: float, verdict: str) -> None:
    track = a_track()
    for number in range(10):
        track.judge(0.8, 1.0, number / 10)
        assert track.face(0.3, NO_RULE).verdict == "Mask"

    assert track.face(threshold, NO_RULE).verdict == verdict


def test_another_rule_judges_at_once() -> None:
    track = a_track()
    track.judge(probability(1), 1.0, 0.0)

    said = [
        track.face(0.5, rule).verdict
        for rule in (NO_RULE, NotSure(margin=1.1), NotSure(margin=0.9), NotSure(margin=1.1))
    ]

    assert said == ["Mask", "Not sure", "Mask", "Not sure"]


SETTLED = 60


@pytest.mark.parametrize(
    ("margin", "steps"),
    [
        # Log odds held for long, and what is said at the end of each.
        (0, [(0.1, "Mask"), (-0.5, "Mask"), (-0.7, "No Mask"), (0.5, "No Mask"), (0.7, "Mask")]),
        (0.1, [(0.05, "Not sure"), (0.2, "Mask"), (-0.4, "Mask"), (-0.7, "No Mask")]),
        (2, [(2.1, "Mask"), (1.1, "Mask"), (0.9, "Not sure"), (1.9, "Not sure"), (2.1, "Mask")]),
        (2, [(-2.1, "No Mask"), (-1.1, "No Mask"), (-0.9, "Not sure"), (-2.1, "No Mask")]),
        (2, [(2.1, "Mask"), (-1.9, "Not sure"), (-2.1, "No Mask"), (-1.1, "No Mask")]),
        (2, [(1.9, "Not sure"), (0, "Not sure"), (-1.9, "Not sure"), (-2.1, "No Mask")]),
    ],
)
def test_verdict_is_left_only_with_evidence(margin: float, steps: list[tuple[float, str]]) -> None:
    values = [value for value, _ in steps for _ in range(SETTLED)]

    said = verdicts(values, NotSure(margin=margin))

    assert said[SETTLED - 1 :: SETTLED] == [verdict for _, verdict in steps]


def test_sharpness_limit_has_a_band() -> None:
    track, said, seconds = a_track(), [], 0.0
    for sharpness in (1.1, 0.9, 0.8, 0.9, 1.1):
        for _ in range(SETTLED):
            track.judge(0.9, sharpness, seconds)
            seconds += 0.1
        said.append(track.face(0.5, NotSure(least_sharpness=1.0)).sure)

    assert said == [True, True, False, False, True]


def test_single_smeared_frames_are_not_told() -> None:
    track, said = a_track(), []
    for number in range(40):
        track.judge(0.9, 0.3 if number % 10 == 5 else 1.5, number * 0.09)
        said.append(track.face(0.5, NotSure(least_sharpness=1.3)).sure)

    assert all(said[8:])


def test_size_limit_has_a_band() -> None:
    tracker, said, seconds = FaceTracker(), [], 0.0
    for side in (55, 45, 40, 45, 55):
        for _ in range(SETTLED):
            (track,) = tracker.update(found(box_at(300, 240, 0.8 * side, side)), seconds, SIZE_WH)
            track.judge(0.9, 1.0, seconds)
            seconds += 1 / 30
        said.append(track.face(0.5, NotSure(smallest_side=50)).sure)

    assert track.number == 1
    assert said == [True, True, False, False, True]


@pytest.mark.parametrize("threshold", [0.01, 0.1, 0.5, 0.7, 0.99])
def test_without_a_rule_every_face_is_called(threshold: float) -> None:
    rng = np.random.default_rng(6)
    middle = math.log(threshold / (1 - threshold))

    said = verdicts([*[middle] * 3, *rng.normal(middle, 1, 300)], threshold=threshold)

    assert "Not sure" not in said
    assert said[:3] == ["Mask"] * 3
