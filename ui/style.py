"""What Streamlit's own look lacks on all pages: contrast, and choices that stay whole on phones."""

from __future__ import annotations

import streamlit as st

# Streamlit's 0.6 leaves small words on white with 4.1 : 1.
CAPTION_OPACITY = 0.72
# Up to this width Streamlit puts columns below each other, and rows of choices break.
PHONE_PX = 640


def style() -> str:
    """Rules of CSS, with the colours of ``.streamlit/config.toml``."""
    words = _colour("theme.light.primaryColor", "theme.dark.linkColor")
    border = _colour("theme.light.borderColor", "theme.dark.borderColor")
    row = '[data-testid="stButtonGroup"] [role="radiogroup"]'
    # Streamlit's rules name each state of a button: only !important weighs more.
    return f"""
:focus-visible:not(input, textarea) {{
  outline: 2px solid {words} !important; outline-offset: 2px;
}}
[data-testid="stCaptionContainer"] {{ opacity: {CAPTION_OPACITY}; }}
[data-testid="stButtonGroup"] button[data-selected]:not([data-disabled]),
[data-testid="stSliderThumbValue"] {{ color: {words} !important; }}
@media (max-width: {PHONE_PX}px) {{
  {row} {{ gap: 0.375rem; }}
  {row} > button {{ margin: 0; border-radius: 0.5rem; padding-inline: 0.5rem; }}
  {row} > button:not([data-selected]) {{ border-color: {border} !important; }}
}}"""


def _colour(light: str, dark: str) -> str:
    return f"light-dark({st.get_option(light)}, {st.get_option(dark)})"
