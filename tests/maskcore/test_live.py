from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from maskcore import live
from maskcore.classification import sharpness
from maskcore.live import LiveAnalyzer
from maskcore.pipeline import MaskPipeline
from maskcore.types import Analysis, Box, Detections, NotSure

IMAGE = np.zeros((480, 640, 3), np.uint8)
FACE = (100.0, 100.0, 180.0, 200.0)
RATE = 30


class Clock:
    """Stands still but for what the fakes below take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(live, "perf_counter", clock)
    return clock


@dataclass
class Scene:
    """Detector and classifier in one: faces as they are now, and what was asked of them."""

    boxes_xyxy: Sequence[Box] = (FACE,)
    mask_probability: Callable[[NDArray[np.float32]], float] = lambda box: 0.9
    threshold: float = 0.5
    not_sure: NotSure = NotSure()
    clock: Clock = field(default_factory=Clock)
    detect_ms: float = 0.0
    classify_ms: float = 0.0
    searches: int = 0
    judged: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        self.searches += 1
        self.clock.seconds += self.detect_ms / 1000
        boxes = np.array(self.boxes_xyxy, np.float32).reshape(-1, 4)
        return Detections(boxes, np.full(len(boxes), 0.8, np.float32))

    def mask_probabilities(
        self, image_rgb: NDArray[np.uint8], boxes_xyxy: ArrayLike
    ) -> NDArray[np.float32]:
        self.clock.seconds += self.classify_ms / 1000
        self.judged = np.asarray(boxes_xyxy)
        return np.array([self.mask_probability(box) for box in self.judged], np.float32)

    @property
    def pipeline(self) -> MaskPipeline:
        return MaskPipeline(self, self)


class Video:
    """Plays a scene to an analyzer, frame by frame."""

    def __init__(self, search_every: int | None = 1) -> None:
        self.analyzer = LiveAnalyzer(search_every)
        self.frame = 0

    def show(
        self,
        scene: Scene,
        threshold: float | None = None,
        image_rgb: NDArray[np.uint8] = IMAGE,
    ) -> Analysis:
        self.frame += 1
        return self.analyzer.analyze(image_rgb, self.frame / RATE, scene.pipeline, threshold)

    def searched(self, scene: Scene, frames: int) -> list[int]:
        """How often the detector was asked in each of the next frames."""
        counts = []
        for _ in range(frames):
            before = scene.searches
            self.show(scene)
            counts.append(scene.searches - before)
        return counts


def row(count: int, y: float = 10) -> list[Box]:
    """Faces of 20 x 24 pixels side by side."""
    return [(10.0 + 30 * i, y, 30.0 + 30 * i, y + 24) for i in range(count)]


def places(boxes_xyxy: ArrayLike) -> list[tuple[int, int]]:
    """Left and top of boxes that stand still, in order."""
    corners = np.asarray(boxes_xyxy).reshape(-1, 4)[:, :2].round().astype(int)
    return sorted((int(x), int(y)) for x, y in corners)


# --- faces and who they are


def test_face_is_what_detector_and_classifier_say_of_it() -> None:
    image = np.random.default_rng(0).integers(0, 256, IMAGE.shape, np.uint8)
    scene = Scene(mask_probability=lambda box: 0.3)

    analysis = Video().show(scene, image_rgb=image)

    assert analysis.size_wh == (640, 480)
    (face,) = analysis.faces
    np.testing.assert_allclose(face.box_xyxy, FACE, atol=1e-3)
    assert face.score == pytest.approx(0.8)
    assert face.mask_probability == pytest.approx(0.3)
    assert (face.label, face.sure, face.track) == ("No Mask", True, 1)
    assert face.sharpness == pytest.approx(sharpness(image, FACE), rel=1e-3)


def test_people_keep_their_numbers_and_verdicts_in_whatever_order_they_are_found() -> None:
    scene, video = Scene(mask_probability=lambda box: 0.9 if box[1] < 200 else 0.1), Video()
    for i in range(30):
        masked, bare = (
            (50 + 8.0 * i, 50, 130 + 8.0 * i, 150),
            (400 - 8.0 * i, 300, 460 - 8.0 * i, 370),
        )
        scene.boxes_xyxy = [masked, bare] if i % 2 == 0 else [bare, masked]

        first, second = video.show(scene).faces

        assert (first.track, first.label) == (1, "Mask")
        assert (second.track, second.label) == (2, "No Mask")
        np.testing.assert_allclose(first.box_xyxy, masked, atol=4)
        np.testing.assert_allclose(second.box_xyxy, bare, atol=4)


def test_newcomer_gets_a_number_of_its_own() -> None:
    scene, video = Scene(), Video()
    video.show(scene)
    scene.boxes_xyxy = [(400, 50, 460, 120), FACE]

    faces = video.show(scene).faces

    assert [(face.track, round(face.box_xyxy[0])) for face in faces] == [(1, 100), (2, 400)]


def test_face_missed_for_a_moment_is_still_there_but_not_judged() -> None:
    scene, video = Scene(), Video()
    for _ in range(20):
        video.show(scene)
    scene.boxes_xyxy = ()

    analysis = video.show(scene)

    assert [face.track for face in analysis.faces] == [1]
    assert analysis.faces[0].label == "Mask"
    np.testing.assert_allclose(analysis.faces[0].box_xyxy, FACE, atol=1)
    assert len(scene.judged) == 0


@pytest.mark.parametrize("search_every", [None, 1, 3])
def test_no_faces_is_an_empty_result_of_the_same_type(search_every: int | None) -> None:
    rule = NotSure(margin=1.0)
    scene, video = Scene(boxes_xyxy=(), threshold=0.4, not_sure=rule), Video(search_every)

    for _ in range(4):
        analysis = video.show(scene)

        assert analysis == Analysis((640, 480), (), 0.4, 0.0, 0.0, rule)
        assert scene.judged.shape == (0, 4)


# --- how often faces are looked for


@pytest.mark.parametrize("every", [1, 2, 3, 6])
def test_only_every_nth_frame_is_searched(every: int) -> None:
    scene = Scene(detect_ms=500)  # however long that takes

    searched = Video(search_every=every).searched(scene, 13)

    assert searched == [int(frame % every == 0) for frame in range(13)]


def test_between_searches_faces_move_on() -> None:
    scene, video = Scene(), Video(search_every=3)
    for i in range(31):
        moved = 5.0 * i
        scene.boxes_xyxy = [(100 + moved, 100, 180 + moved, 200)]
        before = scene.searches

        faces = video.show(scene).faces

        assert [face.track for face in faces] == [1]
        if scene.searches == before:
            assert len(scene.judged) == 0
            if i > 9:  # by then the speed is known; left behind it would be 5 or 10 off
                np.testing.assert_allclose(faces[0].box_xyxy, scene.boxes_xyxy[0], atol=1.5)
    assert scene.searches == 11


@pytest.mark.parametrize(
    ("detect_ms", "every"), [(0, 1), (1, 1), (24, 1), (26, 2), (49, 2), (60, 3), (99, 4), (9000, 4)]
)
def test_slow_detector_is_asked_less_often_but_at_least_every_fourth_frame(
    clock: Clock, detect_ms: float, every: int
) -> None:
    scene = Scene(clock=clock, detect_ms=detect_ms)

    searched = Video(search_every=None).searched(scene, 13)

    # The first search pays for getting ready and says nothing of the others.
    assert searched == [1, 1, *(int(frame % every == 0) for frame in range(2, 13))]


def test_time_of_the_classifier_does_not_count(clock: Clock) -> None:
    scene = Scene(clock=clock, detect_ms=1, classify_ms=900)

    assert Video(search_every=None).searched(scene, 8) == [1] * 8


def test_one_slow_search_among_fast_ones_changes_nothing(clock: Clock) -> None:
    scene, video = Scene(clock=clock, detect_ms=5), Video(search_every=None)
    video.searched(scene, 10)
    scene.detect_ms = 150
    video.show(scene)
    scene.detect_ms = 5

    assert video.searched(scene, 8) == [1] * 8


def test_machine_that_slows_down_searches_less_and_recovers(clock: Clock) -> None:
    scene, video = Scene(clock=clock, detect_ms=5), Video(search_every=None)
    video.searched(scene, 10)

    scene.detect_ms = 200
    video.searched(scene, 40)
    assert sum(video.searched(scene, 12)) == 3

    scene.detect_ms = 5
    video.searched(scene, 120)
    assert video.searched(scene, 8) == [1] * 8


# --- whom the classifier is asked about


def test_known_face_is_judged_in_its_first_frames_and_then_at_intervals() -> None:
    scene, video = Scene(), Video()
    judged = []
    for frame in range(14):
        video.show(scene)
        if len(scene.judged):
            judged.append(frame)
            np.testing.assert_allclose(scene.judged, [FACE], atol=1e-2)
            assert scene.judged.dtype == np.float32

    # Two frames at 30 a second are less than 0.09 seconds, three are more.
    assert judged == [0, 1, 2, 3, 6, 9, 12]


@pytest.mark.parametrize("count", [1, 8, 9, 20])
def test_new_faces_are_judged_and_shown_at_once_however_many(count: int) -> None:
    scene = Scene(row(count))

    analysis = Video().show(scene)

    assert places(scene.judged) == places(scene.boxes_xyxy)
    assert [face.track for face in analysis.faces] == list(range(1, count + 1))


def test_probabilities_go_to_the_faces_they_are_of() -> None:
    boxes = row(20)
    scene = Scene(boxes, mask_probability=lambda box: float(box[0]) / 1000)
    video = Video()

    for _ in range(6):
        for face in video.show(scene).faces:
            assert face.mask_probability == pytest.approx(face.box_xyxy[0] / 1000, abs=1e-4)


def test_faces_of_a_crowd_take_turns() -> None:
    scene, video = Scene(row(20)), Video()
    video.show(scene)

    judged = []
    for _ in range(5):
        assert len(video.show(scene).faces) == 20
        assert len(scene.judged) == live.JUDGED_AT_MOST == 8
        judged.append(set(places(scene.judged)))

    # Three frames are 24 turns: nobody waits for longer.
    for first in range(3):
        assert set.union(*judged[first : first + 3]) == set(places(scene.boxes_xyxy))


@pytest.mark.parametrize(("newcomers", "known"), [(1, 7), (3, 5), (8, 0), (12, 0)])
def test_newcomers_go_before_a_known_crowd(newcomers: int, known: int) -> None:
    crowd, late = row(20), row(newcomers, y=200)
    scene, video = Scene(crowd), Video()
    video.show(scene)
    scene.boxes_xyxy = [*crowd, *late]

    analysis = video.show(scene)

    assert [place for place in places(scene.judged) if place[1] == 200] == places(late)
    assert len(scene.judged) == newcomers + known
    assert len(analysis.faces) == 20 + newcomers


# --- what may change from frame to frame


def test_another_pipeline_is_used_from_the_next_frame_on() -> None:
    rule = NotSure(smallest_side=500)
    one = Scene(mask_probability=lambda box: 0.3, threshold=0.5)
    other = Scene([(102, 100, 182, 200)], lambda box: 0.3, threshold=0.2, not_sure=rule)
    video = Video()

    first, second, third = video.show(one), video.show(other), video.show(one)

    assert (one.searches, other.searches) == (2, 1)
    assert len(other.judged) == 1
    assert [a.threshold for a in (first, second, third)] == [0.5, 0.2, 0.5]
    assert [a.not_sure for a in (first, second, third)] == [NotSure(), rule, NotSure()]
    faces = [face for a in (first, second, third) for face in a.faces]
    assert [face.verdict for face in faces] == ["No Mask", "Not sure", "No Mask"]
    assert [face.label for face in faces] == ["No Mask", "Mask", "No Mask"]
    assert [face.track for face in faces] == [1, 1, 1]
    assert faces[1].box_xyxy[0] > 100.5


def test_threshold_is_in_force_on_the_next_frame() -> None:
    scene, video = Scene(mask_probability=lambda box: 0.6), Video()
    for _ in range(9):
        video.show(scene, 0.5)

    for threshold, label in [(0.62, "No Mask"), (0.58, "Mask"), (1, "No Mask"), (0, "Mask")]:
        analysis = video.show(scene, threshold)

        assert analysis.threshold == threshold
        assert [face.label for face in analysis.faces] == [label]


@pytest.mark.parametrize(("threshold", "label"), [(0.55, "Mask"), (0.65, "No Mask")])
def test_default_threshold_is_the_classifier_s(threshold: float, label: str) -> None:
    analysis = Video().show(Scene(mask_probability=lambda box: 0.6, threshold=threshold))

    assert analysis.threshold == threshold
    assert analysis.faces[0].label == label


@pytest.mark.parametrize("threshold", [-0.01, 1.01, math.nan])
def test_threshold_outside_0_to_1_is_refused_and_the_frame_not_taken_in(threshold: float) -> None:
    scene, video = Scene(), Video(search_every=2)

    with pytest.raises(ValueError, match=r"threshold must be in 0\.\.1, got"):
        video.show(scene, threshold)

    assert scene.searches == 0
    assert [face.track for face in video.show(scene).faces] == [1]
    assert scene.searches == 1


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (NotSure(), "Mask"),
        (NotSure(margin=2.0), "Mask"),  # 0.9 is 2.2 log odds from 0.5
        (NotSure(margin=2.4), "Not sure"),
        (NotSure(smallest_side=99), "Mask"),
        (NotSure(smallest_side=101), "Not sure"),
        (NotSure(least_sharpness=0.1), "Not sure"),  # the picture is of one colour
    ],
)
def test_model_s_rule_for_doubtful_faces_is_handed_on(rule: NotSure, verdict: str) -> None:
    analysis = Video().show(Scene(not_sure=rule))

    assert analysis.not_sure == rule
    assert [face.verdict for face in analysis.faces] == [verdict]


@pytest.mark.parametrize("search_every", [1, 2])
def test_frame_of_another_size_holds_the_same_people(search_every: int) -> None:
    scene, video = Scene(), Video(search_every)
    for _ in range(9):
        video.show(scene)
    scene.boxes_xyxy = [(50, 25, 90, 50)]  # half as wide, a quarter as high

    analysis = video.show(scene, image_rgb=np.zeros((120, 320, 3), np.uint8))

    assert scene.searches == (10 if search_every == 1 else 5)
    assert analysis.size_wh == (320, 120)
    assert [face.track for face in analysis.faces] == [1]
    np.testing.assert_allclose(analysis.faces[0].box_xyxy, (50, 25, 90, 50), atol=0.5)


# --- times


def test_each_step_s_time_is_told(clock: Clock) -> None:
    scene = Scene(clock=clock, detect_ms=30, classify_ms=20)
    video = Video(search_every=2)

    searched, between = video.show(scene), video.show(scene)

    assert (searched.detect_ms, searched.classify_ms) == pytest.approx((30, 20))
    assert between.detect_ms == pytest.approx(0)
