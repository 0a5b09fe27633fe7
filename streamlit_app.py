"""Masklens: finds faces in photos and says, for each, whether it wears a mask."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.entry import leave_other_pages, mark_entered
from ui.leaving import ask_before_leaving, photos_held, work_held
from ui.navigation import show_pages
from ui.tidy import tidy_regularly

LOGO = Path(__file__).parent / "ui" / "logo.svg"

tidy_regularly()
mark_entered()
st.set_page_config(page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")

pages = [
    st.Page("pages/photo.py", title="Photos", icon=":material/photo_library:", default=True),
    st.Page("pages/live.py", title="Live", icon=":material/videocam:"),
    st.Page("pages/metrics.py", title="Metrics", icon=":material/monitoring:"),
    st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
]
page = st.navigation(pages, position="top")
st.set_page_config(page_title=f"{page.title} · Masklens")
show_pages(pages)
leave_other_pages(page.url_path)
page.run()
photos_ask = not page.url_path and photos_held()  # in a place of their own, long before the end
if work_held() and not photos_ask:
    ask_before_leaving()
