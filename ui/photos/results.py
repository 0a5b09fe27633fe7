"""Showing what was found in photos."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from maskcore import Analysis
from ui.choices import Choice
from ui.keep import keep
from ui.photos.export import annotated_name
from ui.photos.gallery import Gallery
from ui.photos.overview import (
    LARGE,
    PAGE,
    PHOTOS_A_PAGE,
    SMALL_FROM,
    TO_SEE,
    Shown,
    choose_layout,
    show_small,
)
from ui.photos.photo import Photo, Results
from ui.photos.preview import jpeg_url
from ui.photos.said import sentence, why_not_sure
from ui.words import counted, shown_name

_BELOW = "below-photos"  # key of the pager there
# Photos fill their column, those of fewer pixels across are enlarged so many times.
SMALL_WIDTH, ENLARGED = 240, 3
# From so many times as wide as high.
PANORAMA = 3
# A table of more faces scrolls; half a row says that there are more.
FACES_SHOWN = 12
_ROW_HEIGHT = 48
_TABLE_HEIGHT = 36 + _ROW_HEIGHT * FACES_SHOWN + _ROW_HEIGHT // 2
_NARROW_PX = 1330  # kinds, sizes and pages do not fit into a line
# Tall photos fit the window, undistorted.
_STYLE = f"""<style>
[class*="st-key-photo-"] [data-testid="stImageContainer"] img {{
  max-height: 70vh; object-fit: contain; object-position: left top;
}}
/* In full screen a panorama is scrolled through: fitted to the window it would be a strip. */
[class*="st-key-panorama-"] [data-testid="stFullScreenFrame"] {{
  justify-content: start !important;
}}
[class*="st-key-panorama-"] img[style*="max-height"] {{
  align-self: start; width: auto !important; max-width: none !important;
}}
[class*="st-key-page-"], [class*="st-key-photo-"] {{ scroll-margin-top: 5rem; }}
/* In narrow windows a line of its own: the kinds grow once all photos have been looked at. */
@media (max-width: {_NARROW_PX}px) {{
  [data-testid="stLayoutWrapper"]:has(> .st-key-pager) {{ flex-basis: 100%; }}
}}
</style>"""


def show_photos(
    gallery: Gallery,
    photos: list[Photo],
    results: Results,
    choice: Choice,
    blur: bool,
    above: DeltaGenerator,
) -> None:
    """Photos with their faces, large or small, some a page; those that wait keep their places.

    Args:
        gallery: the visitor's.
        photos: those of it to show.
        results: what has been found so far.
        choice: detector and model.
        blur: whether faces are made unrecognisable.
        above: the place above them for the pager and the choice of their size.
    """
    st.html(_STYLE)
    analyses = {photo.number: analysis for photo, analysis in results}
    # Photos nobody has looked at in any way have no place yet: one that cannot be read, and
    # leaves, takes no page with it.
    shown = [photo for photo in photos if photo.preview]
    layout = LARGE
    if len(gallery.photos) >= SMALL_FROM:
        pager = above.container(horizontal=True, vertical_alignment="center", key="pager")
        with pager:
            layout = choose_layout()
    paging = keep(PAGE, 1)
    a_page = PHOTOS_A_PAGE[layout]
    pages = max(1, -(-len(shown) // a_page))
    page = min(st.session_state[PAGE], pages)
    if len(gallery.photos) > a_page:  # from the beginning, so that nothing moves later
        st.session_state[PAGE] = page  # else it would begin anew where there are more pages
        with pager:
            page = st.pagination(pages, **paging)
    of_page = [
        Shown(photo, analyses.get(photo.number), place)
        for place, photo in list(enumerate(shown))[(page - 1) * a_page : page * a_page]
    ]
    if layout == LARGE:
        _show_large(gallery, shown, of_page, choice, blur)
    else:
        offer_to_bring_back(gallery)
        show_small(of_page, blur)
    if pages > 1:
        _show_pager_below(page, pages)
    if to_see := st.session_state.pop(TO_SEE, ""):
        st.html(
            f"""<script>
const seen = document.querySelector("{to_see}");
if (seen) {{
  seen.scrollIntoView();
  seen.tabIndex = -1;
  seen.focus({{ preventScroll: true }});  // the button that was pressed may have gone
}}
</script>""",
            unsafe_allow_javascript=True,
        )


def _show_large(
    gallery: Gallery, shown: list[Photo], of_page: list[Shown], choice: Choice, blur: bool
) -> None:
    # Where the photo was that was removed last: after a first removal, a second click there meets
    # no other's Remove.
    gone = gallery.removed[0].number if gallery.removed else -1
    gap = sum(photo.number < gone for photo in shown) if gallery.removed else -1
    end = of_page[-1].place + 1 if of_page else 0
    if gap not in range(of_page[0].place if of_page else 0, end + 1):  # not on this page
        offer_to_bring_back(gallery)
    for held in of_page:
        photo, analysis = held.photo, held.analysis
        if held.place == gap:
            offer_to_bring_back(gallery)
        with st.container(border=True, key=f"photo-{photo.number}"):
            picture, facts = st.columns([3, 2], gap="medium")
            if analysis:
                _show_photo(gallery, photo, analysis, choice, blur, picture, facts)
            else:
                preview = photo.unlabelled_preview(blur)
                _show_picture(photo, preview, "not looked at yet", picture)
                facts.caption(f"{shown_name(photo.name)} · not looked at this way yet")
    if gap == end:
        offer_to_bring_back(gallery)


def offer_to_bring_back(gallery: Gallery) -> None:
    """Say what was removed, and offer the way back until something comes in."""
    if gallery.removed:
        many = counted(len(gallery.removed), "photo")
        said = many if len(gallery.removed) > 1 else f"**{shown_name(gallery.removed[0].name)}**"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{said} removed.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=gallery.bring_back)


def _show_pager_below(page: int, pages: int) -> None:
    def turn() -> None:
        st.session_state[PAGE] = st.session_state[_BELOW]
        # A page turned from below begins at its first photo.
        st.session_state[TO_SEE] = "[class*='st-key-page-']"

    st.session_state[_BELOW] = page
    st.pagination(pages, key=_BELOW, on_change=turn)


def _show_picture(photo: Photo, jpeg: bytes, said: str, place: DeltaGenerator) -> None:
    width, height = photo.size_wh
    picture: bytes | str = jpeg
    if width > PANORAMA * height:
        place = place.container(key=f"panorama-{photo.number}")
        # As an address: pictures themselves Streamlit reduces to 1,460 pixels across.
        picture = jpeg_url(jpeg)
    place.image(
        picture,
        width=width * ENLARGED if width < SMALL_WIDTH else "stretch",
        alt=f"{photo.name}: {said}",
    )


def _show_photo(
    gallery: Gallery,
    photo: Photo,
    analysis: Analysis,
    choice: Choice,
    blur: bool,
    picture: DeltaGenerator,
    facts: DeltaGenerator,
) -> None:
    found = sentence(analysis)
    _show_picture(photo, photo.annotated_preview(analysis, blur), found, picture)
    # In one container, which gives way as a whole where the photo has to be looked at anew.
    with facts.container():
        st.header(found, anchor=False)
        st.caption(
            f"{shown_name(photo.name)} · {analysis.size_wh[0]} × {analysis.size_wh[1]} pixels ·"
            f" finding faces {analysis.detect_ms:.0f}\N{NO-BREAK SPACE}ms,"
            f" checking masks {analysis.classify_ms:.0f}\N{NO-BREAK SPACE}ms"
        )
        if analysis.faces:
            _show_faces(analysis, photo.faces_shown(choice, blur))
            if doubts := why_not_sure(analysis):
                st.caption(doubts)
        else:
            st.info(
                "Try another face finder, or a photo in which faces are larger,"
                " brighter and upright."
            )
        with st.container(horizontal=True):
            st.download_button(
                "Labelled photo (JPEG)",
                partial(photo.annotated, analysis, blur),
                annotated_name(photo),
                "image/jpeg",
                icon=":material/download:",
                key=f"save-{photo.number}",
                on_click="ignore",
            )
            st.button(
                "Remove",
                key=f"remove-{photo.number}",
                icon=":material/close:",
                type="tertiary",
                on_click=gallery.remove,
                args=(photo,),
            )


def _show_faces(analysis: Analysis, thumbnails: list[str]) -> None:
    table = pd.DataFrame(
        {
            "No.": range(1, len(thumbnails) + 1),  # as drawn, and as in the CSV
            "Face": thumbnails,
            "Result": [face.verdict for face in analysis.faces],
            # As drawn: of the result, and of none where there is none.
            "How sure": [face.certainty * 100 if face.sure else None for face in analysis.faces],
            "Width": [round(face.box_xyxy[2] - face.box_xyxy[0]) for face in analysis.faces],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height="content" if len(table) <= FACES_SHOWN else _TABLE_HEIGHT,
        placeholder="–",
        column_config={
            "No.": st.column_config.NumberColumn(width=40),
            "Face": st.column_config.ImageColumn(width=60),
            "Result": st.column_config.TextColumn(width=80),
            "How sure": st.column_config.NumberColumn(format="%.0f\N{NO-BREAK SPACE}%%", width=70),
            "Width": st.column_config.NumberColumn(format="%d\N{NO-BREAK SPACE}px", width=70),
        },
    )
