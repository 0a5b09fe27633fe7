"""Two models side by side on the same photos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from maskcore import ModelError
from training.metrics import CLASS_NAMES, LEAST_DIFFERING, McNemarTest, mcnemar
from ui.app_threshold import THRESHOLD_LABEL, card_percent
from ui.choices import mask_models
from ui.keep import keep, kept, put
from ui.metrics.history import show_history
from ui.metrics.judged import Judged, read_judged
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.own_view import OWN, offer_model
from ui.metrics.provenance import title_with_run
from ui.words import counted, percent, plain, with_interval


def show_compare(judged: Judged, own: OwnPhotos | None) -> None:
    """The chosen model against another one, then the training of both.

    Args:
        judged: what the chosen model said.
        own: the visitor's photos, if it is them.
    """
    others = [name for name in mask_models(kept("metrics_other")) if name != judged.model]
    if not others:
        st.info("There is only one mask model. Train and install another one to compare them.")
        show_history([judged.model])
        return
    other = st.selectbox(
        "Compare with",
        others,
        format_func=title_with_run,
        **keep("metrics_other", others[0], others),
    )
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


def in_words(comparison: McNemarTest, first: str, second: str, thing: str) -> tuple[str, str]:
    """McNemar's test for people.

    Args:
        comparison: of two models.
        first, second: their titles.
        thing: what they were asked about, as ``Judged.thing`` names it.

    Returns:
        What it comes to, and what that rests on.
    """
    differing = comparison.only_first + comparison.only_second
    asked = counted(comparison.count, thing)
    few = f" {_least(comparison.count, thing)}" if differing < LEAST_DIFFERING else ""
    none = "No difference could be shown."
    if not differing:
        same = f"{first} and {second} got the same of {asked} right."
        return none, f"{same}{few}"
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
        return none, f"{facts} {chance}{few}"
    better = first if comparison.verdict == "first" else second
    return f"{better} is better.", f"{facts} {chance}"


def _least(count: int, thing: str) -> str:
    """What it would have taken to show a difference at all."""
    if count < LEAST_DIFFERING:
        return f"So few {thing}s cannot show any: it takes at least {LEAST_DIFFERING}."
    return (
        f"Only a difference of at least {counted(LEAST_DIFFERING, thing)}"
        f" ({percent(LEAST_DIFFERING / count)}) would have shown."
    )


def _show_pair(first: Judged, second: Judged) -> None:
    # One threshold that was moved, by the slider or for the whole app, would make a winner.
    limits = [card_percent(judged.model) / 100 for judged in (first, second)]
    comparison = mcnemar(right_answers(first, limits[0]), right_answers(second, limits[1]))
    titles = [title_with_run(first.model), title_with_run(second.model)]
    verdict, reasons = in_words(comparison, *titles, first.thing)
    st.header(plain(verdict), anchor=False)
    st.markdown(plain(reasons))
    # A model a column, and a table whose cells break their lines: so it fits a phone.
    columns = [
        _figures_of(judged, limit) for judged, limit in zip((first, second), limits, strict=True)
    ]
    st.table(pd.DataFrame(dict(zip(map(plain, titles), columns, strict=True))))
    st.caption(
        f"Both saw the same {first.things}. Each is judged at its own threshold, whatever is chosen"
        f" under “Figures”. The test (McNemar's, exact) looks only at {first.things} that one of"
        " them alone got right: if the models were equally good, these would fall to either side"
        " like a coin. Below 5 in 100 the difference is called real."
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
    column[THRESHOLD_LABEL] = percent(threshold, 0)
    return column
