"""Taking photos in, and saying which files were not."""

from __future__ import annotations

import streamlit as st

from maskcore.images import MAX_BYTES
from ui.choices import choose_way
from ui.gallery import Gallery
from ui.sample import SAMPLE_NAME, sample_photo
from ui.words import shown_name

SOURCES = {"Upload": ":material/upload:", "Camera": ":material/photo_camera:"}
# So many files are named on the page; more only when asked for.
FEW = 3
# The field itself takes every file, as what it refuses would vanish without a word: each is
# refused by reading it. Its own words would promise too much.
_STYLE = f"""<style>
.st-key-intake [data-testid="stFileUploaderDropzoneInstructions"] > * {{ display: none; }}
.st-key-intake [data-testid="stFileUploaderDropzoneInstructions"]::after {{
  content: "Or drop photos here: JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP, TIFF;"
    " up to {MAX_BYTES // 2**20} MB each";
  font-size: 0.875rem; opacity: 0.7;
}}
</style>"""


def take_in(gallery: Gallery) -> None:
    """The ways photos come in and go; what came is in the gallery when the page runs again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        source = choose_way("Where the photos come from", SOURCES, key="source")
        if st.button("Try a sample photo", icon=":material/face:", type="tertiary"):
            gallery.add(SAMPLE_NAME, sample_photo())
        if gallery.photos or gallery.problems:
            st.button(
                "Remove all photos",
                icon=":material/delete:",
                type="tertiary",
                on_click=gallery.clear,
            )
    # A widget's key is spent once its files are in the gallery: it comes back empty.
    turn = st.session_state.setdefault("intake", 0)
    if source == "Upload":
        st.html(_STYLE)
        with st.container(key="intake"):
            files = st.file_uploader(
                "Photos",
                accept_multiple_files=True,
                label_visibility="collapsed",
                key=f"upload-{turn}",
            )
    else:
        shot = st.camera_input("Take a photo", label_visibility="collapsed", key=f"camera-{turn}")
        files = [shot] if shot else []
    if files:
        gallery.dismiss({file.name for file in files})  # what comes again is judged anew
        for file in files:
            gallery.add(file.name, file.getvalue())
        st.session_state.intake = turn + 1
        st.rerun()


def show_problems(gallery: Gallery) -> None:
    """One note on all files that were not taken in, each reason once."""
    if not gallery.problems:
        return
    names: dict[str, list[str]] = {}
    for name, problem in gallery.problems:
        names.setdefault(problem, []).append(f"**{shown_name(name)}**")
    text = "\n\n".join(f"{', '.join(names[problem])}: {problem}" for problem in names)
    with st.container(horizontal=True, key="problems"):
        if len(gallery.problems) <= FEW:
            st.warning(text, icon=":material/error:")
        else:
            refused = f"{len(gallery.problems)} files were not taken in"
            with st.expander(refused, icon=":material/error:"):
                st.markdown(text)
        st.button("Close", icon=":material/close:", type="tertiary", on_click=gallery.dismiss)
