"""Fields for files: words of our own in them, emptying them, letting go of what was brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from maskcore import MasklensError
from ui.keys import KEPT_ZIP
from ui.uploads import check_held
from ui.words import shown_name

# To be said where the work of ``using_up_zip`` goes on.
BEGINS_ANEW = "It begins anew when you press or choose something else meanwhile."


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


def drop_zip(name: str) -> UploadedFile | None:
    """Let go of what ``keep_zip`` kept under this name, and say what it was."""
    file: UploadedFile | None = st.session_state.pop(_kept(name), None)
    if file is not None:
        release(file)
    return file


def kept_zip(name: str) -> UploadedFile | None:
    """What ``keep_zip`` keeps under this name."""
    file: UploadedFile | None = st.session_state.get(_kept(name))
    return file


def keep_zip(
    name: str, label: str, drop: Callable[[str], Any] = drop_zip, **options: Any
) -> UploadedFile | None:
    """A field for one ZIP archive, which is kept, on other pages, too, until ``drop_zip``.

    Streamlit would forget it with the page.

    Args:
        name: of the field.
        label: its label.
        drop: called with the name when the visitor takes the archive away or brings another.
        options: further ones of ``st.file_uploader``.
    """
    key = f"{name}-zip"
    at_most = f"up to {st.get_option('server.maxUploadSize')}\N{NO-BREAK SPACE}MB"
    word_uploader(key, "A ZIP file", "Or drop a ZIP file here", at_most)
    with st.container(key=key):
        shown = st.file_uploader(
            label,
            type=["zip"],
            key=field_key(name),
            on_change=_follow,
            args=(name, drop),
            **options,
        )
    file = kept_zip(name)
    if file is not None and shown is None:  # the visitor has been on another page
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{shown_name(file.name)}** is still here.", width="content")
            st.button(
                "Remove", icon=":material/close:", type="tertiary", on_click=drop, args=(name,)
            )
    if file is not None:
        try:
            check_held(file)
        except MasklensError as error:
            st.error(f"**{shown_name(file.name)}**: {error}")
            return None
    return file


def _follow(name: str, drop: Callable[[str], Any]) -> None:
    file = st.session_state.get(field_key(name))
    # Until the browser knows that an archive was used up, each press names it again: it is a
    # DeletedFile then, or of a field that was emptied.
    if not isinstance(file, UploadedFile):
        file = None
    if file != kept_zip(name):
        drop(name)
        if file is not None:
            st.session_state[_kept(name)] = file


@contextmanager
def using_up_zip(name: str) -> Iterator[None]:
    """Work after which the kept archive is dropped, whether it went well or not.

    Whatever the visitor presses meanwhile ends the work; the archive is then left for the next
    run to begin anew.
    """
    try:
        yield
    except Exception:  # the end of a run is none
        drop_zip(name)
        empty_field(name)
        raise
    drop_zip(name)
    empty_field(name)


def _kept(name: str) -> str:
    return f"{name}{KEPT_ZIP}"


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
