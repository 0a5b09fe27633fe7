"""The way into the app for visitors who come straight to one of its pages."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Of the players, which are imported late; see ``leave_other_pages``.
KEY = "camera-stream"
RECORDER_KEY = "recorder-stream"
# Of the session: whether the visitor came from another page; the Training page, which alone asks,
# takes it back once it was drawn.
ARRIVED = "arrived"
_MARK, _PAGE = "entered_by_main_script", "entered_page"


def mark_entered() -> None:
    """Note, in the main script, that this visitor came through it."""
    st.session_state[_MARK] = True


def enter_by_main_script() -> None:
    """Begin again with streamlit_app.py where a page was run without it; note who just arrived.

    Until the first ``st.navigation`` of a server's life Streamlit takes every file of
    ``pages/`` for a page of its own: whoever opened /live on a fresh server got it without
    the app's layout and navigation.
    """
    if _MARK not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()
    page = this_page()
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[ARRIVED] = page, True


def this_page() -> str:
    """By what Streamlit tells the page that is drawn from others; "" outside of a run."""
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


def leave_other_pages(url_path: str) -> None:
    """Stop what only another page shows: the camera's streams."""
    for page, key in (("live", KEY), ("training", RECORDER_KEY)):
        if page != url_path and key in st.session_state:
            # Imported here: visitors of the other pages alone do not wait for it.
            from ui.live.webrtc import leave_stream

            leave_stream(key)
