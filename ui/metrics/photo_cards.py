"""Small cards of photos: the picture, what a model says, and what the visitor says of the label."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from maskcore.records import legible
from ui.metrics.corrections import Marks
from ui.metrics.judged import Answer
from ui.metrics.pictures import Pictures, owner_name
from ui.words import percent, shown_name

PHOTOS_A_PAGE = 12


def show_cards(
    answers: Sequence[Answer],
    pictures: Pictures | None,
    corrections: Marks | None,
    pages_key: str,
) -> None:
    """A page of cards at a time.

    Args:
        answers: of the photos, in the order in which they are shown.
        pictures: where they are at hand.
        corrections: where marks go; None where there is nothing to mark.
        pages_key: of the choice of page; another key begins with the first.
    """
    pages = -(-len(answers) // PHOTOS_A_PAGE)
    page = st.pagination(pages, key=pages_key) if pages > 1 else 1
    with st.container(horizontal=True, gap="small"):
        for answer in answers[(page - 1) * PHOTOS_A_PAGE : page * PHOTOS_A_PAGE]:
            with st.container(border=True, width=166, gap="xsmall"):
                _show_card(answer, pictures, corrections)


def _show_card(answer: Answer, pictures: Pictures | None, corrections: Marks | None) -> None:
    path, label, mask_probability = answer
    name = owner_name(path, pictures)
    picture = pictures.thumbnail(path) if pictures else None
    said = f"Mask: {percent(mask_probability)}"
    if picture:
        st.image(picture, width="stretch", alt=f"{legible(name)}, {said}")
    st.markdown(f"**{said}**")
    st.caption(shown_name(name.rsplit("/", 1)[-1]))
    # Nobody can tell a wrong label without seeing the photo.
    if pictures and picture and corrections is not None:
        corrections.choose(path, label, pictures.content_hash)
