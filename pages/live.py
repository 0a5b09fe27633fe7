"""Live video: the camera through WebRTC, single camera shots, or a video file."""

from __future__ import annotations

import streamlit as st

from ui.choices import choose, choose_way, fold_on_phones, ready_pipeline
from ui.entry import enter_by_main_script
from ui.live.faces_chart import show_chart
from ui.live.live_view import (
    choose_extras,
    show_actions,
    show_camera,
    show_figures,
    show_notes,
    show_snapshots,
)
from ui.live.shot import show_camera_shot
from ui.live.stream import LiveSettings, LiveStream
from ui.live.video import VideoSettings
from ui.live.video_view import show_video
from ui.live.webrtc import leave_stream

WAYS = {
    "Camera": ":material/videocam:",
    "Single shot": ":material/photo_camera:",
    "Video file": ":material/movie:",
}
WHAT_TO_DO = {
    "Camera": "Press **Start** and allow the camera: every face is boxed, followed and labelled."
    " Pictures go to the computer that runs Masklens, are looked at and forgotten. Snapshots you"
    " take and the log of counts stay in this session and are gone when you close the page.",
    "Single shot": "Allow the camera and press **Take Photo**: every face is boxed and labelled."
    " The shot goes to the computer that runs Masklens, is looked at and forgotten.",
    "Video file": "Add a video: every face is boxed, followed and labelled. It goes to the"
    " computer that runs Masklens, where nothing of it is kept once you press **Another video**"
    " or close the page.",
}

enter_by_main_script()

st.title("Live", anchor=False)
intro = st.container()
way = choose_way("Where the pictures come from", WAYS, key="way")
intro.markdown(WHAT_TO_DO[way])
# The picture stands above the settings, which are asked first.
scene = st.container()
fold_on_phones("live-settings")
stream = LiveStream.of_session()
with st.container(key="live-settings"):
    choice, threshold = choose()
blur, alert = choose_extras(with_alert=way == "Camera")
ready = ready_pipeline(choice, live=way != "Single shot")

if way != "Camera":
    leave_stream()
if way == "Video file":
    with scene:
        show_video(ready, VideoSettings(*choice, threshold, blur))
elif way == "Single shot":
    with scene:
        show_camera_shot(ready, threshold, blur)
else:
    if ready is not None:  # else what was chosen before goes on
        stream.settings = LiveSettings(ready, threshold, blur, alert)
    picture, facts = scene.columns([3, 2], gap="medium")
    with picture:
        playing = show_camera(stream)
    with facts:
        every = 0.5 if playing else None
        empty = stream.log.is_empty
        st.fragment(show_figures, run_every=every)(stream, playing, empty)
        show_actions(stream, playing, empty)
        st.fragment(show_notes, run_every=every)(stream, alert, playing)
    st.fragment(show_chart, run_every=2.0 if playing else None)(stream)
    show_snapshots(stream)
