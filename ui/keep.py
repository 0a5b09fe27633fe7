"""Settings that outlive a change of page: Streamlit forgets a widget's value with its page."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


@dataclass(frozen=True)
class _Kept:
    """What a widget last held, and the page it was drawn on; "" before it was."""

    value: Any
    page: str = ""


def keep(key: str, default: Any, options: Container[Any] | None = None) -> None:
    """Let the widget of this key start with what it last held, on whichever page that was.

    Call it before the widget, which then needs no default of its own.

    Args:
        key: the widget's.
        default: for a visitor who has not touched it.
        options: what it may hold; something else kept gives way to the default.
    """
    before = _all_kept().get(key, _Kept(default))
    value = st.session_state.get(key, before.value)
    if options is not None and value not in options:
        value = default
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    if page != before.page:
        # There the widget of this key is another widget, which would begin with a value of its own.
        st.session_state.pop(key, None)
    _all_kept()[key] = _Kept(value, page)
    preset(key, value)


def preset(key: str, value: Any) -> None:
    """Let the widget of this key, which is drawn below, show a value."""
    # Only where it is another: a value that is set goes to the browser, where it takes the place
    # of what the visitor has chosen there since this run began.
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def put(key: str, value: Any) -> None:
    """Let the widget of this key show a value from the next run on.

    The widget itself may have been drawn in this run already: its own state is left to ``keep``.
    """
    forget(key)
    _all_kept()[key] = _Kept(value)


def kept(key: str) -> Any:
    """What the widget of this key last held; None before ``keep``."""
    return _all_kept().get(key, _Kept(None)).value


def forget(key: str) -> None:
    """Let the widget of this key start with its default again."""
    _all_kept().pop(key, None)
    st.session_state.pop(key, None)


def forget_all(prefix: str) -> None:
    """The same for all widgets whose keys begin so."""
    for key in [key for key in _all_kept() if key.startswith(prefix)]:
        forget(key)


def _all_kept() -> dict[str, _Kept]:
    held: dict[str, _Kept] = st.session_state.setdefault("kept", {})
    return held
