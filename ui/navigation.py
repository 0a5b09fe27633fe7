"""The way from page to page on screens too narrow for the header's links."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.style import style

_KEY = "pages"
# Up to this width Streamlit takes the links out of the header, into a sidebar that is shut
# behind a button without words.
NARROW_PX = 767
# Below this width labels alone fit into a row.
_WITH_ICONS_PX = 376
# Streamlit leaves as much again empty below the header.
_STYLE = f"""
.stMainBlockContainer {{ padding-top: 4rem; }}
@media (min-width: {NARROW_PX + 1}px) {{
  [data-testid="stLayoutWrapper"]:has(> .st-key-{_KEY}) {{ display: none; }}
}}
@media (max-width: {NARROW_PX}px) {{
  [data-testid="stExpandSidebarButton"], [data-testid="stSidebar"] {{ display: none; }}
  .st-key-{_KEY} a {{ min-height: 2.5rem; }}
  .st-key-{_KEY} > :has(style) {{ display: none; }}
  .stMainBlockContainer h1 {{ padding-top: 0; }}
  /* A pull at the top would load the page anew, and iPhones do not ask before. */
  html, body, [data-testid="stMain"] {{ overscroll-behavior-y: none; }}
}}
@media (max-width: {_WITH_ICONS_PX - 1}px) {{
  .st-key-{_KEY} a > span:has([data-testid="stIconMaterial"]) {{ display: none; }}
}}"""


def show_pages(pages: Sequence[StreamlitPage]) -> None:
    """Show, on narrow screens alone, a row of links to all pages; Streamlit marks the current."""
    with st.container(horizontal=True, gap="xxsmall", key=_KEY):
        # Not st.html, which a browser fetches code for: wide screens would see the row until then.
        st.caption(f"<style>{_STYLE}{style()}</style>", unsafe_allow_html=True)
        for page in pages:
            st.page_link(page)
