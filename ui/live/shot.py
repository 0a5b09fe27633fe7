"""Single shots of the camera, and what is in them beside it."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError, MaskPipeline, encode_image, read_image
from maskcore.drawing import draw_faces
from ui.announce import announce
from ui.live.doctor import ON_LIVE_PAGE, Meanwhile, examine_for_shots
from ui.photos.gallery import Gallery
from ui.photos.photo import Results
from ui.photos.said import sentence
from ui.uploads import check_held

ON_PHOTOS_PAGE = Meanwhile(
    "Meanwhile **Upload**, above, works.", "Without a camera **Upload**, above, works."
)
# What stands beside the camera is no higher, and keeps its place while the next shot is looked at.
_LAST_SHOT = "last-shot"
_STYLE = f"""<style>
.st-key-{_LAST_SHOT} {{ min-height: 40vh; }}
.st-key-{_LAST_SHOT} img {{ max-height: 36vh; object-fit: contain; object-position: left top; }}
</style>"""


def show_last_shot(gallery: Gallery, results: Results, blur: bool) -> None:
    """What is in the photo that the camera took last; it also stands among the others.

    Args:
        gallery: the visitor's.
        results: what has been found in its photos.
        blur: whether faces are made unrecognisable.
    """
    shot = gallery.shot
    if shot is None:
        _wait_for_shot("What is found in your photo appears here.", ON_PHOTOS_PAGE)
        return
    st.html(_STYLE)
    with st.container(key=_LAST_SHOT):
        for photo, analysis in results:
            if photo is shot:
                found = sentence(analysis)
                st.markdown(f"**{found}**")
                st.image(shot.annotated_preview(analysis, blur), alt=f"Your last shot: {found}")
                return
        st.info("Your photo comes here once it has been looked at.")


def show_camera_shot(pipeline: MaskPipeline | None, threshold: float, blur: bool) -> None:
    """Take a photo and show what is in it; it is not kept.

    Args:
        pipeline: made for photos; None where there is none to be had.
        threshold: mask probability, 0..1, from which a face counts as masked.
        blur: whether faces are made unrecognisable.
    """
    left, right = st.columns(2, gap="medium")
    with left:
        shot = st.camera_input("Take a photo", label_visibility="collapsed", key="shot")
    with right:
        if shot is None:
            _wait_for_shot("Your labelled photo appears here.", ON_LIVE_PAGE)
            return
        if pipeline is None:
            return
        try:
            check_held(shot)
            with st.spinner("Looking at the photo"):
                image = read_image(shot.getvalue())
                analysis = pipeline.analyze(image, threshold)
        except MasklensError as error:
            st.error(str(error))
            return
        found = sentence(analysis)
        labelled = encode_image(draw_faces(image, analysis.faces, numbered=False, blur=blur))
        st.image(labelled, width="stretch", alt=found)
        st.header(found, anchor=False)
        announce(found)
        st.download_button(
            "Labelled photo (JPEG)",
            labelled,
            "masklens-shot.jpg",
            "image/jpeg",
            icon=":material/download:",
            on_click="ignore",
        )


@st.fragment
def _wait_for_shot(coming: str, meanwhile: Meanwhile) -> None:
    if not examine_for_shots(meanwhile):
        st.info(coming)
