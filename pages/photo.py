"""Photos in by drop, camera or sample; each face out, boxed and labelled."""

from __future__ import annotations

import streamlit as st

from ui.choices import choose, fold_on_phones, ready_pipeline
from ui.entry import enter_by_main_script
from ui.gallery import Gallery
from ui.intake import show_problems, take_in
from ui.loading import installation
from ui.looking import FOOT, look_on, notice_stop, offer_to_go_on
from ui.results import show_empty_state, show_photos, show_totals

enter_by_main_script()
gallery = Gallery.of_session()

st.title("Who wears a mask?", anchor=False)
st.markdown(
    "Add photos: every face found is boxed and labelled **Mask** or **No Mask**,"
    " or **Not sure** where it cannot be told."
    " Photos stay in this session's memory and are gone when you close the page;"
    " nothing is sent anywhere else."
)
take_in(gallery)

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
if results or waiting:
    with totals:
        show_totals(gallery, results)
with photos:
    if gallery.photos:
        show_photos(gallery, results, choice)
    else:
        show_empty_state()
with foot:
    if ready is not None and looking:
        look_on(gallery, waiting, choice, ready)
    elif waiting:
        offer_to_go_on(gallery, waiting)
