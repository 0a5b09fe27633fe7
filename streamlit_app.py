"""Masklens: finds faces in photos and says, for each, whether it wears a mask."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.entry import leave_other_pages, mark_entered
from ui.tidy import tidy_regularly

LOGO = Path(__file__).parent / "ui" / "logo.svg"

tidy_regularly()
mark_entered()
st.set_page_config(page_title="Masklens", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")
# Streamlit leaves as much again empty below the row of pages.
st.html("<style>.stMainBlockContainer { padding-top: 4rem; }</style>")

page = st.navigation(
    [
        st.Page("pages/photo.py", title="Photos", icon=":material/photo_library:", default=True),
        st.Page("pages/live.py", title="Live", icon=":material/videocam:"),
        st.Page("pages/metrics.py", title="Metrics", icon=":material/monitoring:"),
        st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
    ],
    position="top",
)
leave_other_pages(page.url_path)
page.run()
