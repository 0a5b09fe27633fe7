"""Photos in by drop, camera or sample; each face out, boxed and labelled."""

from __future__ import annotations

import streamlit as st

from ui.announce import announce
from ui.choices import choose, choose_blur, fold, ready_pipeline
from ui.entry import enter_by_main_script
from ui.leaving import ask_before_leaving
from ui.live.shot import show_last_shot
from ui.loading import installation
from ui.photos.gallery import Gallery
from ui.photos.intake import choose_source, offer_sample, show_problems, take_in
from ui.photos.looking import FOOT, look_on, notice_stop, offer_to_go_on
from ui.photos.results import offer_to_bring_back, show_photos
from ui.photos.said import told
from ui.photos.sift import choose_shown, offer_to_remove_all
from ui.photos.totals import offer_downloads, show_totals
from ui.style import PHONE_PX

enter_by_main_script()
gallery = Gallery.of_session()
watch = st.container(key="watch")
with watch:
    notice_stop(gallery)

# One line on a phone; elsewhere as far from the top as other pages' titles.
st.html(
    f"""<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-watch) {{ position: absolute; }} /* no room */
@media (max-width: {PHONE_PX}px) {{ .st-key-head h1 {{ font-size: 2.25rem; }} }}
@media (min-width: {PHONE_PX + 1}px) {{ .st-key-head h1 {{ padding-top: 1.25rem; }} }}
/* A row of their own unless even the most of totals leave them room. */
@media (max-width: 1100px) {{
  [data-testid="stLayoutWrapper"]:has(> .st-key-tools) {{ flex-basis: 100%; }}
}}
/* All in one row on phones. */
@media (max-width: {PHONE_PX}px) {{
  .st-key-tools {{ column-gap: 0.25rem; }}
  .st-key-tools button {{ padding: 0 0.5rem; }}
  .st-key-tools button span:has(> [data-testid="stIconMaterial"]), .st-key-blur .stTooltipIcon {{
    display: none;
  }}
}}
</style>"""
)
with st.container(horizontal=True, vertical_alignment="bottom", key="head"):
    st.title("Who wears a mask?", anchor=False)
    source = choose_source()
if gallery.photos and source == "Upload":
    # Room for results. Something has to take the place of the text, or it stays meanwhile.
    st.empty()
else:  # with the camera always: its shutter must not move at the first shot
    st.markdown(
        "Add photos: every face found is boxed and labelled **Mask** or **No Mask**,"
        " or **Not sure** where it cannot be told."
        " Pictures go only to the computer that runs Masklens and are gone when you close or"
        " reload the page."
    )
beside_camera = take_in(gallery, source)

# Places of their own: what comes and goes in one does not make the others begin anew.
if gallery.photos:
    ask_before_leaving()  # in the place of what follows, which would stay meanwhile
else:
    with st.container():
        offer_to_bring_back(gallery)
        show_problems(gallery)
        if source == "Upload":
            offer_sample(gallery)
with st.container(horizontal=True, vertical_alignment="bottom"):
    totals = st.container(width="content")
    tools = st.container(horizontal=True, vertical_alignment="center", key="tools")
with st.container(key="settings"):
    choice, threshold = choose()
hindrance, notes, above, photos = (st.container() for _ in range(4))
foot = st.container(key=FOOT)

# Read before loading: what is installed in between is at worst looked at once more.
installed = installation(*choice)
with hindrance:
    ready = ready_pipeline(choice)
waiting = [] if ready is None else gallery.waiting(choice, installed)
looking = bool(waiting) and gallery.stopped != choice
begins = looking and not gallery.looking
gallery.looking = choice if looking else None
if begins:
    with watch:
        notice_stop(gallery)

results = gallery.results(choice, threshold)
blur = False
if gallery.photos:
    many, expected = len(gallery.photos) > 1, bool(results or waiting)
    with tools:
        fold("settings")
        downloads = st.container(width="content")
        st.space("stretch")
        blur = choose_blur(
            "In the photos here and in those you download."
            " A face that was not found stays as it is."
        )
        offer_to_remove_all(gallery)
    if many and expected:  # of a single photo its own card says and offers it all
        with totals:
            show_totals(results)
        with downloads:
            offer_downloads(gallery, results, looking, blur)
    with notes:
        show_problems(gallery)
    with above:
        pager = st.container(horizontal=True, vertical_alignment="center")
        with pager:
            shown = choose_shown(gallery, results, expected)
        if len(shown) < len(gallery.photos):
            st.caption("The totals and the files to download hold all photos.")
        if blur:
            st.caption("Faces are blurred. One that was not found stays as it is.")
    with photos:
        show_photos(gallery, shown, results, choice, blur, pager)
if beside_camera is not None:
    with beside_camera:
        show_last_shot(gallery, results, blur)
with foot:
    if ready is not None and looking:
        look_on(gallery, waiting, choice, ready)
    elif waiting:
        offer_to_go_on(gallery, waiting)
announce(told(results) if results and not waiting else "")
