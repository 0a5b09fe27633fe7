"""Buttons that do something to runs or models, and the sentence that says how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from maskcore import MasklensError
from ui.words import plain

_OUTCOME = "action_outcome"
_FAULT = "action_fault"


def act(action: Callable[..., Any], *arguments: Any, done: str = "", button: str = "") -> Any:
    """Do it, and keep the sentence about it for ``show_outcome``.

    Args:
        action: may raise a MasklensError.
        arguments: its.
        done: what to say when it went well; nothing by default.
        button: key of the ``action_button`` that an error is said beside; "" for none.

    Returns:
        What ``action`` returned; None where it failed.
    """
    # Kept before: where something else is pressed meanwhile, the run ends at its next access.
    outcome: list[tuple[bool, str, str]] = []
    st.session_state[_OUTCOME] = outcome
    try:
        result = action(*arguments)
    except MasklensError as error:
        outcome.append((False, str(error), button))
        return None
    if done:
        outcome.append((True, done, button))
    return result


@dataclass
class _Fault:
    """An error, of which a button's place is told as often as it is drawn."""

    button: str
    sentence: str
    said: bool = False


def show_outcome() -> DeltaGenerator:
    """Say how the last action went, once; to be called before the buttons.

    What went well is said in a corner that is in sight wherever on the page the button was,
    and moves nothing; an error stands beside its button, or here where it has none.

    Returns:
        A place here, for ``show_unsaid``.
    """
    place = st.empty()
    fault: _Fault | None = st.session_state.get(_FAULT)
    if fault and fault.said:  # else the run before ended too early
        del st.session_state[_FAULT]
    outcome: list[tuple[bool, str, str]] = st.session_state.get(_OUTCOME, [])
    for well, sentence, button in outcome:
        if well:
            st.toast(plain(sentence), icon=":material/check_circle:", duration="long")
        elif button:
            # A fragment is drawn many times until the whole page is drawn anew.
            st.session_state[_FAULT] = _Fault(button, sentence)
        else:
            with place:
                _show_error(sentence)
    outcome.clear()
    return place


def show_unsaid(place: DeltaGenerator) -> None:
    """Say the error of a button that is no longer there; to be called after all buttons.

    Args:
        place: where to say it.
    """
    fault: _Fault | None = st.session_state.get(_FAULT)
    if fault and not fault.said:
        with place:
            _show_error(fault.sentence)
        fault.said = True


def action_button(
    label: str,
    icon: str,
    key: str,
    action: Callable[..., Any],
    *arguments: Any,
    done: str = "",
    type: Literal["primary", "secondary", "tertiary"] = "secondary",
) -> None:
    """A button that acts and lets the whole page be drawn anew, also from within a fragment.

    Args:
        label, icon, type: the button's.
        key: the button's; what goes wrong is said below the button of this key.
        action: what a press does; a ``MasklensError`` of its is said.
        arguments: its.
        done: what to say once it is done; empty for nothing.
    """
    if st.button(label, icon=icon, key=key, type=type):
        with st.spinner("One moment"):
            act(action, *arguments, done=done, button=key)
        st.rerun(scope="app")
    fault: _Fault | None = st.session_state.get(_FAULT)
    if fault and fault.button == key:
        _show_error(fault.sentence)
        fault.said = True


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
