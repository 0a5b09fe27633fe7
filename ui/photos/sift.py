"""Which of many photos to show, and the way to be rid of all."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from maskcore import Analysis
from ui.keep import forget, keep, kept
from ui.photos.gallery import Gallery
from ui.photos.overview import PAGE
from ui.photos.photo import Photo, Results

ALL = "All photos"
# Said of photos: what stands in the totals counts faces.
_KINDS: dict[str, Callable[[Analysis], bool]] = {
    "With No Mask": lambda analysis: analysis.count("No Mask") > 0,
    "With Not sure": lambda analysis: analysis.count("Not sure") > 0,
    "Without a face": lambda analysis: not analysis.faces,
}
_KIND, _SHOWN = "kind", "shown-kind"


def choose_shown(gallery: Gallery, results: Results, expected: bool) -> list[Photo]:
    """Show a row of kinds of photos, each with how many there are; the chosen one stays.

    Args:
        gallery: the visitor's.
        results: what has been found so far.
        expected: whether there are results or will be, as without a finder there are none.

    Returns:
        The photos to show: all, or those of the chosen kind.
    """
    if len(gallery.photos) < 2:
        forget(_KIND)
    if len(gallery.photos) < 2 or not expected:
        return gallery.photos
    of_kind = {
        kind: [photo for photo, analysis in results if belongs(analysis)]
        for kind, belongs in _KINDS.items()
    }
    complete = len(results) == len(gallery.photos)
    # While photos are looked at the chosen kind may have none for a moment only.
    awaited = None if complete else kept(_KIND)
    photos = {ALL: gallery.photos}
    photos |= {kind: held for kind, held in of_kind.items() if held or kind == awaited}
    if complete and len(photos) == 1:
        forget(_KIND)
        return gallery.photos
    kind: str = st.pills(
        "Which photos to show",
        list(photos),
        required=True,
        # A label that changes while it is pressed is not pressed.
        format_func=lambda kind: _counted(kind, len(photos[kind])) if complete else kind,
        label_visibility="collapsed",
        **keep(_KIND, ALL, photos),
    )
    if st.session_state.get(_SHOWN, ALL) != kind:
        st.session_state[PAGE] = 1
    st.session_state[_SHOWN] = kind
    return photos[kind]


def _counted(kind: str, photos: int) -> str:
    """E.g. "All 15 photos" and "6 with No Mask"."""
    return f"All {photos} photos" if kind == ALL else f"{photos} {kind[0].lower()}{kind[1:]}"


def offer_to_remove_all(gallery: Gallery) -> None:
    """The way to be rid of every photo."""

    def remove() -> None:
        gallery.remove_all()
        for key in (_KIND, PAGE):  # they were chosen for those photos
            forget(key)

    st.button("Remove all", icon=":material/delete:", type="tertiary", on_click=remove)
