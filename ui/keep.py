"""Settings that outlive a change of page, and presses that outlive a run."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Literal, TypedDict

import streamlit as st

from ui.entry import this_page


class Kept(TypedDict):
    """What a kept widget is given besides its own: ``st.toggle("Blur", **keep("blur", False))``.

    Streamlit then keeps its value while it is not drawn, and sends it where the browser does not
    hold one.
    """

    key: str
    persist_state: Literal["session"]


def keep(key: str, default: Any, options: Container[Any] | None = None) -> Kept:
    """Let the widget of this key start with what it last held, on whichever page that was.

    The widget needs no default of its own.

    Args:
        key: the widget's.
        default: for a visitor who has not touched it.
        options: what it may hold; something else kept gives way to the default.
    """
    value = _given().pop(key, st.session_state.get(key, default))
    page = this_page()
    pages: dict[str, str] = st.session_state.setdefault("kept_on", {})
    if options is not None:
        # Sent in every run: browsers hold the words of a choice, and those may change.
        st.session_state[key] = value if value in options else default
    elif pages.get(key) != page or key not in st.session_state or st.session_state[key] != value:
        # Sent only where it is another, or on another page: on its way it takes the place of what
        # the visitor has chosen since this run began, which of a slider is then lost.
        st.session_state[key] = value
    pages[key] = page
    return {"key": key, "persist_state": "session"}


def put(key: str, value: Any) -> None:
    """Let the widget of this key show a value from the next run on.

    The widget itself may have been drawn in this run already.
    """
    _given()[key] = value


def kept(key: str) -> Any:
    """What the widget of this key last held; None before ``keep``."""
    return _given().get(key, st.session_state.get(key))


def forget(key: str) -> None:
    """Let the widget of this key start with its default again."""
    _given().pop(key, None)
    st.session_state.pop(key, None)


def forget_all(prefix: str) -> None:
    """The same for all widgets whose keys begin so."""
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        forget(str(key))


def _given() -> dict[str, Any]:
    """What ``put`` was told, until ``keep`` asks."""
    given: dict[str, Any] = st.session_state.setdefault("given", {})
    return given
