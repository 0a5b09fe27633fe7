"""Taking photos in, and saying which files were not."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from maskcore.images import MAX_BYTES
from ui.choices import choose_way
from ui.photos.gallery import MAX_PHOTOS, Gallery, Problems
from ui.photos.sample import SAMPLE_NAME, sample_photo
from ui.uploader import empty_field, field_key, word_uploader
from ui.words import counted, shown_name

SOURCES = {"Upload": ":material/upload:", "Camera": ":material/photo_camera:"}
# So many refused files are named at once; more only when asked for.
FEW = 3
KINDS = (
    "JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP, TIFF;"
    f" {MAX_BYTES // 2**20} MB each, up to {MAX_PHOTOS} at a time"
)
# The field for more photos is low on phones as well.
_LOW_FIELD_STYLE = """<style>
.st-key-intake [data-testid="stFileUploaderDropzone"] { flex-direction: row; align-items: center; }
</style>"""
# Streamlit makes the box anew for each shot, low at first and then too high: all below would jump.
_CAMERA_STYLE = """<style>
.st-key-camera [data-testid="stCameraInputWebcamStyledBox"]:not([hidden]),
.st-key-camera [data-testid="stCameraInputWebcamComponent"] > div:has(a) {
  aspect-ratio: 16 / 9; width: 100%; height: auto; min-height: 0; overflow: hidden;
}
.st-key-camera video { width: 100%; height: 100%; }
</style>"""


def choose_source(gallery: Gallery) -> str:
    """Show the ways photos come in; the one taken."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        source = choose_way("Where the photos come from", SOURCES, key="source")
        if st.button("Try a sample photo", icon=":material/face:", type="tertiary"):
            gallery.dismiss({SAMPLE_NAME})
            gallery.add(SAMPLE_NAME, sample_photo())
    return source


def take_in(gallery: Gallery, source: str) -> DeltaGenerator | None:
    """Take photos in; what came is in the gallery when the page runs again.

    Args:
        gallery: the visitor's.
        source: one of ``SOURCES``.

    Returns:
        The place beside the camera, where there is one, for what its last shot shows.
    """
    beside = None
    if source == "Upload":
        if gallery.photos:
            st.html(_LOW_FIELD_STYLE)
            at_most = f"up to {MAX_PHOTOS} in all"
            word_uploader("intake", "More photos", "Or drop more here", at_most)
        else:
            word_uploader("intake", "One photo or many", "Or drop photos here", KINDS)
        # It takes every file: each is refused by reading it.
        with st.container(key="intake"):
            files = st.file_uploader(
                "Photos",
                accept_multiple_files=True,
                label_visibility="collapsed",
                key=field_key(source),
            )
    else:
        # Half as wide as the page: across all of it the shutter would lie below the window.
        camera, beside = st.columns(2, gap="medium")
        with camera.container(key="camera"):
            st.html(_CAMERA_STYLE)
            shot = st.camera_input(
                "Take a photo", label_visibility="collapsed", key=field_key(source)
            )
        files = [shot] if shot else []
    if files:
        gallery.dismiss({file.name for file in files})  # what comes again is judged anew
        for file in files:
            photo = gallery.add(file.name, file.getvalue(), is_shot=source == "Camera")
            if source == "Camera":
                gallery.shot = photo
        empty_field(source)
        st.rerun()
    return beside


def show_problems(gallery: Gallery) -> None:
    """What was not taken in: how many files were here already, and why the others were refused."""
    if not gallery.problems and not gallery.doubles:
        return
    with st.container(horizontal=True, key="problems"):
        with st.container(width="stretch", gap="xsmall"):
            if doubles := len(gallery.doubles):
                was = "was" if doubles == 1 else "were"
                st.info(f"{counted(doubles, 'photo')} {was} here already.")
            if gallery.problems:
                _show_refused(gallery.problems)
        st.button("Close", icon=":material/close:", type="tertiary", on_click=gallery.dismiss)


def _show_refused(problems: Problems) -> None:
    """One warning on all of them, each reason once; many on a click."""
    said = _reasons(problems[:FEW])
    more = len(problems) - FEW
    if more > 0:
        said = f"{len(problems)} files were not taken in.\n\n{said}\n\nAnd {more} more."
    st.warning(said, icon=":material/error:")
    if more > 0:
        with st.expander("All that were not taken in"):
            st.markdown(_reasons(problems))


def _reasons(problems: Problems) -> str:
    """The files of each reason, and the reason, as Markdown."""
    names: dict[str, list[str]] = {}
    for name, problem in problems:
        names.setdefault(problem, []).append(f"**{shown_name(name)}**")
    return "\n\n".join(f"{', '.join(names[problem])}: {problem}" for problem in names)
