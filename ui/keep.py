"""Settings that outlive a change of page: Streamlit forgets a widget's value with its page."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import streamlit as st


def keep(key: str, default: Any, options: Container[Any] | None = None) -> None:
    """Let the widget of this key start with what it last held, on whichever page that was.

    Call it before the widget, which then needs no default of its own.

    Args:
        key: the widget's.
        default: for a visitor who has not touched it.
        options: what it may hold; something else kept gives way to the default.
    """
    value = st.session_state.get(key, _all_kept().get(key, default))
    if options is not None and value not in options:
        value = default
    # Set anew in every run: on another page the widget of this key is another widget, which
    # would begin with a value of its own.
    st.session_state[key] = _all_kept()[key] = value


def put(key: str, value: Any) -> None:
    """Let the widget of this key show a value from the next run on.

    The widget itself may have been drawn in this run already: its own state is left to ``keep``.
    """
    forget(key)
    _all_kept()[key] = value


def kept(key: str) -> Any:
    """What the widget of this key last held; None before ``keep``."""
    return _all_kept().get(key)


def forget(key: str) -> None:
    """Let the widget of this key start with its default again."""
    _all_kept().pop(key, None)
    st.session_state.pop(key, None)


def forget_all(prefix: str) -> None:
    """The same for all widgets whose keys begin so."""
    for key in [key for key in _all_kept() if key.startswith(prefix)]:
        forget(key)


def _all_kept() -> dict[str, Any]:
    held: dict[str, Any] = st.session_state.setdefault("kept", {})
    return held
