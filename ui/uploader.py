"""Words of our own in a field for files."""

from __future__ import annotations

import streamlit as st


def word_uploader(key: str, to_choose: str, to_drop: str, kinds: str) -> None:
    """Say in a field what serves, in place of Streamlit's own words.

    For fields that take every file, as what a field refuses itself vanishes without a word: there
    Streamlit's words would promise too much.

    Args:
        key: of the container that the field is alone in.
        to_choose: what may be brought, on a phone, where nothing can be dropped.
        to_drop: the same where something can.
        kinds: of files, and how large.
    """
    field = f'.st-key-{key} [data-testid="stFileUploaderDropzoneInstructions"]'
    st.html(f"""<style>
{field} > * {{ display: none; }}
{field}::after {{ content: "{to_choose}: {kinds}"; font-size: 0.875rem; opacity: 0.7; }}
@media (hover: hover) {{ {field}::after {{ content: "{to_drop}: {kinds}"; }} }}
</style>""")
