"""Looking at a visitor's photos, about a second at a time: the page shows what is done."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from time import monotonic

import streamlit as st

from maskcore import MaskPipeline
from ui.choices import Choice
from ui.photos.gallery import Gallery
from ui.photos.photo import Photo

# Between two showings of the page.
SLICE_SECONDS = 1.0
# How soon the page notices that Streamlit's own Stop was pressed.
NOTICE_SECONDS = 1.0
# The key of the container to look in, the page's last: it stays at the foot of the window,
# wherever the visitor has scrolled, so that nothing moves for it.
FOOT = "looking"
_STYLE = f"""<style>
/* What has the keyboard's focus is not behind it. */
[data-testid="stMain"] {{ scroll-padding-bottom: 6rem; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-{FOOT}) {{
  position: sticky; bottom: 0; z-index: 10; padding: 0.5rem 0 1rem;
  background: Canvas; border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent);
}}
</style>"""


def notice_stop(gallery: Gallery) -> None:
    """Let the page say so when the looking is stopped.

    Call it first of all: with each run of the page the browser forgets the one before.
    """
    if gallery.looking:
        st.fragment(_notice, run_every=NOTICE_SECONDS)(gallery, count())


def _notice(gallery: Gallery, times: Iterator[int]) -> None:
    # At first it is drawn by the page itself. Then fragments wait for the page's end: by then it
    # has begun anew, unless it was stopped.
    if next(times) and gallery.looking:
        gallery.stopped, gallery.looking = gallery.looking, None
        st.rerun(scope="app")


def look_on(gallery: Gallery, waiting: list[Photo], choice: Choice, pipeline: MaskPipeline) -> None:
    """Look at some of the photos that wait, show how far it is, and let the page run again.

    Call it last: what has been found is on the page by then, and stays there. Where the bar
    moves, the page can be interrupted.
    """
    total = len(gallery.photos) + gallery.left
    end = monotonic() + SLICE_SECONDS
    st.html(_STYLE)
    bar = st.empty()
    for done, photo in enumerate(waiting, start=total - len(waiting)):
        bar.progress(done / total, f"Looking at photo {done + 1} of {total}")
        gallery.look_at(photo, choice, pipeline)
        if monotonic() > end:
            break
    bar.progress((done + 1) / total, f"{done + 1} of {total} photos looked at")
    if done + 1 == total:
        gallery.looking, gallery.left = None, 0
    st.rerun()


def offer_to_go_on(gallery: Gallery, waiting: list[Photo]) -> None:
    """Say how far it is, after a stop."""
    total = len(gallery.photos) + gallery.left
    st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"Stopped: {total - len(waiting)} of {total} photos looked at.", width="content"
        )
        st.button("Go on", icon=":material/play_arrow:", on_click=gallery.go_on)
