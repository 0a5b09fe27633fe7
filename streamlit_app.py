"""Masklens: finds faces in photos and says, for each, whether it wears a mask."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

LOGO = Path(__file__).parent / "ui" / "logo.svg"

st.set_page_config(page_title="Masklens", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")

st.navigation(
    [st.Page("pages/photo.py", title="Photos", icon=":material/photo_library:", default=True)],
    position="top",
).run()
