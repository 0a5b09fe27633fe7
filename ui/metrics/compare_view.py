"""Two models side by side on the same photos, and how each was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from maskcore import ModelError
from maskcore.models import installed_models
from training.metrics import CLASS_NAMES, LEAST_DIFFERING, McNemarTest, mcnemar
from ui.app_threshold import card_percent
from ui.keep import keep, put
from ui.metrics.chart_box import show_chart
from ui.metrics.charts import history_chart
from ui.metrics.judged import Judged, history_of, read_judged
from ui.metrics.learning_curves import HARDER_TO_LEARN
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.own_view import OWN, offer_model
from ui.metrics.provenance import title_with_run
from ui.words import counted, percent, plain, with_interval

_FIGURES = {
    "accuracy": ("Share of photos right", "Accuracy, epoch by epoch"),
    "loss": ("Loss (lower is better)", "Loss, epoch by epoch"),
}
_LINES = "Solid: on photos it learns from, dashed: on photos held back."
_BY_HEART = {
    "accuracy": "It learns by heart where the dashed line falls while the solid one still rises.",
    "loss": "It learns by heart where the dashed line rises while the solid one still falls.",
}


def show_compare(judged: Judged, own: OwnPhotos | None) -> None:
    """The chosen model against another one, then the training of both.

    Args:
        judged: what the chosen model said.
        own: the visitor's photos, if it is them.
    """
    others = [name for name in installed_models("classifier") if name != judged.model]
    if not others:
        st.info("There is only one mask model. Train and install another one to compare them.")
        show_history([judged.model])
        return
    keep("metrics_other", others[0], others)
    other = st.selectbox("Compare with", others, format_func=title_with_run, key="metrics_other")
    if own is not None:
        theirs = OwnPhotos.of_session(other)
        if theirs is None:
            offer_model(own, other)
        else:
            _show_both(judged, theirs.judged)
    else:
        try:
            part = read_judged(other).get(judged.part)
        except ModelError as error:
            st.warning(plain(str(error)), icon=":material/error:")
        else:
            _show_both(judged, part)
    show_history([judged.model, other])


def _show_both(judged: Judged, other: Judged | None) -> None:
    pair = None if other is None else same_photos(judged, other)
    if pair is None:
        st.info(
            "The two models were not measured on the same photos, so their figures do not tell"
            " which one is better. Photos of yours can be measured with both."
        )
        st.button(
            "Measure both on your photos",
            icon=":material/upload:",
            on_click=_go_to_own,
            args=(judged.model,),
        )
    else:
        _show_pair(*pair)


def _go_to_own(model: str) -> None:
    if OwnPhotos.of_session(model):
        put("metrics_part", OWN)
    else:
        put("metrics_section", "Your photos")


def same_photos(first: Judged, second: Judged) -> tuple[Judged, Judged] | None:
    """Both models' answers on the photos both were measured on; None where there are none."""
    if first.data != second.data:
        return None
    place = {path: i for i, path in enumerate(second.paths)}
    mine = [i for i, path in enumerate(first.paths) if path in place]
    # A photo whose label was corrected for one of them alone tells nothing of the other.
    mine = [i for i in mine if first.labels[i] == second.labels[place[first.paths[i]]]]
    if not mine:
        return None
    return first.only(mine), second.only([place[first.paths[i]] for i in mine])


def right_answers(judged: Judged, threshold: float) -> np.ndarray:
    """Which photos are called rightly, bool (N,)."""
    return (judged.probabilities >= threshold) == (judged.labels == 1)


def in_words(comparison: McNemarTest, first: str, second: str, things: str) -> str:
    """McNemar's test for people.

    Args:
        comparison: of two models.
        first, second: their titles.
        things: what they were asked about, as ``Judged.things`` names it.
    """
    differing = comparison.only_first + comparison.only_second
    asked = counted(comparison.count, things.removesuffix("s"))
    few = f" {_least(comparison.count, things)}" if differing < LEAST_DIFFERING else ""
    none = "No difference could be shown."
    if not differing:
        same = f"{first} and {second} got the same of {asked} right."
        return f"{none} {same}{few}"
    facts = (
        f"They differ on {differing} of {asked}:"
        f" {comparison.only_first} right by {first} alone, {comparison.only_second} by"
        f" {second} alone."
    )
    times = comparison.p_value * 100
    # Around 5 the first decimal decides.
    digits = f"{times:.1f}" if times < 10 else f"{times:.0f}"
    often = "less than once in 100 times" if times < 1 else f"about {digits} times in 100"
    chance = f"Chance alone would do that much or more {often}."
    if round(times) == 100:
        chance = "Chance alone would produce a difference this small."
    if comparison.verdict == "none":
        return f"{none} {facts} {chance}{few}"
    better = first if comparison.verdict == "first" else second
    return f"{better} is better. {facts} {chance}"


def _least(count: int, things: str) -> str:
    """What it would have taken to show a difference at all."""
    if count < LEAST_DIFFERING:
        return f"So few {things} cannot show any: it takes at least {LEAST_DIFFERING}."
    return (
        f"Only a difference of at least {LEAST_DIFFERING} {things}"
        f" ({percent(LEAST_DIFFERING / count)}) would have shown."
    )


def _show_pair(first: Judged, second: Judged) -> None:
    # One threshold that was moved, by the slider or for the whole app, would make a winner.
    limits = [card_percent(judged.model) / 100 for judged in (first, second)]
    comparison = mcnemar(right_answers(first, limits[0]), right_answers(second, limits[1]))
    titles = [title_with_run(first.model), title_with_run(second.model)]
    st.subheader(plain(in_words(comparison, *titles, first.things)), anchor=False)
    # A model a column, and a table whose cells break their lines: so it fits a phone.
    columns = [
        _figures_of(judged, limit) for judged, limit in zip((first, second), limits, strict=True)
    ]
    st.table(pd.DataFrame(dict(zip(map(plain, titles), columns, strict=True))))
    st.caption(
        f"Both saw the same {first.things}. Each is judged at its own threshold, whatever is chosen"
        f" above. The test (McNemar's, exact) looks only at {first.things} that one of them alone"
        " got right: if the models were equally good, these would fall to either side like a coin."
        " Below 5 in 100 the difference is called real."
    )


def _figures_of(judged: Judged, threshold: float) -> dict[str, str]:
    """A model's column of the table."""
    figures = judged.figures(threshold)
    column = {"Accuracy": with_interval(figures["accuracy"])}
    for name in reversed(CLASS_NAMES):
        of_class = figures["by_class"][name]
        recall = of_class["recall"]
        column[f"{name}: right"] = f"{recall['hits']} of {recall['count']}"
        column[f"{name}: F1"] = percent(of_class["f1"]["value"])
    column[judged.things.capitalize()] = str(figures["count"])
    column["Counts as a mask from"] = percent(threshold, 0)
    return column


def show_history(models: list[str]) -> None:
    """Training curves of the runs that made these models."""
    st.subheader("How they were trained" if len(models) > 1 else "How it was trained", anchor=False)
    histories = {title_with_run(name): history_of(name) for name in models}
    for title, history in histories.items():
        if not history:
            st.caption(f"The run that made {plain(title)} left no record of its epochs.")
    if any(histories.values()):
        st.caption(f"{HARDER_TO_LEARN} So the solid line is often the worse one.")
    places = st.columns(2, gap="medium")
    for place, (figure, (axis, name)) in zip(places, _FIGURES.items(), strict=True):
        rows = [
            row for title, history in histories.items() for row in _rows(title, history, figure)
        ]
        if rows:
            with place:
                show_chart(
                    history_chart(rows, axis, name, shares=figure == "accuracy"),
                    f"{_LINES} {_BY_HEART[figure]}",
                    _history_table(rows, figure),
                    f"history-{figure}",
                )


def _history_table(rows: list[dict[str, Any]], figure: str) -> pd.DataFrame:
    """The rows of a training curve for people, the figure's column named for it."""
    # What is needed least stands last, where a phone hides it.
    table = pd.DataFrame(rows, columns=["model", "epoch", "photos", "value", "stage"])
    table["value"] = [
        percent(value) if figure == "accuracy" else f"{value:.3f}" for value in table["value"]
    ]
    return table.rename(columns={"value": figure}).rename(columns=str.capitalize)


def _rows(title: str, history: list[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    return [
        {
            "model": title,
            "stage": epoch.get("stage", ""),
            "epoch": number,
            "photos": photos,
            "value": epoch[name],
        }
        for number, epoch in enumerate(history, 1)
        for name, photos in ((figure, "learned from"), (f"val_{figure}", "held back"))
        if isinstance(epoch.get(name), int | float)
    ]
