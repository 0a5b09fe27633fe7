"""What works around streamlit-webrtc, with tracks that are made here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from streamlit_webrtc.process import AsyncVideoProcessTrack

from ui.live.webrtc import NewestFrames


def picture(shade: int, kind: str = "rgb24") -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), shade, np.uint8), format="rgb24")
    return frame if kind == "rgb24" else frame.reformat(format=kind)


class Source(MediaStreamTrack):
    """Gives frames as fast as they are asked for, a moment apart."""

    kind = "video"

    def __init__(self, frames: list[Any]) -> None:
        super().__init__()
        self._frames = iter(frames)

    async def recv(self) -> Any:
        await asyncio.sleep(0.001)
        frame = next(self._frames, None)
        if frame is None:
            await asyncio.Event().wait()  # no more come, but it has not ended
        return frame


class Processed(AsyncVideoProcessTrack):
    """A processed track whose frames are given."""

    def __init__(self, frames: list[Any]) -> None:
        MediaStreamTrack.__init__(self)
        self._source = Source(frames)

    async def recv(self) -> Any:
        return await self._source.recv()


async def taken(track: MediaStreamTrack, count: int, pause: float = 0.0) -> list[Any]:
    """What comes out behind the relay, taken with a pause after each."""
    proxy = NewestFrames().subscribe(track, buffered=True)
    frames = []
    for _ in range(count):
        frames.append(await asyncio.wait_for(proxy.recv(), 60))
        await asyncio.sleep(pause)
    return frames


def test_who_is_slow_gets_the_newest_frame_and_not_those_before(
    awaited: Callable[..., Any],
) -> None:
    frames = [picture(n) for n in range(200)]
    first, second = awaited(taken(Source(frames), 2, pause=0.5))
    # By then some dozens have come: a queue would give the one after the first.
    assert frames.index(second) - frames.index(first) > 5


def test_a_frame_repeated_by_the_library_is_handed_on_once(awaited: Callable[..., Any]) -> None:
    a, b, c = (picture(n) for n in (10, 20, 30))
    assert awaited(taken(Processed([a, a, a, b, b, c, c]), 3)) == [a, b, c]


@pytest.mark.parametrize("kind", ["yuv420p", "nv12"])
def test_no_picture_of_the_camera_passes_unprocessed(
    kind: str, awaited: Callable[..., Any]
) -> None:
    raw, labelled = picture(10, kind), picture(20)
    assert awaited(taken(Processed([raw, raw, labelled]), 1)) == [labelled]


def test_the_camera_s_own_track_is_handed_on_as_it_is(awaited: Callable[..., Any]) -> None:
    raw = picture(10, "yuv420p")
    assert awaited(taken(Source([raw]), 1)) == [raw]
