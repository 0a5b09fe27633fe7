"""A bar for work done while the visitor waits."""

from __future__ import annotations

from typing import Protocol

import streamlit as st


class Move(Protocol):
    """Moves a bar to the share done, 0..1; beside it stands its own text, or another one."""

    def __call__(self, share: float, text: str = ...) -> None: ...


def progress_bar(text: str) -> Move:
    """Show a bar that is moved by calling what is returned."""
    bar = st.progress(0.0, text)
    shown = (0, text)

    def move(share: float, text: str = text) -> None:
        nonlocal shown
        now = (min(int(share * 100), 100), text)
        if now != shown:  # each move is a message to the browser
            shown = now
            bar.progress(*now)

    return move
