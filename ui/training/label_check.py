"""Looking for photos in the wrong folder with the installed mask model, before a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from maskcore import MasklensError
from maskcore.models import card_text, installed_models
from training.measuring.own_files import OwnFiles
from training.measuring.own_photos import JudgedPhoto, judge_photos
from training.metrics import CLASS_NAMES
from ui import loading
from ui.choices import mask_models, model_title
from ui.keys import DOUBTS
from ui.long_work import long_work, show_unfinished
from ui.metrics.corrections import Marks
from ui.metrics.photo_cards import show_cards
from ui.metrics.pictures import Pictures
from ui.progress import progress_bar
from ui.words import counted, plain

_LOOK = "Look for wrong labels"
# A label is doubted from this probability of the other class on. Of the 599 validation photos of
# MobileNetV2 that is 2; were each of them in the other folder, 589 would be noticed (from the
# probabilities in models/mobilenet_v2/report.json).
SURE = 0.9


@dataclass(frozen=True)
class _Doubts:
    folder: Path
    model: str
    installed: str  # what tells the model from what replaces it under its name
    photos: int
    doubted: list[JudgedPhoto]
    pictures: Pictures


def show_label_check(data: str, folder: Path) -> None:
    """Offer to look, and show the photos whose label is doubted, to be marked.

    Args:
        data: the name of the set of photos.
        folder: holds ``with_mask`` and ``without_mask``.
    """
    doubts: _Doubts | None = st.session_state.get(DOUBTS)
    if doubts is None or doubts.folder != folder or doubts.installed != card_text(doubts.model):
        doubts = _offer(folder)
    if doubts is None:
        return
    title = plain(model_title(doubts.model))
    if not doubts.doubted:
        st.success(
            f"None of the {counted(doubts.photos, 'photo')} looks to {title} as if it lay in the"
            " wrong folder.",
            icon=":material/check_circle:",
        )
        return
    st.markdown(
        f"{title} doubts **{len(doubts.doubted)} of {counted(doubts.photos, 'photo')}**, the"
        " surest first. It errs, too: mark only what you see to be wrong. What is merely hard"
        " should stay, or the new model never learns it and its figures look better than it is."
    )
    corrections = Marks.of_session(data)
    for label, (named, other) in enumerate((CLASS_NAMES, CLASS_NAMES[::-1])):
        members = [photo for photo in doubts.doubted if photo.label == label]
        if members:
            st.markdown(f"In the class **{named}**, but more likely **{other}**:")
            show_cards(
                [(photo.path, photo.label, photo.mask_probability) for photo in members],
                doubts.pictures,
                corrections,
                f"label_check_page-{label}",
            )


def _offer(folder: Path) -> _Doubts | None:
    if not installed_models("classifier"):
        return None
    model = mask_models()[0]
    place, key = st.empty(), f"label_check-{folder}"
    with place.container():
        st.caption(
            f"The installed {plain(model_title(model))} can look through the photos for some that"
            " lie in the wrong folder."
        )
        if not st.button(_LOOK, icon=":material/search:"):
            show_unfinished(key, _LOOK)
            return None
    with place.container():
        try:
            classifier = loading.classifier(model)
            files = OwnFiles(folder, annotated=False)
            with long_work(key, _LOOK):
                move = progress_bar("Looking at every photo")
                judged, _ = judge_photos(files, classifier, lambda done, total: move(done / total))
        except MasklensError as error:
            st.error(plain(str(error)))
            return None
    place.empty()
    doubted = [photo for photo in judged if _against(photo) >= SURE]
    doubted.sort(key=_against, reverse=True)
    doubts = _Doubts(folder, model, card_text(model), len(judged), doubted, Pictures(folder))
    st.session_state[DOUBTS] = doubts
    return doubts


def _against(photo: JudgedPhoto) -> float:
    """The probability of the class that a photo is not said to be of."""
    return 1 - photo.mask_probability if photo.label else photo.mask_probability
