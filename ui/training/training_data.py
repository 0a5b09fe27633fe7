"""The Training page's section on photos: four ways to bring them, then what they are like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from training.photos.data_folders import discard
from ui.choices import choose_way
from ui.entry import RECORDER_KEY
from ui.keys import BROUGHT, DOUBTS, LOOK, RECORDER
from ui.metrics.corrections import choose_corrections
from ui.training.data_ways import Brought, choose_folder, choose_public, upload_zip, zip_waits
from ui.words import plain

WAYS = {
    "Upload a ZIP": ":material/folder_zip:",
    "Record with the camera": ":material/videocam:",
    "Folder on this computer": ":material/folder_open:",
    "Public photos": ":material/public:",
}


@dataclass(frozen=True)
class DataChoice:
    """Photos that can be trained on.

    Attributes:
        folder: holds ``with_mask`` and ``without_mask``.
        data_name: for people.
        recorded: whether they are frames of a camera, named in the order they were taken.
        corrections: a list of wrong labels among them, as JSON; "" for none.
    """

    folder: Path
    data_name: str
    recorded: bool
    corrections: str = ""


def show_data_section() -> DataChoice | None:
    """Let the visitor bring photos, and show what they are like.

    Returns:
        The photos, once there are some that can be trained on.
    """
    brought: Brought | None = st.session_state.get(BROUGHT)
    if brought is not None and not brought.folder.is_dir():
        # A day has passed, or the run that used them was deleted with them.
        st.info("The photos brought last are no longer there. Bring them again.")
        _let_go(brought)
        brought = None
    if brought is None:
        _show_ways()
        return None
    return _show_brought(brought)


def photos_are_brought() -> bool:
    """Whether the visitor has chosen photos, be they fit to be trained on or not."""
    return BROUGHT in st.session_state


def photos_wait() -> bool:
    """Whether the visitor has brought an archive and is yet to say that it is right."""
    return st.session_state.get("training_way") == "Upload a ZIP" and zip_waits()


def brought_folder() -> Path | None:
    """Where the photos lie that this visitor has chosen, as runs name it; None without any."""
    brought: Brought | None = st.session_state.get(BROUGHT)
    return brought.folder.resolve() if brought else None


def leave_data_section() -> None:
    """Stop the camera, where the page shows something else in place of this section."""
    if RECORDER in st.session_state:
        # Imported here: those who never record do not wait for it.
        from ui.live.webrtc import leave_stream

        st.session_state[RECORDER].pause()
        leave_stream(RECORDER_KEY)


def _show_ways() -> None:
    way = choose_way("Where the photos come from", WAYS, key="training_way")
    if way != "Record with the camera":
        leave_data_section()
    brought = {
        "Upload a ZIP": upload_zip,
        "Record with the camera": _record,
        "Folder on this computer": choose_folder,
        "Public photos": choose_public,
    }[way]()
    if brought is not None:
        st.session_state[BROUGHT] = brought
        st.rerun()


def _record() -> Brought | None:
    # Imported here: what it needs takes seconds to load, which the other ways do without.
    with st.spinner("Getting the recorder ready"):
        from ui.training.recorder_view import show_recorder

    folder = show_recorder()
    return None if folder is None else Brought(folder, "Recorded faces", recorded=True)


def _show_brought(brought: Brought) -> DataChoice | None:
    with st.spinner("Getting ready to look at the photos"):
        from ui.training.data_report import look_at, show_report
        from ui.training.label_check import show_label_check

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(brought.name)}**", width="content")
        st.button(
            "Other photos",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=_forget,
            args=(brought,),
        )
    if brought.left_out:
        st.caption(plain(brought.left_out))
    look = look_at(brought.folder, brought.recorded)
    show_report(look)
    if look.report is None or look.report.obstacle:
        return None
    show_label_check(brought.name, brought.folder)
    corrections = choose_corrections(brought.name, brought.folder)
    return DataChoice(
        brought.folder,
        brought.name,
        brought.recorded,
        corrections.to_json() if len(corrections) else "",
    )


def _forget(brought: Brought) -> None:
    _let_go(brought)
    discard(brought.folder)


def _let_go(brought: Brought) -> None:
    for key in (LOOK, DOUBTS, BROUGHT):
        st.session_state.pop(key, None)
    if brought.recorded:  # what brought them would bring them again
        st.session_state.pop(RECORDER, None)
