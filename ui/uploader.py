"""Fields for files: words of our own in them, emptying them, letting go of what was brought."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx


def word_uploader(key: str, to_choose: str, to_drop: str, kinds: str) -> None:
    """Say in a field what serves, in place of Streamlit's own words.

    Streamlit's own are no sentence, and promise too much of fields that take every file, as what
    a field refuses itself vanishes without a word.

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


def zip_field(name: str) -> DeltaGenerator:
    """A container for a field for one ZIP archive, with words of our own in it."""
    key = f"{name}-zip"
    at_most = f"up to {st.get_option('server.maxUploadSize')}\N{NO-BREAK SPACE}MB"
    word_uploader(key, "A ZIP file", "Or drop a ZIP file here", at_most)
    return st.container(key=key)


def field_key(name: str) -> str:
    """The key of a field for files, or of a camera, until ``empty_field``."""
    return f"{name}-{st.session_state.setdefault(_turn(name), 0)}"


def empty_field(name: str) -> None:
    """Let a field come back empty in the next run: one that stays full would lose the next file."""
    st.session_state[_turn(name)] += 1


def _turn(name: str) -> str:
    return f"{name}-turn"


def release(file: BytesIO) -> None:
    """Let go of an uploaded file that is not needed any more.

    Streamlit keeps it in memory until its field is emptied by hand or the tab is closed.

    Args:
        file: what ``st.file_uploader`` gave; it is closed.
    """
    file.close()
    context = get_script_run_ctx()
    with suppress(AttributeError, TypeError):  # another version may hold it otherwise
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
