"""The head of the Metrics page: the answer in a sentence, the figures, how they came about."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from maskcore.models import read_card
from training.metrics import CLASS_NAMES
from ui.app_threshold import card_percent, start_percent
from ui.choices import choose_way, model_title
from ui.metrics.judged import Judged, not_sure_note
from ui.metrics.measured import Measured
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.provenance import alone_on, begun_note, cut_faces, provenance
from ui.metrics.scene_figures import (
    FACES_NOTE,
    MANY,
    SceneFigures,
    boxes_note,
    headline,
    of_100,
)
from ui.words import counted, day, percent, plain, with_interval

SECTIONS = {
    "Figures": ":material/percent:",
    "Mistakes": ":material/grid_view:",
    "Curves": ":material/show_chart:",
    "Whole app": ":material/center_focus_strong:",
    "Two models": ":material/compare_arrows:",
    "Hard cases": ":material/blur_on:",
    "Your photos": ":material/upload:",
}
# Those in which the threshold shows.
BY_THRESHOLD = ("Figures", "Mistakes", "Curves")
_TOP = "The sentence at the top: the whole app"


def show_headline(measured: Measured) -> None:
    """How good it is, in words."""
    finder, figures = measured.first
    notes = []
    if folds := measured.first_in_folds:
        sentence = headline(folds)
        notes.append(f"{_whole_app(finder, folds)} {_fold_note(folds)}")
        if figures:
            notes.append(_kept_apart_note(figures))
    elif figures:
        sentence = headline(figures)
        notes.append(f"{_whole_app(finder, figures, measured.own)} {_chance_note(figures)}")
    elif measured.judged:
        sentence = _close_up_headline(measured.judged, start_percent(measured.model) / 100)
    else:
        return
    own = measured.own
    if own and not own.learned:
        notes.append(plain(own.caution))
    with st.container(border=True, key="headline"):
        st.header(sentence, anchor=False)
        for note in notes:
            st.caption(note)
    if own and own.learned:
        st.warning(own.caution, icon=":material/error:")


def _whole_app(finder: str, figures: SceneFigures, own: OwnPhotos | None = None) -> str:
    """What was measured, on how many photos and faces."""
    masked, bare = (figures.by_class[name].faces for name in ("Mask", "No Mask"))
    of = " of yours" if own else "" if figures.folds else " that it never learned from"
    now = ""
    if (percent_now := start_percent(figures.model)) != card_percent(figures.model):
        now = f" The app now starts with {percent_now}\N{NO-BREAK SPACE}%."
    return (
        f"The whole app, {finder}'s face finder with {model_title(figures.model)} at its own"
        f" threshold, on {counted(figures.photos, 'photo')}{of}: {counted(masked, 'masked face')}"
        f" and {bare:,} without a mask.{now}"
    )


def _fold_note(figures: SceneFigures) -> str:
    told = (
        "In turns: each photo was looked at by networks that had not learned from it; the finder's"
        f" settings were chosen on these photos. {boxes_note(figures)}"
    )
    return told.rstrip()


def _kept_apart_note(figures: SceneFigures) -> str:
    """The second measurement, below that in folds."""
    sentence = headline(figures, sized=False)
    return (
        f"Stricter, on {counted(figures.photos, 'photo')} kept apart, from which nothing was"
        f" learned and by which hardly anything was chosen: {sentence[0].lower()}{sentence[1:]}"
        f" {_chance_note(figures)}"
    )


def _chance_note(figures: SceneFigures) -> str:
    """What speaks against taking the sentence for certain."""
    told = boxes_note(figures)
    faces = {"masked faces": "Mask", "faces without a mask": "No Mask"}
    counts = {kind: figures.by_class[name].faces for kind, name in faces.items()}
    fewest = min((kind for kind in counts if counts[kind]), key=counts.__getitem__)
    if counts[fewest] < MANY:
        told += f" So few {fewest} leave room for chance."
    return told.strip()


def _close_up_headline(judged: Judged, threshold: float) -> str:
    by_class = judged.figures(threshold)["by_class"]
    recalls = {
        kind: by_class[name]["recall"]
        for kind, name in (("masked {}", "Mask"), ("{} without a mask", "No Mask"))
        if by_class[name]["recall"]["count"]
    }
    # Nobody knows what fewer would be in a hundred.
    in_100 = all(recall["count"] >= 100 for recall in recalls.values())
    said = []
    for kind, recall in recalls.items():
        hits, count = recall["hits"], recall["count"]
        whole, right = ("In 100", of_100(hits, count)) if in_100 else (f"Of {count}", hits)
        things = judged.thing if count == 1 else judged.things
        said.append(f"{whole} {kind.format(things)} it recognises {right}.")
    return " ".join(said)


def show_figures(judged: Judged, threshold: float, own: OwnPhotos | None) -> None:
    """Accuracy, area under the curve and the figures of each class.

    Args:
        judged: what the model said.
        threshold: its, 0..1.
        own: the visitor's photos, if it is them.
    """
    figures = judged.figures(threshold)
    accuracy, things = figures["accuracy"], judged.things
    st.header(f"The mask model alone, on {alone_on(judged, own is not None)}", anchor=False)
    of_photos = "In each photo the largest face counts"
    found = of_photos if things == "photos" else "No face is looked for"
    st.caption(f"{found}, which is easier than what the whole app does: to find them all.")
    if note := not_sure_note(judged, threshold):
        st.markdown(note)
    left, right = st.columns([1, 2], gap="medium")
    with left, st.container(horizontal=True):
        with st.container(width=150, gap=None):
            st.metric("Accuracy", percent(accuracy["value"]))
            low, high = accuracy["interval"]
            st.caption(
                f"{accuracy['hits']} of {judged.counted(accuracy['count'])} right. The true rate"
                f" for {things} of this kind is likely between {low * 100:.1f} and"
                f" {high * 100:.1f} %."
            )
        with st.container(width=150, gap=None):
            auc, interval = judged.roc_auc["value"], judged.roc_auc["interval"]
            st.metric("ROC AUC", "–" if auc is None else f"{auc:.4f}")
            if auc is None or interval is None:
                meaning = f"Needs {things} of both classes."
            else:
                meaning = (
                    f"How often a masked {judged.thing} gets a higher probability than one without"
                )
                # Drawn again, those without a mistake would never show one.
                meaning += (
                    ": always, on these. Others may differ."
                    if auc == 1
                    else f", at best 1. The true figure is likely between {interval[0]:.4f} and"
                    f" {interval[1]:.4f}."
                )
            st.caption(meaning)
    with right:
        # A class a column, and a table whose cells break their lines: so it fits a phone.
        columns = {}
        for name in reversed(CLASS_NAMES):
            of_class = figures["by_class"][name]
            columns[name] = {
                things.capitalize(): str(of_class["count"]),
                "F1": with_interval(of_class["f1"]),
                "Precision": with_interval(of_class["precision"]),
                "Recall": with_interval(of_class["recall"]),
            }
        st.table(pd.DataFrame(columns))
        st.caption(
            "Precision: how often it is right when it says so. Recall: how many of the class it"
            " recognises. F1: both in one figure. In brackets what chance allows for (95 %)."
            + (f" {FACES_NOTE}" if judged.things == "faces" else "")
        )
    if note := begun_note(judged):
        st.caption(note)


def show_how_measured(measured: Measured) -> None:
    """Of what, when and by what command the page's figures were measured, each under its title."""
    how = []  # title, what there is to say, when, by what command
    _, figures = measured.first
    folds = measured.first_in_folds
    kept_apart = "The whole app, photos kept apart" if folds else _TOP
    for of, title in ((folds, f"{_TOP}, photos in turns"), (figures, kept_apart)):
        if of and of.command:
            how.append((title, "", of.created, of.command))
    if judged := measured.judged:
        title = "Accuracy and table: the mask model alone"
        how.append((title, provenance(judged), judged.created, judged.command))
    if judged and measured.own is None:
        cut = cut_faces(measured.model)
        for of_faces in cut:
            note = f"{of_faces.note} {FACES_NOTE}" if of_faces is cut[-1] else of_faces.note
            how.append(("Faces cut out of whole photos", note, of_faces.created, of_faces.command))
    if not how:
        return
    with st.expander("How it was measured: data, date and command"):
        for title, note, created, command in how:
            st.markdown(", ".join(filter(None, (f"**{title}**", day(created)))))
            if note:
                st.caption(note)
            if command:
                st.code(command, language="sh", wrap_lines=True)
        if data := read_card(measured.model).get("data"):
            st.caption(f"The model's data: {plain(str(data))}.")


def choose_section() -> str:
    """What to look into; one of ``SECTIONS``."""
    return choose_way("What to look into", SECTIONS, "metrics_section")
