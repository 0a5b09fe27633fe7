"""A question of the browser's before a visitor's work is lost by a reload or a closed tab."""

from __future__ import annotations

import streamlit as st

from ui.hidden import hidden_component
from ui.keys import (
    BROUGHT,
    CORRECTIONS,
    GALLERY,
    KEPT_ZIP,
    OWN_PHOTOS,
    PICTURES,
    RECORDER,
    STREAM,
    VIDEO,
)

# Each call has a listener of its own: it may come before the former one is tidied away, or when
# the page holds it no longer.
_SCRIPT = """
export default function ({ parentElement }) {
  const ask = (event) => {
    if (!parentElement.isConnected) return;
    event.preventDefault();
    event.returnValue = true; // for browsers that know no other way
  };
  window.addEventListener("beforeunload", ask);
  return () => window.removeEventListener("beforeunload", ask);
}
"""
_ask = hidden_component("leaving", _SCRIPT)


def ask_before_leaving() -> None:
    """Let the browser ask before this page is closed or loaded anew; takes no space.

    It asks as long as this is called in every run. From page to page of the app nothing is lost,
    and nothing asked.
    """
    _ask()


def photos_held() -> bool:
    """Whether this session holds photos on the Photos page."""
    gallery = st.session_state.get(GALLERY)
    return gallery is not None and bool(gallery.photos)


def work_held() -> bool:
    """Whether this session holds anything that a reload would lose."""
    state = st.session_state
    stream, recorder, video = state.get(STREAM), state.get(RECORDER), state.get(VIDEO)
    return (
        photos_held()
        or (stream is not None and bool(stream.snapshots))
        or (recorder is not None and any(recorder.recording.folder.rglob("*.jpg")))
        or any(map(len, state.get(CORRECTIONS, {}).values()))
        or (video is not None and not (video.state == "ended" and video.summary is None))
        or any(state.get(key) is not None for key in (OWN_PHOTOS, PICTURES, BROUGHT))
        or any(str(key).endswith(KEPT_ZIP) for key in state)
    )
