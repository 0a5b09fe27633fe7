"""Photos in by drop, camera or sample; each face out, boxed and labelled."""

from __future__ import annotations

import streamlit as st

from ui.choices import choose, fold, ready_pipeline
from ui.entry import enter_by_main_script
from ui.live.shot import show_last_shot
from ui.loading import installation
from ui.photos.gallery import Gallery
from ui.photos.intake import choose_source, show_problems, take_in
from ui.photos.looking import FOOT, look_on, notice_stop, offer_to_go_on
from ui.photos.results import show_empty_state, show_photos
from ui.photos.sift import choose_blur, choose_shown, offer_to_remove_all
from ui.photos.totals import show_totals

enter_by_main_script()
gallery = Gallery.of_session()

# One line on a phone; elsewhere as far from the top as other pages' titles.
st.html(
    """<style>
@media (max-width: 640px) { .st-key-head h1 { font-size: 2.25rem; } }
@media (min-width: 641px) { .st-key-head h1 { padding-top: 1.25rem; } }
</style>"""
)
with st.container(horizontal=True, vertical_alignment="bottom", key="head"):
    st.title("Who wears a mask?", anchor=False)
    source = choose_source(gallery)
if gallery.photos and source == "Upload":
    # Room for results. Something has to take the place of the text, or it stays meanwhile.
    st.empty()
else:  # with the camera always: its shutter must not move at the first shot
    st.markdown(
        "Add photos: every face found is boxed and labelled **Mask** or **No Mask**,"
        " or **Not sure** where it cannot be told."
        " Photos stay in this session's memory and are gone when you close the page;"
        " nothing is sent anywhere else."
    )
beside_camera = take_in(gallery, source)

# Places of their own: what comes and goes in one does not make the others begin anew.
tools = st.container(horizontal=True, vertical_alignment="center")
with st.container(key="settings"):
    choice, threshold = choose()
hindrance, notes, totals, photos = (st.container() for _ in range(4))
foot = st.container(key=FOOT)

# Read before loading: what is installed in between is at worst looked at once more.
installed = installation(*choice)
with hindrance:
    ready = ready_pipeline(choice)
waiting = [] if ready is None else gallery.waiting(choice, installed)
looking = bool(waiting) and gallery.stopped != choice
if looking:
    notice_stop(gallery, choice)

with notes:
    show_problems(gallery)
results = gallery.results(choice, threshold)
shown, blur, above = gallery.photos, False, totals
if gallery.photos:
    with tools:
        fold("settings")
        st.space("stretch")
        blur = choose_blur()
        offer_to_remove_all(gallery)
    with totals:
        if results or waiting:
            show_totals(gallery, results, looking, blur)
        above = st.container(horizontal=True, vertical_alignment="center")
        with above:
            shown = choose_shown(gallery, results, bool(results or waiting))
        if len(shown) < len(gallery.photos):
            st.caption("The totals and the files to download hold all photos.")
if beside_camera is not None:
    with beside_camera:
        show_last_shot(gallery, results, blur)
with photos:
    if gallery.photos:
        show_photos(gallery, shown, results, choice, blur, above)
    else:
        show_empty_state()
with foot:
    if ready is not None and looking:
        look_on(gallery, waiting, choice, ready)
    elif waiting:
        offer_to_go_on(gallery, waiting)
