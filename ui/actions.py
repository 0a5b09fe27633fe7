"""Buttons that do something to runs or models, and the sentence that says how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from maskcore import MasklensError
from ui.results import plain

_OUTCOME = "action_outcome"


def act(action: Callable[..., Any], *arguments: Any, done: str = "") -> Any:
    """Do it, and keep the sentence about it for ``show_outcome``; for callbacks.

    Args:
        action: may raise a MasklensError.
        arguments: its.
        done: what to say when it went well; nothing by default.

    Returns:
        What ``action`` returned; None where it failed.
    """
    st.session_state.pop(_OUTCOME, None)
    try:
        result = action(*arguments)
    except MasklensError as error:
        st.session_state[_OUTCOME] = (False, str(error))
        return None
    if done:
        st.session_state[_OUTCOME] = (True, done)
    return result


def show_outcome() -> None:
    """Say how the last action went, once."""
    if _OUTCOME in st.session_state:
        well, sentence = st.session_state.pop(_OUTCOME)
        if well:
            st.success(plain(sentence), icon=":material/check_circle:")
        else:
            st.error(plain(sentence), icon=":material/error:")


def action_button(
    label: str,
    icon: str,
    key: str,
    action: Callable[..., Any],
    *arguments: Any,
    done: str = "",
    type: Literal["primary", "secondary", "tertiary"] = "secondary",
) -> None:
    """A button that acts and lets the whole page be drawn anew, also from within a fragment."""
    if st.button(label, icon=icon, key=key, type=type):
        with st.spinner("One moment"):
            act(action, *arguments, done=done)
        st.rerun(scope="app")
