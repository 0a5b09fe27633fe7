"""Streams that share a machine, on made time."""

from __future__ import annotations

import gc

import pytest

from ui.live.pace import FULL_RATE, IDLE_SECONDS, SharedPace


class Stream:
    """Somebody who sends pictures."""


def labelled(
    pace: SharedPace, sends: dict[Stream, float], seconds: float, start: float = 0.0
) -> dict[Stream, int]:
    """How many of the pictures that each stream sends, at its own rate, get their turn."""
    times = sorted(
        (start + n / rate, i, stream)
        for i, (stream, rate) in enumerate(sends.items())
        for n in range(round(seconds * rate))
    )
    turns = dict.fromkeys(sends, 0)
    for time, _, stream in times:
        turns[stream] += pace.my_turn(stream, time)
    return turns


def test_a_lone_stream_is_not_held_back() -> None:
    stream = Stream()
    assert labelled(SharedPace(10), {stream: 60.0}, 5) == {stream: 300}


def test_streams_share_alike_whatever_they_send() -> None:
    streams = [Stream() for _ in range(4)]
    sends = dict(zip(streams, (30.0, 30.0, 60.0, 25.0), strict=True))
    turns = labelled(SharedPace(32), sends, 10)
    # 32 / 4 a second, and a quarter more at the most.
    assert all(78 <= count <= 103 for count in turns.values())


def test_a_camera_that_keeps_to_the_rate_it_is_told_loses_no_picture() -> None:
    pace, streams = SharedPace(32), [Stream() for _ in range(4)]
    labelled(pace, dict.fromkeys(streams, 30.0), 1)
    rate = pace.camera_rate(1.0)
    assert rate == 8
    turns = labelled(pace, dict.fromkeys(streams, float(rate)), 10, start=2.0)
    assert all(count >= 79 for count in turns.values())


def test_a_slow_stream_is_not_made_slower_and_does_not_catch_up_in_a_rush() -> None:
    pace, slow, fast = SharedPace(20), Stream(), Stream()
    assert labelled(pace, {slow: 2.0, fast: 30.0}, 10)[slow] == 20
    burst = [pace.my_turn(slow, 10.5 + n / 1000) for n in range(20)]
    assert sum(burst) <= 2


def test_who_sends_nothing_or_has_left_takes_no_share() -> None:
    pace, staying, leaving = SharedPace(10), Stream(), Stream()
    labelled(pace, {staying: 30.0, leaving: 30.0}, 1)
    assert pace.camera_rate(1.0) == 5
    assert pace.camera_rate(1.0 + 2 * IDLE_SECONDS) == FULL_RATE
    labelled(pace, {staying: 30.0, leaving: 30.0}, 1, start=10.0)
    del leaving
    gc.collect()
    assert pace.camera_rate(11.0) == FULL_RATE


@pytest.mark.parametrize(("rate", "streams", "asked"), [(1, 3, 1), (90, 2, 30), (24, 5, 5)])
def test_cameras_are_asked_for_one_to_thirty_pictures(rate: int, streams: int, asked: int) -> None:
    pace, senders = SharedPace(rate), [Stream() for _ in range(streams)]
    for sender in senders:
        pace.my_turn(sender, 0.0)
    assert pace.camera_rate(0.0) == asked
