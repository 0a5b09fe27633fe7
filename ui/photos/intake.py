"""Taking photos in, and saying which files were not."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from maskcore import MasklensError
from maskcore.images import MAX_BYTES
from ui.choices import choose_way
from ui.photos.gallery import MAX_PHOTOS, MAX_SESSION_BYTES, Gallery, Problems
from ui.photos.preview import jpeg_url
from ui.photos.sample import SAMPLE_NAME, labelled_sample, sample_photo
from ui.uploader import empty_field, field_key, release, word_uploader
from ui.uploads import check_held
from ui.words import counted, shown_name

NAMED = 5  # of the files that were here already
SOURCES = {"Upload": ":material/upload:", "Take a photo": ":material/photo_camera:"}

KINDS = (
    "JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP, TIFF;"
    f" {MAX_BYTES // 2**20} MB each,"
    f" up to {MAX_PHOTOS} photos or {MAX_SESSION_BYTES // 2**20} MB at a time"
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


# Its place is kept before it is there.
_SAMPLE_STYLE = """<style>
.st-key-sample img { aspect-ratio: 32 / 15; }
</style>"""
# Close stands inside the first of the notes, at its right.
_NOTES_STYLE = """<style>
.st-key-problems { position: relative; }
.st-key-problems [data-testid="stAlertContainer"] { padding-right: 8.5rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-problems-ways) {
  position: absolute; top: 0.5rem; right: 1rem; z-index: 1; width: auto;
}
</style>"""


def choose_source() -> str:
    """Show the ways photos come in; the one taken."""
    return choose_way("Where the photos come from", SOURCES, key="source")


def offer_sample(gallery: Gallery) -> None:
    """What the app does, shown on the sample, and the way to try it."""

    def add() -> None:
        if not gallery.photos:  # else it is the second click of two
            gallery.dismiss()
            gallery.add(SAMPLE_NAME, sample_photo())

    st.html(_SAMPLE_STYLE)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="sample"):
        st.image(
            jpeg_url(labelled_sample()),
            width=480,
            alt="A portrait labelled No Mask and the same with a painted mask, labelled Mask",
        )
        with st.container(width=400):
            st.markdown("Shows each face, its label and how sure that is.")
            st.button("Try the sample photo", icon=":material/face:", type="primary", on_click=add)


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
        gallery.dismiss()
        for file in files:
            is_shot = source == "Take a photo"
            photo = None
            try:
                check_held(file)
                photo = gallery.add(file.name, file.getvalue(), is_shot)
            except MasklensError as error:
                gallery.problems.append((file.name, str(error)))
            release(file)  # else it would stay when the photo is removed
            if is_shot:
                gallery.shot = photo
        empty_field(source)
        st.rerun()
    return beside


def show_problems(gallery: Gallery) -> None:
    """What was not taken in: which files were here already, and why the others were refused."""
    st.html(_NOTES_STYLE)  # also without: what has been dismissed stays in sight for a moment
    # Whether what is like a photo not yet read is here or broken shows once that is read.
    unread = {photo.digest for photo in gallery.photos if gallery.looking and not photo.preview}
    doubles = [name for name, digest in gallery.doubles if digest not in unread]
    if not gallery.problems and not doubles:
        return

    with st.container(gap="xsmall", key="problems"):
        with st.container(horizontal=True, width="content", key="problems-ways"):
            if len(gallery.problems) > 1:
                with st.popover("Why?", type="tertiary"):
                    st.markdown(_reasons(gallery.problems))
            st.button("Close", type="tertiary", on_click=gallery.dismiss)
        if gallery.problems:
            many = f"{len(gallery.problems)} files were not taken in."
            said = many if len(gallery.problems) > 1 else _reasons(gallery.problems)
            st.warning(said, icon=":material/error:")
        if doubles:
            was = "was" if len(doubles) == 1 else "were"
            names = ", ".join(f"**{shown_name(name)}**" for name in doubles[:NAMED])
            more = f" and {len(doubles) - NAMED:,} more" if len(doubles) > NAMED else ""
            st.info(f"{counted(len(doubles), 'photo')} {was} here already: {names}{more}.")


def _reasons(problems: Problems) -> str:
    """The files of each reason, and the reason, as Markdown."""
    names: dict[str, list[str]] = {}
    for name, problem in problems:
        names.setdefault(problem, []).append(f"**{shown_name(name)}**")
    return "\n\n".join(f"{', '.join(names[problem])}: {problem}" for problem in names)
