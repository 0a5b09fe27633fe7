"""Masklens: finds faces in photos and says, for each, whether it wears a mask."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="Masklens", page_icon="ui/logo.svg", layout="wide")
st.logo("ui/logo.svg", size="large")

st.navigation(
    [st.Page("pages/photo.py", title="Photos", icon=":material/photo_library:", default=True)],
    position="top",
).run()
