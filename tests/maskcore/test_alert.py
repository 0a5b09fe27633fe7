from __future__ import annotations

import pytest

from maskcore.alert import AlertRule, MaskAlert
from maskcore.types import Face, Verdict

RULE = AlertRule(after_seconds=3, cool_down_seconds=10)


def face(verdict: Verdict, track: int = 1) -> Face:
    label = "No Mask" if verdict == "No Mask" else "Mask"
    return Face((0, 0, 9, 9), 0.9, 0.5, label, sure=verdict != "Not sure", track=track)


def alerts(frames: list[tuple[float, list[Face]]], rule: AlertRule = RULE) -> list[float]:
    watch = MaskAlert()
    raised = [seconds for seconds, faces in frames if watch.update(faces, seconds, rule)]
    assert watch.count == len(raised)
    return raised


def frames(verdict: Verdict, start: float, end: float, track: int = 1) -> list:
    return [
        (round(start + i / 10, 3), [face(verdict, track)]) for i in range(round((end - start) * 10))
    ]


def test_somebody_without_a_mask_who_stays_is_noticed_once() -> None:
    assert alerts(frames("No Mask", 0, 9)) == [3.0]


def test_somebody_who_passes_by_is_not() -> None:
    assert alerts(frames("No Mask", 0, 2.9) + [(i / 10, []) for i in range(29, 99)]) == []


def test_masks_raise_none() -> None:
    assert alerts(frames("Mask", 0, 20)) == []
    assert alerts(frames("Not sure", 0, 20)) == []


def test_the_alert_comes_again_after_the_pause() -> None:
    assert alerts(frames("No Mask", 0, 25)) == [3.0, 13.0, 23.0]


def test_putting_the_mask_on_begins_anew() -> None:
    seen = frames("No Mask", 0, 2) + frames("Mask", 2, 2.2) + frames("No Mask", 2.2, 6)
    assert alerts(seen) == [5.2]


def test_a_doubtful_moment_does_not() -> None:
    seen = frames("No Mask", 0, 1) + frames("Not sure", 1, 2.2) + frames("No Mask", 2.2, 4)
    assert alerts(seen) == [3.0]


def test_doubt_is_no_time_without_a_mask() -> None:
    assert alerts(frames("No Mask", 0, 0.1) + frames("Not sure", 0.1, 20)) == []


def test_forgetting_begins_anew() -> None:
    watch = MaskAlert()
    for i in range(25):
        watch.update([face("No Mask")], i / 10, RULE)
    watch.forget()
    raised = [i for i in range(25, 80) if watch.update([face("No Mask")], i / 10, RULE)]
    assert raised == [55]


def test_people_are_told_apart() -> None:
    seen = frames("No Mask", 0, 2, track=1) + frames("No Mask", 2, 4.9, track=2)
    assert alerts(seen) == []


def test_a_face_out_of_sight_for_long_begins_anew() -> None:
    gone = [(2 + i / 10, []) for i in range(20)]
    assert alerts(frames("No Mask", 0, 2) + gone + frames("No Mask", 4, 6.9)) == []
    blink = [(2 + i / 10, []) for i in range(10)]
    assert alerts(frames("No Mask", 0, 2) + blink + frames("No Mask", 3, 6)) == [3.0]


def test_the_rule_may_change_under_way() -> None:
    watch = MaskAlert()
    for i in range(20):
        assert not watch.update([face("No Mask")], i / 10, RULE)
    assert watch.update([face("No Mask")], 2.0, AlertRule(after_seconds=1.5))


def test_an_alert_is_shown_for_a_while() -> None:
    watch = MaskAlert()
    assert not watch.active(0.0)
    for i in range(31):
        watch.update([face("No Mask")], i / 10, RULE)
    assert watch.active(3.0)
    assert watch.active(7.9)
    assert not watch.active(8.0)


@pytest.mark.parametrize(("after", "raised"), [(0.0, 5.0), (0.05, 5.1)])
def test_at_once_means_with_the_first_frames(after: float, raised: float) -> None:
    assert alerts(frames("No Mask", 5, 6), AlertRule(after, 100)) == [raised]
