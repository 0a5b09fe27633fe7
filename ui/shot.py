"""Single shots of the camera, for where no stream comes through."""

from __future__ import annotations

import streamlit as st

from maskcore import ImageError, MaskPipeline, encode_image, read_image
from maskcore.drawing import blur_faces, draw_faces
from ui.doctor import examine_for_shots
from ui.results import sentence


def show_camera_shot(pipeline: MaskPipeline | None, threshold: float, blur: bool) -> None:
    """Take a shot and show what is in it; it is not kept.

    Args:
        pipeline: made for photos; None where there is none to be had.
        threshold: mask probability, 0..1, from which a face counts as masked.
        blur: whether faces are made unrecognisable.
    """
    left, right = st.columns(2, gap="medium")
    with left:
        shot = st.camera_input("Take a shot", label_visibility="collapsed", key="shot")
    with right:
        if shot is None:
            _wait_for_shot()
            return
        if pipeline is None:
            return
        try:
            with st.spinner("Looking at the shot"):
                image = read_image(shot.getvalue())
                analysis = pipeline.analyze(image, threshold)
        except ImageError as error:
            st.error(str(error))
            return
        if blur:
            image = blur_faces(image, [face.box_xyxy for face in analysis.faces])
        found = sentence(analysis)
        labelled = encode_image(draw_faces(image, analysis.faces, numbered=False))
        st.image(labelled, width="stretch", alt=found)
        st.subheader(found, anchor=False)
        st.download_button(
            "Labelled shot",
            labelled,
            "masklens-shot.jpg",
            "image/jpeg",
            icon=":material/download:",
            on_click="ignore",
        )


@st.fragment
def _wait_for_shot() -> None:
    if not examine_for_shots():
        st.info("The labelled shot appears here.")
