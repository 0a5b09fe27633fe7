"""Many photos at a glance: how they are shown, and those shown small."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from maskcore import Analysis
from ui.choices import choose_way
from ui.keep import kept, put
from ui.photos.photo import Photo
from ui.photos.said import sentence
from ui.style import PHONE_PX
from ui.words import shown_name

LARGE, SMALL = "Large", "Small"
LAYOUTS = {LARGE: ":material/view_agenda:", SMALL: ":material/grid_view:"}
PHOTOS_A_PAGE = {LARGE: 10, SMALL: 40}
SMALL_FROM = 4  # fewer photos are seen at a glance anyway
PAGE = "page-above"  # key of the pager
_LAYOUT, _COUNTED = "layout", "counted-layout"  # as chosen, and as pages were counted last
TO_SEE = "to-see"  # the selector of what the page is to scroll to, once
_STYLE = f"""<style>
/* Not in full screen, where they have a greatest height of their own. */
.st-key-small-photos img:not([style*="max-height"]) {{ height: 150px; object-fit: contain; }}
/* What is found takes up to two lines, and moves nothing when it comes. */
.st-key-small-photos [data-testid="stMarkdown"]:has(strong) {{ min-height: 3.2rem; }}
/* Two beside each other on phones. */
@media (max-width: {PHONE_PX}px) {{
  .st-key-small-photos > div {{ flex-basis: calc(50% - 0.5rem); width: auto; }}
  .st-key-small-photos > div > div {{ width: 100%; padding: 0.5rem; }}
  .st-key-small-photos img:not([style*="max-height"]) {{ height: 120px; }}
}}
</style>"""


@dataclass(frozen=True)
class Shown:
    """A photo to be shown.

    Attributes:
        photo: it.
        analysis: what was found in it; None where it has not been looked at this way yet.
        place: its place among those shown, from 0.
    """

    photo: Photo
    analysis: Analysis | None
    place: int


def choose_layout() -> str:
    """Show the choice between large photos and small ones; the page holds the first one shown."""
    layout = choose_way("How large the photos are", LAYOUTS, _LAYOUT)
    counted = st.session_state.setdefault(_COUNTED, layout)
    if counted != layout:
        before = ((kept(PAGE) or 1) - 1) * PHOTOS_A_PAGE[counted]
        put(PAGE, before // PHOTOS_A_PAGE[layout] + 1)
    st.session_state[_COUNTED] = layout
    return layout


def show_small(photos: list[Shown], blur: bool) -> None:
    """Photos side by side, each with what was found in it and the way to see it large.

    Args:
        photos: those of the page.
        blur: whether faces are made unrecognisable.
    """
    st.html(_STYLE)
    with st.container(horizontal=True, gap="small", key="small-photos"):
        for shown in photos:
            with st.container(border=True, width=216, gap="xsmall"):
                _show_card(shown, blur)


def _show_card(shown: Shown, blur: bool) -> None:
    photo, analysis = shown.photo, shown.analysis
    found = sentence(analysis) if analysis else "Not looked at yet"
    picture = (
        photo.annotated_preview(analysis, blur) if analysis else photo.unlabelled_preview(blur)
    )
    st.image(picture, width="stretch", alt=f"{photo.name}: {found}")
    st.markdown(f"**{found}**")
    st.caption(shown_name(photo.name))
    st.button(
        "Details",
        icon=":material/open_in_full:",
        key=f"large-{photo.number}",
        type="tertiary",
        on_click=_see_large,
        args=(shown,),
    )


def _see_large(shown: Shown) -> None:
    st.session_state[_LAYOUT] = st.session_state[_COUNTED] = LARGE
    st.session_state[PAGE] = shown.place // PHOTOS_A_PAGE[LARGE] + 1
    st.session_state[TO_SEE] = f".st-key-photo-{shown.photo.number}"
