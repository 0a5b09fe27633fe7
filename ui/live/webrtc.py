"""The camera's stream through streamlit-webrtc; what works around it stands here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any

import av
import streamlit as st
import streamlit_webrtc
import streamlit_webrtc.component
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit.runtime import Runtime
from streamlit_webrtc.component import (
    _reset_context,
    compile_state,
    generate_frontend_component_key,
)
from streamlit_webrtc.process import AsyncVideoProcessTrack
from streamlit_webrtc.relay import _SERVER_GLOBAL_RELAY_ATTR_NAME_
from streamlit_webrtc.webrtc import WebRtcWorker

from maskcore import MasklensError
from ui.entry import KEY

_log = logging.getLogger(__name__)
# The player's place is that of a 4:3 picture with a row of buttons below it, from the beginning,
# whatever the player shows in it: nothing may move at Start and Stop. Words lie behind the
# frame, which browser.js lets them through while no picture is there. A picture of another
# shape has margins in it; one that is higher makes it higher.
_PLACE = """<style>
[class*="st-key-player-"] { container-type: inline-size; position: relative; }
[class*="st-key-player-"] iframe {
  display: block; min-height: calc(75cqw + 54px); position: relative;
}
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-waiting-"]) {
  position: absolute; top: 8px; width: 100%; aspect-ratio: 4 / 3; padding: 1rem;
  border-radius: 0.5rem; background: color-mix(in srgb, currentColor 5%, transparent);
}
[class*="st-key-waiting-"] { height: 100%; max-width: 28rem; margin: auto; }
[class*="st-key-waiting-"] { justify-content: center; }
[class*="st-key-waiting-"] p { text-align: center; }
</style>"""
_CONSTRAINTS = {
    "video": {
        "width": {"ideal": 640},
        "height": {"ideal": 480},
        "frameRate": {"ideal": 30, "max": 30},
    },
    "audio": False,
}
_WORDS = {
    "start": "Start",
    "stop": "Stop",
    "select_device": "Choose camera",
    "media_api_not_available": "This browser gives no camera to this page.",
    "device_ask_permission": "Please allow the camera.",
    "device_not_available": "No camera was found.",
    "device_access_denied": "The camera was not allowed.",
}

# Most of the browser's addresses that a stream takes, in its offer and later.
_MOST_CANDIDATES = 200
# Most characters of a stream's offer, and most of its lines that begin so. Browsers send some
# 8,000 characters with one m=, 60 rtpmap and 150 rtcp-fb. aiortc reads them on the loop that
# serves all visitors, in a time that grows with their square: 64 kB of rtpmap took a minute.
_MOST_CHARACTERS = 2**16
_MOST_LINES = {
    "m=": 4,
    "a=rtpmap:": 128,
    "a=fmtp:": 128,
    "a=rtcp-fb:": 400,
    "a=ssrc:": 64,
    "a=candidate:": _MOST_CANDIDATES,
}

Frames = list[av.VideoFrame]


class NewestFrames(MediaRelay):
    """Hands on the newest frame alone, and of what was processed no frame twice.

    The library's own relay keeps every frame until it is taken: on a machine that encodes
    more slowly than cameras send, pictures come later and later. Its processed track also
    repeats the last frame until there is a new one, each of which would be encoded again, and
    before there is a first it passes on what the camera sent, with faces unlabelled and, if
    they are to be blurred, unblurred.
    """

    def subscribe(self, track: MediaStreamTrack, buffered: bool = False) -> MediaStreamTrack:
        """A track that follows another; ``buffered`` is not heeded."""
        proxy = super().subscribe(track, buffered=False)
        if isinstance(track, AsyncVideoProcessTrack):
            proxy.recv = _processed_once(proxy.recv)
        return proxy


def _processed_once(
    receive: Callable[[], Awaitable[av.VideoFrame]],
) -> Callable[[], Awaitable[av.VideoFrame]]:
    shown = None

    async def receive_new() -> av.VideoFrame:
        nonlocal shown
        while True:
            frame = await receive()
            # Cameras' frames are YUV, ours are RGB.
            if frame is not shown and frame.format.name == "rgb24":
                shown = frame
                return frame

    return receive_new


class CheckedWorker(WebRtcWorker):
    """Takes from a browser no more than a camera's stream needs.

    It stands where the library uses what the browser sent: the first run of a page may hold an
    offer that ``st.session_state`` does not show.
    """

    def process_offer(self, sdp: Any, type_: Any, timeout: float | None = None) -> Any:
        """Answer an offer.

        Raises:
            MasklensError: it holds more than any camera needs.
        """
        try:
            _check_offer(sdp)
        except MasklensError:
            self.stop(timeout=1)  # as the library does where an offer fails
            raise
        return super().process_offer(sdp, type_, timeout)

    def set_ice_candidates_from_offerer(self, candidates: dict[str, Any]) -> None:
        """Take the browser's addresses, up to a number in all; it can be reached by those."""
        taken = self._added_ice_candidate_ids
        new = ((name, value) for name, value in candidates.items() if name not in taken)
        room = max(_MOST_CANDIDATES - len(taken), 0)
        super().set_ice_candidates_from_offerer(dict(islice(new, room)))


def _check_offer(sdp: Any) -> None:
    is_sane = isinstance(sdp, str) and len(sdp) <= _MOST_CHARACTERS
    if is_sane:
        lines = sdp.splitlines()  # as aiortc does, at more than line feeds
        is_sane = all(
            sum(line.startswith(begin) for line in lines) <= most
            for begin, most in _MOST_LINES.items()
        )
    if not is_sane:
        raise MasklensError(
            "The stream was not set up, for this browser asks for more than a camera needs."
            " Reload this page and press **Start** again, or use another browser."
        )


def _use_newest_frames() -> None:
    """Put our relay in the place where the library looks for its own, once a server."""
    runtime = Runtime.instance()
    if not isinstance(getattr(runtime, _SERVER_GLOBAL_RELAY_ATTR_NAME_, None), NewestFrames):
        setattr(runtime, _SERVER_GLOBAL_RELAY_ATTR_NAME_, NewestFrames())


def camera_stream(
    process: Callable[[Frames], Awaitable[Frames]],
    ice_servers: list[dict[str, Any]],
    waiting: str,
    key: str = KEY,
) -> tuple[bool, bool]:
    """Show the player with Start and Stop, and run frames through ``process``.

    Args:
        process: gets the frames that came since its last call, in a thread of its own, and
            returns those to be shown.
        ice_servers: STUN and TURN servers for both ends.
        waiting: Markdown that stands in the picture's place until there is one.
        key: of the player; each place that shows one has its own.

    Returns:
        Whether the stream is up, and whether it has at least been started.
    """
    if Runtime.exists():  # otherwise the page is tested without a server
        _use_newest_frames()
    streamlit_webrtc.component.WebRtcWorker = CheckedWorker
    st.html(_PLACE)
    with st.container(key=f"player-{key}"):
        with st.container(key=f"waiting-{key}"):
            st.markdown(waiting)
        return _player(process, ice_servers, key)


def _player(
    process: Callable[[Frames], Awaitable[Frames]], ice_servers: list[dict[str, Any]], key: str
) -> tuple[bool, bool]:
    context = st.session_state.get(key)
    if context is not None:
        # The library takes the runs of the script between two renderings for a visit to
        # another page and tears the stream down; fragments and quick reruns look the same
        # to it, and a stream died right after its first Start. ``leave_stream`` does it
        # where the player is really left.
        context._last_rendered_run_count = None
        _make_room_for_new_offer(context, key)
    try:
        context = streamlit_webrtc.webrtc_streamer(
            key=key,
            queued_video_frames_callback=process,
            async_processing=True,
            # A list, even an empty one: without it the library asks outside servers.
            rtc_configuration={"iceServers": ice_servers},
            media_stream_constraints=_CONSTRAINTS,
            sendback_audio=False,
            # Its pause goes on sending pictures, black ones, which would be counted.
            media_toggle_controls=False,
            video_html_attrs={
                "autoPlay": True,
                "playsInline": True,  # else iPhones show none, or leave the page for it
                "controls": False,
                "muted": True,
                "style": {
                    "width": "100%",
                    "minHeight": "75vw",  # of its frame, also before the first picture
                    "objectFit": "contain",
                    "borderRadius": "0.5rem",
                    "background": "color-mix(in srgb, currentColor 5%, transparent)",
                },
            },
            translations=_WORDS,
        )
    except MasklensError as error:
        leave_stream(key)
        st.error(str(error))
        return False, False
    except Exception:  # on a busy server, say, the answer to the browser takes too long
        _log.exception("the stream could not be set up")
        leave_stream(key)
        st.error("The stream could not be set up. Reload this page and press **Start** again.")
        return False, False
    return context.state.playing, context.state.playing or context.state.signalling


def _make_room_for_new_offer(context: Any, key: str) -> None:
    """Let a Start that follows a Stop at once begin a stream of its own.

    The browser's two messages may reach the script as one, and the library, whose worker of
    the stream before is still there, leaves the new offer unanswered.
    """
    value = st.session_state.get(generate_frontend_component_key(key)) or {}
    offer = value.get("sdpOffer")
    if offer and offer != st.session_state.get(f"{key}-offer"):
        st.session_state[f"{key}-offer"] = offer
        if context._get_worker() is not None:
            _reset_context(context)
            context._set_state(compile_state(value))


def leave_stream(key: str = KEY) -> None:
    """Stop the stream, if there is one, where something else is shown in its place.

    The library notices another page within a second, but not another view of the same page.
    """
    context = st.session_state.get(key)
    if context is not None:
        _reset_context(context)
