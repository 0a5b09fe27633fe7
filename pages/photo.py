"""Photos in by drop, camera or sample; each face out, boxed and labelled."""

from __future__ import annotations

import streamlit as st

from maskcore.images import IMAGE_SUFFIXES, MAX_BYTES
from ui.choices import choose, choose_way, ready_pipeline
from ui.entry import enter_by_main_script
from ui.gallery import Gallery
from ui.loading import installation
from ui.results import show_empty_state, show_photos, show_totals, shown_name
from ui.sample import SAMPLE_NAME, sample_photo

SOURCES = {"Upload": ":material/upload:", "Camera": ":material/photo_camera:"}

enter_by_main_script()
gallery = Gallery.of_session()

st.title("Who wears a mask?", anchor=False)
st.markdown(
    "Add photos: every face found is boxed and labelled **Mask** or **No Mask**,"
    " or **Not sure** where it cannot be told."
    " Photos stay in this session's memory and are gone when you close the page;"
    " nothing is sent anywhere else."
)

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
    files = st.file_uploader(
        "Photos",
        type=sorted(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=MAX_BYTES // 2**20,
        label_visibility="collapsed",
        key=f"upload-{turn}",
    )
else:
    shot = st.camera_input("Take a photo", label_visibility="collapsed", key=f"camera-{turn}")
    files = [shot] if shot else []
if files:
    for file in files:
        gallery.add(file.name, file.getvalue())
    st.session_state.intake = turn + 1
    st.rerun()

with st.container(key="settings"):
    choice, threshold = choose()

# Read before loading: what is installed in between is at worst looked at once more.
installed = installation(*choice)
ready = ready_pipeline(choice)
if ready is not None:
    gallery.look(choice, ready, installed)

for name, problem in gallery.problems:
    st.warning(f"**{shown_name(name)}**: {problem}", icon=":material/error:")

results = gallery.results(choice, threshold)
if results:
    show_totals(results, gallery.problems)
    show_photos(gallery, results, choice)
elif not gallery.photos:
    show_empty_state()
