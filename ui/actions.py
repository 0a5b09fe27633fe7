"""Buttons that do something to runs or models, and the sentence that says how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from maskcore import MasklensError
from ui.words import plain

_OUTCOME = "action_outcome"
_FAULT = "action_fault"


def act(action: Callable[..., Any], *arguments: Any, done: str = "", button: str = "") -> Any:
    """Do it, and keep the sentence about it for ``show_outcome``; for callbacks.

    Args:
        action: may raise a MasklensError.
        arguments: its.
        done: what to say when it went well; nothing by default.
        button: key of the ``action_button`` that an error is said beside; "" for none.

    Returns:
        What ``action`` returned; None where it failed.
    """
    st.session_state.pop(_OUTCOME, None)
    try:
        result = action(*arguments)
    except MasklensError as error:
        st.session_state[_OUTCOME] = (False, str(error), button)
        return None
    if done:
        st.session_state[_OUTCOME] = (True, done, button)
    return result


def show_outcome() -> None:
    """Say how the last action went, once; to be called before the buttons.

    What went well is said in a corner that is in sight wherever on the page the button was,
    and moves nothing; an error stands beside its button, or here where it has none.
    """
    st.session_state.pop(_FAULT, None)
    if _OUTCOME not in st.session_state:
        return
    well, sentence, button = st.session_state.pop(_OUTCOME)
    if well:
        st.toast(plain(sentence), icon=":material/check_circle:", duration="long")
    elif button:
        # A fragment is drawn many times until the whole page is drawn anew.
        st.session_state[_FAULT] = (button, sentence)
    else:
        _show_error(sentence)


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
            act(action, *arguments, done=done, button=key)
        st.rerun(scope="app")
    button, sentence = st.session_state.get(_FAULT, ("", ""))
    if button == key:
        _show_error(sentence)


def keep_problem(key: str, error: MasklensError) -> None:
    """Keep what went wrong over a rerun, for ``show_problem``.

    Args:
        key: of the place on the page where it is said.
        error: its sentence is said.
    """
    st.session_state[f"problem-{key}"] = str(error)


def has_problem(key: str) -> bool:
    """Whether ``show_problem`` has something to say under this key."""
    return f"problem-{key}" in st.session_state


def show_problem(key: str) -> None:
    """Say once what was kept under this key, if anything."""
    if sentence := st.session_state.pop(f"problem-{key}", ""):
        _show_error(sentence)


def _show_error(sentence: str) -> None:
    st.error(plain(sentence), icon=":material/error:")
