"""Live video: the camera through WebRTC, single camera shots, or a video file."""

from __future__ import annotations

import streamlit as st

from ui.choices import choose, choose_way, ready_pipeline
from ui.entry import enter_by_main_script
from ui.live_view import (
    choose_extras,
    show_actions,
    show_camera,
    show_chart,
    show_figures,
    show_snapshots,
)
from ui.shot import show_camera_shot
from ui.stream import LiveSettings, LiveStream
from ui.video_view import show_video
from ui.webrtc import leave_stream

WAYS = {
    "Camera": ":material/videocam:",
    "Snapshots": ":material/photo_camera:",
    "Video file": ":material/movie:",
}

enter_by_main_script()

st.title("Live", anchor=False)
st.markdown(
    "Press **Start** and allow the camera: every face is boxed, followed and labelled. Pictures"
    " go to the computer that runs Masklens, are looked at and forgotten. Snapshots you take and"
    " the log of counts stay in this session and are gone when you close the page."
)
way = choose_way("Where the pictures come from", WAYS, key="way")
# The picture stands above the settings, which are asked first.
scene, settings = st.container(), st.container()
stream = LiveStream.of_session()
with settings:
    choice, threshold = choose()
    blur, alert = choose_extras()
    ready = ready_pipeline(choice, live=way != "Snapshots")

if way != "Camera":
    leave_stream()
if way == "Video file":
    with scene:
        show_video(ready, threshold, blur)
elif way == "Snapshots":
    with scene:
        show_camera_shot(ready, threshold, blur)
else:
    if ready is not None:  # else what was chosen before goes on
        stream.settings = LiveSettings(ready, threshold, blur, alert)
    picture, facts = scene.columns([3, 2], gap="medium")
    with picture:
        playing = show_camera(stream)
    with facts:
        st.fragment(show_figures, run_every=0.5 if playing else None)(stream, alert)
        show_actions(stream, playing)
    st.fragment(show_chart, run_every=2.0 if playing else None)(stream)
    show_snapshots(stream)
