"""The camera's stream through streamlit-webrtc; what works around it stands here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import av
import streamlit as st
import streamlit_webrtc

_KEY = "camera-stream"
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
    "turn_camera_on": "Show camera",
    "turn_camera_off": "Pause camera",
}

Frames = list[av.VideoFrame]


def camera_stream(
    process: Callable[[Frames], Awaitable[Frames]], ice_servers: list[dict[str, Any]]
) -> Any:
    """Show the player with Start and Stop, and run frames through ``process``.

    Args:
        process: gets the frames that came since its last call, in a thread of its own, and
            returns those to be shown.
        ice_servers: STUN and TURN servers for both ends.

    Returns:
        The library's context; ``state.playing`` says whether the stream is up.
    """
    context = st.session_state.get(_KEY)
    if context is not None:
        # The library takes the runs of the script between two renderings for a visit to
        # another page and tears the stream down; fragments and quick reruns look the same
        # to it, and a stream died right after its first Start. Leaving the page stops
        # the stream anyway, by ``leave_stream``.
        context._last_rendered_run_count = None
    return streamlit_webrtc.webrtc_streamer(
        key=_KEY,
        queued_video_frames_callback=process,
        async_processing=True,
        # A list, even an empty one: without it the library asks outside servers.
        rtc_configuration={"iceServers": ice_servers},
        media_stream_constraints=_CONSTRAINTS,
        sendback_audio=False,
        video_html_attrs={
            "autoPlay": True,
            "controls": False,
            "muted": True,
            "style": {"width": "100%", "borderRadius": "0.5rem"},
        },
        translations=_WORDS,
    )


def leave_stream() -> None:
    """Stop the stream when the page shows something else in its place.

    The library notices another page, but not another view of the same page.
    """
    context = st.session_state.pop(_KEY, None)
    worker = context._get_worker() if context is not None else None
    if worker is not None:
        worker.stop()
