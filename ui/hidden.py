"""What the visitor's browser is to do beside showing the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st


def hidden_component(key: str, script: str) -> Callable[..., Any]:
    """Make a component that takes no space on the page.

    Args:
        key: of the element, unique in the app; words joined by hyphens.
        script: its JavaScript module.

    Returns:
        What mounts it: called with what the script is to know and which callbacks it has.
    """
    component = st.components.v2.component(
        f"masklens_{key.replace('-', '_')}",
        # Without a frame of its own the style reaches the element's container, and so the gap
        # that even an empty element leaves on the page.
        css=f".st-key-{key} {{ display: none; }}",
        js=script,
        isolate_styles=False,
    )
    return partial(component, key=key)
