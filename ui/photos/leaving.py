"""A question of the browser's before photos are lost by a reload or on the way to another site."""

from __future__ import annotations

import streamlit as st

from ui.hidden import hidden_component

# Of the session: the visitor's ``ui.photos.gallery.Gallery``.
GALLERY = "gallery"
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
    """Whether this session holds photos that a reload would lose."""
    gallery = st.session_state.get(GALLERY)
    return gallery is not None and bool(gallery.photos)
