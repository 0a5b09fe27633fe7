"""The page's section on face finder and mask model together."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from training.metrics import CLASS_NAMES
from ui.choices import model_title
from ui.keep import keep
from ui.metrics.charts import show_chart
from ui.metrics.frame_times import show_frame_times
from ui.metrics.scene_charts import outcomes, sizes
from ui.metrics.scene_figures import FINDERS_NOTE, SceneFigures, finder_rows
from ui.words import counted, day, plain

# Which columns of ``finder_rows`` stand together.
_TABLES = (
    *((f"{name}: found", f"{name}: right") for name in reversed(CLASS_NAMES)),
    ("Boxes that are faces", "Macro F1"),
)


def show_scenes(
    scenes: dict[str, SceneFigures],
    model: str,
    own: bool,
    folds: dict[str, SceneFigures],
) -> None:
    """What becomes of the faces in whole photos, finder by finder.

    Args:
        scenes: reports of finder and a mask model together, by the finder's title.
        model: the mask model chosen.
        own: whether the photos are the visitor's.
        folds: reports of other photos, which networks judged in turns.
    """
    if not scenes and own:
        st.info(
            "This needs whole photos with a box for each face, and a face finder to try on them:"
            " see “Your photos”."
        )
        return
    if not scenes:
        st.info(
            "There is no report on whole photos. Make one with:"
            f" `python -m training evaluate-scenes --scenes DIR --model {model}"
            f" --out models/scenes/{model}/fcos.json`"
        )
        return
    if folds and _in_turns(next(iter(scenes.values())), next(iter(folds.values()))):
        scenes = folds
    first = next(iter(scenes.values()))
    judges = list(dict.fromkeys(model_title(figures.model) for figures in scenes.values()))
    st.caption(
        "Whole photos, in which the face has to be found before it is judged:"
        f" {counted(first.photos, 'photo')}, faces of {first.min_side:.0f} pixels and more,"
        f" each finder with its usual settings, masks told by"
        f" {plain(' and '.join(judges))} with its own threshold."
        + (_how_in_turns(first) if first.folds else "")
    )
    if not any(figures.model == model for figures in scenes.values()):
        st.info(
            f"Nobody has measured this with {plain(model_title(model))} yet. Which faces are found"
            " does not depend on the mask model; which are labelled right does."
        )
    left, right = st.columns(2, gap="medium")
    with left:
        for drawn in outcomes(scenes):
            show_chart(drawn)
    with right:
        _show_sizes(scenes)
    table = pd.DataFrame(finder_rows(scenes)).set_index("Face finder")
    # Three tables, so that on a phone each cell keeps to its line.
    for place, columns in zip(st.columns(3), _TABLES, strict=True):
        place.table(table[list(columns)])
    st.caption(FINDERS_NOTE)
    if any(figures.command for figures in scenes.values()):
        with st.expander("How it was measured"):
            for title, figures in scenes.items():
                told = ", ".join(filter(None, (title, day(figures.created))))
                st.markdown(f"{told}: `{figures.command}`")
    show_frame_times(model)


def _in_turns(kept: SceneFigures, turns: SceneFigures) -> bool:
    """Let it be chosen which photos the figures are of; those of the page's headline at first."""
    titles = {
        True: f"{turns.photos} photos in turns",
        False: f"{kept.photos} photos kept apart",
    }
    chosen: bool = st.segmented_control(
        "Photos",
        list(titles),
        required=True,
        format_func=titles.get,
        **keep("metrics_in_turns", True, titles),
    )
    return chosen


def _how_in_turns(figures: SceneFigures) -> str:
    return (
        f" In turns: {figures.folds} times every network here that learned from these photos was"
        " trained anew without some of them and then asked about those. So many faces leave less"
        " to chance, but settings such as how long to train were chosen by them; the app's own"
        " networks learned from most or all of them."
    )


def _show_sizes(scenes: dict[str, SceneFigures]) -> None:
    titles = list(scenes)
    finder = st.selectbox("Face finder", titles, **keep("metrics_finder", titles[0], titles))
    if drawn := sizes(finder, scenes[finder]):
        show_chart(drawn)
    else:
        st.info("There are no faces to tell sizes of.")
