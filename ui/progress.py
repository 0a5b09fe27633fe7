"""A bar for work done while the visitor waits."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def progress_bar(text: str) -> Callable[[float], None]:
    """Show a bar that is moved by calling what is returned with the share done, 0..1."""
    bar = st.progress(0.0, text)
    shown = 0

    def move(share: float) -> None:
        nonlocal shown
        percent = min(int(share * 100), 100)
        if percent > shown:  # each move is a message to the browser
            shown = percent
            bar.progress(percent, text)

    return move
