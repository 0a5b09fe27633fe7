"""One visitor's stream, without a browser: frames in, frames and figures out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import numpy as np
import pytest

from maskcore import MasklensError, MaskPipeline, read_image
from maskcore.alert import AlertRule
from maskcore.types import ImageRgb
from ui.live import stream as stream_module
from ui.live.pace import SharedPace
from ui.live.stream import MOST_SNAPSHOTS, ONE_PRESS_SECONDS, LiveSettings, LiveStream

GREY = np.full((120, 200, 3), 128, np.uint8)  # a face with and one without a mask, by the fake


class Clock:
    """Time that goes on only when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stream_module, "time", clock)
    # Streams of other tests, whose clocks said the same, have no share.
    monkeypatch.setattr(stream_module, "_pace", SharedPace())
    return clock


@pytest.fixture
def stream(clock: Clock, fake_pipeline: MaskPipeline) -> LiveStream:
    stream = LiveStream()
    stream.settings = LiveSettings(fake_pipeline, 0.5)
    return stream


def pixels(width: int) -> ImageRgb:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (120, width, 3)).astype(np.uint8)


def send(stream: LiveStream, clock: Clock, *images: ImageRgb) -> ImageRgb:
    """One call with all these frames, in a thread as the library does, 40 ms after the last."""
    clock.seconds += 0.04
    frames = [av.VideoFrame.from_ndarray(image, format="rgb24") for image in images]
    with ThreadPoolExecutor(1) as thread:
        (shown,) = thread.submit(asyncio.run, stream.process(frames)).result()
    return shown.to_ndarray(format="rgb24")


def test_faces_are_boxed_and_counted(stream: LiveStream, clock: Clock) -> None:
    shown = send(stream, clock, GREY)
    assert shown.shape == GREY.shape
    assert (shown != GREY).any()
    for _ in range(50):
        send(stream, clock, GREY)
    now = stream.now()
    assert (now.mask, now.no_mask, now.not_sure, now.people) == (1, 1, 0, 2)
    assert now.frames_per_second == pytest.approx(25)
    assert stream.flowing


def test_only_the_newest_frame_is_looked_at(stream: LiveStream, clock: Clock, fake: Any) -> None:
    shown = send(stream, clock, pixels(64), pixels(64), GREY)
    assert shown.shape == GREY.shape
    assert fake.detected == [(200, 120)]
    assert stream.now().dropped == 2


def test_settings_take_effect_on_the_next_frame(
    stream: LiveStream, clock: Clock, fake_pipeline: MaskPipeline
) -> None:
    send(stream, clock, GREY)
    assert stream.now().mask == 1
    stream.settings = LiveSettings(fake_pipeline, 0.95)
    send(stream, clock, GREY)
    assert (stream.now().mask, stream.now().no_mask) == (0, 2)
    stream.settings = LiveSettings(fake_pipeline, 0.1)
    send(stream, clock, GREY)
    assert stream.now().mask == 2


def test_frames_may_change_size_under_way(stream: LiveStream, clock: Clock) -> None:
    for width in (400, 200, 300):
        shown = send(stream, clock, pixels(width))
        assert shown.shape == (120, width, 3)
    assert stream.problem == ""


def test_without_a_finder_no_picture_passes_for_nothing_could_be_blurred(clock: Clock) -> None:
    shown = send(LiveStream(), clock, GREY // 2)
    assert shown.shape == GREY.shape
    assert (shown == 128).all()


def test_a_fault_is_a_sentence_and_the_stream_lives_on(
    stream: LiveStream, clock: Clock, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("secret detail")

    send(stream, clock, GREY)
    monkeypatch.setattr(fake, "detect", fail)
    shown = send(stream, clock, pixels(300))
    assert shown.shape == (120, 300, 3)
    assert (shown == 128).all()
    assert stream.problem
    assert "secret" not in stream.problem
    monkeypatch.undo()
    monkeypatch.setattr(stream_module, "time", clock)
    send(stream, clock, GREY)
    assert stream.problem == ""


@pytest.mark.parametrize("chosen", [True, False])
def test_a_picture_too_large_is_not_unpacked_and_the_stream_lives_on(
    stream: LiveStream, clock: Clock, fake: Any, awaited: Callable[..., Any], chosen: bool
) -> None:
    def sent(width: int, height: int) -> tuple[int, int]:
        clock.seconds += 0.04
        (shown,) = awaited(stream.process([av.VideoFrame(width, height, "yuv420p")]))
        return shown.width, shown.height

    if not chosen:
        stream.settings = None
    assert sent(4096, 2304) == (640, 360)
    assert sent(64, 16_000) == (64, 16_000)  # 1 megapixel
    assert sent(600, 16_000) == (24, 640)
    assert len(fake.detected) == chosen
    if chosen:
        assert "600x16000 pixels; at most 9 megapixels" in stream.problem
    assert sent(4096, 2160) == (4096, 2160)
    assert stream.problem == ""


def test_a_snapshot_is_kept_with_and_without_labels(stream: LiveStream, clock: Clock) -> None:
    with pytest.raises(MasklensError):  # no picture yet
        stream.take_snapshot()
    photo = np.repeat(np.repeat(np.arange(50, dtype=np.uint8)[None, :, None], 120, 0), 4, 1)
    photo = np.repeat(photo + 60, 3, axis=2)
    shown = send(stream, clock, photo)
    stream.take_snapshot()
    (snapshot,) = stream.snapshots
    plain, annotated = read_image(snapshot.plain), read_image(snapshot.annotated)
    assert np.abs(plain.astype(int) - photo).max() < 16  # but for the JPEG
    assert np.abs(annotated.astype(int) - shown).mean() < 8
    assert np.abs(annotated.astype(int) - plain).max() > 80


def test_no_snapshot_of_a_picture_that_stands_still(stream: LiveStream, clock: Clock) -> None:
    send(stream, clock, GREY)
    clock.seconds += 5
    assert not stream.flowing
    with pytest.raises(MasklensError, match="no picture comes"):
        stream.take_snapshot()


def test_snapshots_have_names_of_their_own_and_none_gives_way_to_another(
    stream: LiveStream, clock: Clock
) -> None:
    for _ in range(MOST_SNAPSHOTS):
        clock.seconds += ONE_PRESS_SECONDS
        send(stream, clock, GREY)
        stream.take_snapshot()
    taken = stream.snapshots
    names = [snapshot.name for snapshot in taken]
    assert len(set(names)) == MOST_SNAPSHOTS
    assert names == sorted(names, reverse=True)
    clock.seconds += ONE_PRESS_SECONDS
    for _ in range(2):  # also of a double click
        with pytest.raises(MasklensError, match="there are 12"):
            stream.take_snapshot()
    assert stream.snapshots == taken

    stream.remove_snapshot(taken[-1])
    clock.seconds += ONE_PRESS_SECONDS
    stream.take_snapshot()
    assert stream.snapshots[1:] == taken[:-1]
    assert stream.snapshots[0].name not in names


def test_a_double_click_takes_or_removes_one_snapshot(stream: LiveStream, clock: Clock) -> None:
    for _ in range(2):
        clock.seconds += ONE_PRESS_SECONDS
        for _ in range(2):
            send(stream, clock, GREY)
            stream.take_snapshot()
    second, first = stream.snapshots
    clock.seconds += ONE_PRESS_SECONDS
    stream.remove_snapshot(second)
    clock.seconds += ONE_PRESS_SECONDS / 2
    stream.remove_snapshot(first)  # which has slipped into the place of the other
    assert stream.snapshots == [first]
    clock.seconds += ONE_PRESS_SECONDS / 2
    stream.remove_snapshot(first)
    assert stream.snapshots == []


def test_blurring_leaves_no_face_in_what_is_shown_and_saved(
    stream: LiveStream, clock: Clock, fake_pipeline: MaskPipeline
) -> None:
    photo = pixels(200)
    stream.settings = LiveSettings(fake_pipeline, 0.5, blur=True)
    shown = send(stream, clock, photo)
    stream.take_snapshot()
    inside = (slice(16, 44), slice(8, 32))  # of the first face
    saved = read_image(stream.snapshots[0].plain)
    for picture in (shown, saved):
        kept = np.corrcoef(picture[inside].ravel(), photo[inside].ravel())[0, 1]
        assert kept < 0.4
    below = (slice(80, 118), slice(0, 200))
    assert np.corrcoef(shown[below].ravel(), photo[below].ravel())[0, 1] > 0.9


def test_the_alert_is_off_until_a_rule_is_given(
    stream: LiveStream, clock: Clock, fake_pipeline: MaskPipeline
) -> None:
    for _ in range(200):
        send(stream, clock, GREY)
    assert stream.alert.count == 0
    stream.settings = LiveSettings(fake_pipeline, 0.5, alert=AlertRule(2, 60))
    for _ in range(60):
        send(stream, clock, GREY)
    assert stream.alert.count == 1
    assert stream.alerted


def test_starting_over_forgets_the_figures_and_keeps_the_snapshots(
    stream: LiveStream, clock: Clock
) -> None:
    for _ in range(30):
        send(stream, clock, GREY)
    stream.take_snapshot()
    stream.start_over()
    assert stream.now().people == 0
    assert stream.log.rows() == []
    assert len(stream.snapshots) == 1
    send(stream, clock, GREY)
    assert stream.now().mask == 1


def test_pictures_out_of_turn_are_passed_over_and_counted(
    stream: LiveStream,
    clock: Clock,
    fake: Any,
    awaited: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "_pace", SharedPace(10))
    other = LiveStream()
    send(stream, clock, GREY)
    before = stream.now().dropped
    frame = av.VideoFrame.from_ndarray(GREY, format="rgb24")
    shown = []
    for _ in range(100):  # two cameras for 4 seconds
        clock.seconds += 0.04
        shown.append(len(awaited(stream.process([frame]))))
        awaited(other.process([frame]))
    assert set(shown) == {0, 1}
    assert 18 <= sum(shown) <= 27
    assert len(fake.detected) == 1 + sum(shown)
    last = len(shown) - 1 - shown[::-1].index(1)
    assert stream.now().dropped - before == sum(1 - n for n in shown[:last])
    assert stream.flowing
    assert stream.camera_rate == 5
