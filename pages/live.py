"""Live video: the camera through WebRTC, photos that it takes, or a video file."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ui.choices import (
    bring_into_sight,
    choose,
    choose_blur,
    choose_way,
    fold,
    mask_models,
    ready_pipeline,
)
from ui.entry import enter_by_main_script
from ui.live.doctor import offer_test
from ui.live.faces_chart import show_chart
from ui.live.live_view import (
    choose_alert,
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
    "Live video": ":material/videocam:",
    "Take a photo": ":material/photo_camera:",
    "Video file": ":material/movie:",
}
WHAT_TO_DO = {
    "Live video": "Press **Start** and allow the camera: every face is boxed, followed and"
    " labelled. Pictures go only to the computer that runs Masklens and are gone when you close"
    " or reload the page.",
    "Take a photo": "Allow the camera and press **Take Photo**: every face is boxed and labelled."
    " Photos go only to the computer that runs Masklens and are gone when you close or reload"
    " the page.",
    "Video file": "Add a video: every face is boxed, followed and labelled. It goes only to the"
    " computer that runs Masklens and is gone when you press **Another video**, or close or"
    " reload the page, a day later at most.",
}
BLURRED = "In the picture, in snapshots and in saved videos."

enter_by_main_script()

st.title("Live", anchor=False)
way = choose_way("Where the pictures come from", WAYS, key="way")
# The picture stands above the settings, which are asked first.
scene = st.container()
tools = st.container(horizontal=True, vertical_alignment="center")
mask_models()  # where there is none this is said here, not in what is folded
with tools:
    fold("live-settings")
with st.container(key="live-settings"):
    choice, threshold = choose(live=way != "Take a photo")
ready = ready_pipeline(choice, live=way != "Take a photo")

if way == "Live video":
    stream = LiveStream.of_session()
    picture, facts = scene.columns([3, 2], gap="medium")
    figures = facts.container()
    with facts, st.container(horizontal=True, vertical_alignment="center"):
        blur = choose_blur(BLURRED)
        alert = choose_alert()
    if ready is not None:
        stream.settings = LiveSettings(ready, threshold, blur, alert)
    elif stream.settings is not None:  # finder and model of before go on
        stream.settings = replace(stream.settings, blur=blur, alert=alert)
    with picture:
        playing, started = show_camera(stream, WHAT_TO_DO[way])
    with tools:
        offer_test(started)
    heeded = alert if stream.settings else None  # without a finder nobody looks
    every = 0.5 if playing else None
    empty = stream.log.is_empty
    with figures:
        st.fragment(show_figures, run_every=every)(stream, playing, empty)
    with facts:
        show_actions(stream, playing, empty)
        st.fragment(show_notes, run_every=every)(stream, heeded, playing)
    st.fragment(show_chart, run_every=2.0 if playing else None)(stream)
    show_snapshots(stream)
else:
    leave_stream()
    with tools:
        blur = choose_blur(BLURRED)
    with scene:
        st.markdown(WHAT_TO_DO[way])
        if way == "Video file":
            show_video(ready, VideoSettings(*choice, threshold, blur))
        else:
            show_camera_shot(ready, threshold, blur)
bring_into_sight("live-settings")
