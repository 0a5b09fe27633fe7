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
    kept: dict[str, Any] = st.session_state.setdefault("kept", {})
    if key in st.session_state:
        kept[key] = st.session_state[key]
        return
    value = kept.get(key, default)
    st.session_state[key] = value if options is None or value in options else default
