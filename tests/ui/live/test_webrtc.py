"""What works around streamlit-webrtc, with tracks that are made here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from streamlit.testing.v1 import AppTest
from streamlit_webrtc import component
from streamlit_webrtc.process import AsyncVideoProcessTrack
from streamlit_webrtc.webrtc import WebRtcWorker

from ui.live.webrtc import CheckedWorker, NewestFrames


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


HEAD = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]


def section(
    kind: str = "video", codecs: int = 1, feedbacks: int = 0, addresses: int = 0
) -> list[str]:
    """The lines of an offer for a track."""
    types = range(codecs)
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(str(type) for type in types)}",
        *(f"a=rtpmap:{type} VP8/90000" for type in types),
        *(f"a=fmtp:{type} level-asymmetry-allowed=1;packetization-mode=1" for type in types),
        *(f"a=rtcp-fb:{n % codecs} nack" for n in range(feedbacks)),
        *(f"a=candidate:{n} 1 udp 2113937151 10.0.0.{n} 9 typ host" for n in range(addresses)),
    ]


def offer(*sections: list[str], end: str = "\r\n") -> str:
    return end.join([*HEAD, *sum(sections, [])]) + end


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The offers that reach the library's worker, which does nothing with them."""
    sdps: list[Any] = []

    def begin(worker: Any, **_: Any) -> None:
        worker.pc, worker._added_ice_candidate_ids = SimpleNamespace(localDescription=None), set()

    def answer(worker: Any, sdp: Any, *_: Any, **__: Any) -> None:
        sdps.append(sdp)

    monkeypatch.setattr(WebRtcWorker, "__init__", begin)
    monkeypatch.setattr(WebRtcWorker, "process_offer", answer)
    for name in ("stop", "update_video_callbacks"):
        monkeypatch.setattr(WebRtcWorker, name, lambda *_, **__: None)
    return sdps


def page_sent(sdp: Any, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page with a player, to whose first run the browser has sent an offer already."""

    def script() -> None:
        from ui.live.webrtc import camera_stream

        camera_stream(None, [], "No picture yet.")  # type: ignore[arg-type]

    value = {"playing": False, "sdpOffer": {"type": "offer", "sdp": sdp}}
    monkeypatch.setattr(component, "_component_func", lambda **_: value)
    monkeypatch.setattr(component, "WebRtcWorker", WebRtcWorker)
    monkeypatch.setattr(component, "get_this_session_info", lambda: None)  # needs a server
    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    "sdp",
    [
        pytest.param(offer(section()), id="the least"),
        pytest.param(offer(section(codecs=60, feedbacks=200, addresses=60)), id="a rich video"),
        pytest.param(
            offer(section("audio", 20), section("video", 60, 200, 60), section("application")),
            id="sound and data too",
        ),
    ],
)
def test_browsers_offers_are_answered(
    sdp: str, answered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_sent(sdp, monkeypatch)
    assert not page.error
    assert answered == [sdp]


@pytest.mark.parametrize(
    "sdp",
    [
        pytest.param(offer(*[section()] * 5), id="five tracks"),
        pytest.param(offer(*[section()] * 300, end="\n"), id="line feeds"),
        pytest.param(offer(*[section()] * 5, end="\r"), id="carriage returns"),
        pytest.param(offer(*[section()] * 5, end="\u2028"), id="what aiortc splits at as well"),
        pytest.param(offer(section(codecs=200)), id="codecs"),
        pytest.param(offer(section(feedbacks=500)), id="feedback"),
        pytest.param(offer(section(addresses=201)), id="addresses"),
        pytest.param(offer(section(), ["a=x:" + "y" * 2**16]), id="size"),
        pytest.param(["m=video"], id="no text"),
        pytest.param(None, id="nothing"),
    ],
)
def test_an_offer_of_more_than_a_camera_is_a_sentence(
    sdp: Any, answered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_sent(sdp, monkeypatch)
    page.run()  # where it is sent again
    (error,) = page.error
    assert "asks for more than a camera needs" in error.value
    assert answered == []


def test_a_stream_takes_so_many_addresses_in_all(
    answered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Any] = []
    monkeypatch.setattr(WebRtcWorker, "add_ice_candidate", lambda _, found: taken.append(found))
    worker = CheckedWorker()
    sent: dict[str, Any] = {}
    for n in range(0, 1000, 50):
        for m in range(n, n + 50):
            line = f"{m} 1 udp 2113937151 10.0.0.1 {m + 1} typ host"
            sent[str(m)] = {"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0}
        worker.set_ice_candidates_from_offerer(sent)
        assert len(taken) == min(n + 50, 200)
    assert [candidate.port for candidate in taken] == list(range(1, 201))
