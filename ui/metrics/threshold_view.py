"""The threshold's slider on the Metrics page, and making it the app's."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError
from ui.actions import keep_problem, show_problem
from ui.app_threshold import (
    THRESHOLD_LABEL,
    card_percent,
    choose_threshold,
    chosen_percent,
    forget_threshold,
    start_percent,
)
from ui.keep import forget, keep
from ui.local import training_allowed

_PLACE = "threshold"


def choose_metrics_threshold(model: str, part: str) -> float:
    """Show the slider and what Photos and Live start with.

    Args:
        model: the mask model's name.
        part: of its report, the one that the figures are of.

    Returns:
        Mask probability, 0..1, from which the answer is "Mask".
    """
    key = _key(model)
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        percent = st.slider(
            THRESHOLD_LABEL,
            min_value=1,
            max_value=99,
            format="%d %%",
            **keep(key, start_percent(model)),
        )
    with right, st.container(horizontal=True, vertical_alignment="center"):
        started, of_card = start_percent(model), card_percent(model)
        allowed = training_allowed()  # whoever may not install a model does not choose for all
        if allowed and percent != started:
            st.button(
                "Make it the app's default",
                icon=":material/check:",
                on_click=_make_default,
                args=(model, percent),
            )
        if allowed and chosen_percent(model) is not None:
            st.button(
                f"Back to the model's own {of_card} %",
                icon=":material/undo:",
                type="tertiary",
                on_click=_go_back,
                args=(model, key),
            )
        st.caption(
            f"Photos and Live start with {started} %,"
            f" {'as chosen here' if chosen_percent(model) is not None else 'the model’s own'}."
        )
    if part == "test" and percent != of_card:
        st.caption(
            "At a threshold chosen on these photos their figures look a little better than they"
            " are: the validation photos are for choosing, see “Measured on”."
        )
    show_problem(_PLACE)
    return percent / 100


def metrics_threshold(model: str) -> float:
    """The threshold that was chosen last, 0..1, for where the slider is not shown."""
    keep(_key(model), start_percent(model))
    return float(st.session_state[_key(model)]) / 100


def _key(model: str) -> str:
    return f"metrics_threshold_{model}"


def _make_default(model: str, percent: int) -> None:
    try:
        choose_threshold(model, percent)
    except MasklensError as error:
        keep_problem(_PLACE, error)
    else:
        _begin_anew(model)


def _go_back(model: str, key: str) -> None:
    try:
        forget_threshold(model)
    except MasklensError as error:
        keep_problem(_PLACE, error)
    else:
        _begin_anew(model)
        forget(key)


def _begin_anew(model: str) -> None:
    """Let this visitor's Photos and Live start as others' do, where they use this model."""
    if st.session_state.get("threshold_of", ("",))[0] == model:
        forget("threshold")
