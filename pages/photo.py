"""Photos in by drop, camera or sample; each face out, boxed and labelled."""

from __future__ import annotations

import streamlit as st

from ui.choices import choose, fold_on_phones, ready_pipeline
from ui.entry import enter_by_main_script
from ui.gallery import Gallery
from ui.intake import show_problems, take_in
from ui.loading import installation
from ui.looking import FOOT, look_on, notice_stop, offer_to_go_on
from ui.results import show_empty_state, show_photos
from ui.shot import show_last_shot
from ui.sift import choose_blur, choose_shown, offer_to_remove_all
from ui.totals import show_totals

enter_by_main_script()
gallery = Gallery.of_session()

st.title("Who wears a mask?", anchor=False)
st.markdown(
    "Add photos: every face found is boxed and labelled **Mask** or **No Mask**,"
    " or **Not sure** where it cannot be told."
    " Photos stay in this session's memory and are gone when you close the page;"
    " nothing is sent anywhere else."
)
beside_camera = take_in(gallery)

# Places of their own: what comes and goes in one does not make the others begin anew.
fold = st.container()
with st.container(key="settings"):
    choice, threshold = choose()
hindrance, notes, totals, photos = (st.container() for _ in range(4))
foot = st.container(key=FOOT)
if gallery.photos:
    with fold:
        fold_on_phones("settings")

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
shown, blur = gallery.photos, False
if gallery.photos:
    figures = totals.container()
    with totals.container(horizontal=True, vertical_alignment="center"):
        shown = choose_shown(gallery, results, bool(results or waiting))
        st.space("stretch")
        blur = choose_blur()
        offer_to_remove_all(gallery)
    if results or waiting:
        with figures:
            show_totals(gallery, results, looking, blur)
    if len(shown) < len(gallery.photos):
        totals.caption("The totals and the files to download hold all photos.")
if beside_camera is not None:
    with beside_camera:
        show_last_shot(gallery, results, blur)
with photos:
    if gallery.photos:
        show_photos(gallery, shown, results, choice, blur)
    else:
        show_empty_state()
with foot:
    if ready is not None and looking:
        look_on(gallery, waiting, choice, ready)
    elif waiting:
        offer_to_go_on(gallery, waiting)
