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
from ui.metrics.provenance import begun_note, cut_faces, provenance
from ui.metrics.scene_figures import FACES_NOTE, MANY, SceneFigures, headline, of_100
from ui.words import counted, day, percent, plain, with_interval

SECTIONS = {
    "Mistakes": ":material/grid_view:",
    "Curves": ":material/show_chart:",
    "Whole app": ":material/center_focus_strong:",
    "Two models": ":material/compare_arrows:",
    "Hard cases": ":material/blur_on:",
    "Your photos": ":material/upload:",
}


def show_headline(measured: Measured) -> None:
    """How good it is, in words."""
    finder, figures = measured.first
    sentence = headline(figures) if figures else ""
    note = _scene_note(finder, figures, measured.own) if figures else ""
    if note and finder in measured.folds:
        note += f" {_fold_note(measured.folds[finder])}"
    if not sentence and measured.judged:
        sentence = _close_up_headline(measured.judged, start_percent(measured.model) / 100)
    if not sentence:
        return
    with st.container(border=True, key="headline"):
        st.subheader(sentence, anchor=False)
        if note:
            st.caption(note)


def _scene_note(finder: str, figures: SceneFigures, own: OwnPhotos | None) -> str:
    masked, bare = (figures.by_class[name].faces for name in ("Mask", "No Mask"))
    few = ""
    fewest, kind = min((count, k) for count, k in ((masked, "masked"), (bare, "bare")) if count)
    if fewest < MANY:
        few = f" So few {kind} faces leave room for chance: another set of photos may differ."
    where = "of yours" if own else "that it never learned from"
    now = ""
    if (percent_now := start_percent(figures.model)) != card_percent(figures.model):
        now = f" The app now starts with {percent_now} %."
    return (
        f"The whole app, {finder}'s face finder with {model_title(figures.model)} at its own"
        f" threshold, on {counted(figures.photos, 'photo')} {where}: {masked} masked and"
        f" {counted(bare, 'bare face')}.{now}{few}"
    )


def _fold_note(figures: SceneFigures) -> str:
    return (
        f"On {figures.photos} more, each judged by networks that had not learned from it (see"
        f" “Whole app”): {headline(figures)}"
    )


def _close_up_headline(judged: Judged, threshold: float) -> str:
    by_class = judged.figures(threshold)["by_class"]
    recalls = {
        kind: by_class[name]["recall"]
        for kind, name in (("masked", "Mask"), ("bare", "No Mask"))
        if by_class[name]["recall"]["count"]
    }
    # Nobody knows what fewer would be in a hundred.
    in_100 = all(recall["count"] >= 100 for recall in recalls.values())
    said = []
    for kind, recall in recalls.items():
        hits, count = recall["hits"], recall["count"]
        whole, right = ("In 100", of_100(hits, count)) if in_100 else (f"Of {count}", hits)
        things = judged.thing if count == 1 else judged.things
        said.append(f"{whole} {kind} {things} it recognises {right}.")
    return " ".join(said)


def show_glance(judged: Judged, threshold: float, own: OwnPhotos | None) -> None:
    """Accuracy, area under the curve and the figures of each class.

    Args:
        judged: what the model said.
        threshold: its, 0..1.
        own: the visitor's photos, if it is them; of others it is added what was measured on
            faces of whole photos, at the model's own threshold.
    """
    figures = judged.figures(threshold)
    accuracy, things = figures["accuracy"], judged.things
    if own and own.learned:
        st.warning(own.caution, icon=":material/error:")
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
                    f"How often a masked {judged.thing} gets a higher probability than a bare one"
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
    st.caption(provenance(judged))
    if note := begun_note(judged):
        st.caption(note)
    if own and not own.learned:
        st.caption(plain(own.caution))
    notes = [] if own else [of_faces.note for of_faces in cut_faces(judged.model)]
    for note in notes[:-1]:
        st.caption(note)
    if notes:
        st.caption(f"{notes[-1]} {FACES_NOTE}")


def show_how_measured(measured: Measured) -> None:
    """When and by what command the figures above were measured, each under its title."""
    how = []
    _, figures = measured.first
    if figures:
        how.append(("The sentence at the top: the whole app", figures.created, figures.command))
    if judged := measured.judged:
        how.append(("Accuracy and table: the mask model alone", judged.created, judged.command))
    if judged and measured.own is None:
        for of_faces in cut_faces(measured.model):
            how.append(("Faces cut out of whole photos", of_faces.created, of_faces.command))
    how = [(title, created, command) for title, created, command in how if command]
    if not how:
        return
    with st.expander("How it was measured"):
        for title, created, command in how:
            st.markdown(", ".join(filter(None, (f"**{title}**", day(created)))))
            st.code(command, language="sh", wrap_lines=True)
        if data := read_card(measured.model).get("data"):
            st.caption(f"The model's data: {plain(str(data))}.")


def choose_section() -> str:
    """What to look into; one of ``SECTIONS``."""
    return choose_way("What to look into", SECTIONS, "metrics_section")
