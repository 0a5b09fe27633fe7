"""Live video: the camera through WebRTC, single camera shots, or a video file."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError
from maskcore.detection import yunet_available
from ui.choices import choose, offer_yunet
from ui.doctor import examine
from ui.entry import enter_by_main_script
from ui.ice import ice_servers
from ui.live_view import (
    choose_extras,
    show_actions,
    show_chart,
    show_figures,
    show_snapshots,
)
from ui.loading import pipeline
from ui.results import plain
from ui.shot import show_camera_shot
from ui.stream import LiveSettings, LiveStream
from ui.video_view import show_video
from ui.webrtc import camera_stream, leave_stream

WAYS = {
    "Camera": ":material/videocam:",
    "Snapshots": ":material/photo_camera:",
    "Video file": ":material/movie:",
}

enter_by_main_script()

st.title("Live", anchor=False)
st.markdown(
    "Press **Start** and allow the camera: every face is boxed, followed and labelled. Pictures"
    " go to the computer that runs Masklens, are looked at and forgotten; nothing is recorded."
)
way = st.segmented_control(
    "Where the pictures come from",
    list(WAYS),
    default="Camera",
    required=True,
    format_func=lambda name: f"{WAYS[name]} {name}",
    label_visibility="collapsed",
    key="way",
)
# The picture stands above the settings, which are asked first.
scene, settings = st.container(), st.container()
stream = LiveStream.of_session()
if way != "Camera":
    leave_stream()
with settings:
    choice, threshold = choose()
    blur, alert = choose_extras()
    if choice[0] == "yunet" and not yunet_available():
        offer_yunet()
        st.stop()
    try:
        live = pipeline(*choice, live=True)
        servers = ice_servers()
    except MasklensError as error:
        st.error(plain(str(error)))
        st.stop()

if way == "Video file":
    with scene:
        show_video(live, threshold, blur)
elif way == "Snapshots":
    with scene:
        show_camera_shot(pipeline(*choice), threshold, blur)
else:
    stream.settings = LiveSettings(live, threshold, blur, alert)
    picture, facts = scene.columns([3, 2], gap="medium")
    with picture:
        state = camera_stream(stream.process, servers).state
        playing = state.playing
        examine(stream, playing or state.signalling, bool(servers))
    with facts:
        st.fragment(show_figures, run_every=0.5 if playing else None)(stream, alert)
        show_actions(stream, playing)
    st.fragment(show_chart, run_every=2.0 if playing else None)(stream)
    show_snapshots(stream)
