"""Where the pictures behind a report's file names are, as the visitor says or brings them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from maskcore import MasklensError
from training.config import CONFIG_FILE
from training.job_files import read_values, run_of_model
from training.photos.folder_intake import folder_on_server
from training.photos.intake import content_hash
from ui.actions import has_problem, keep_problem, show_problem
from ui.keep import Kept, keep
from ui.keys import BROUGHT, PICTURES
from ui.local import only_this_computer
from ui.metrics.judged import Judged, read_judged
from ui.metrics.pictures import Pictures, brought_pictures
from ui.progress import progress_bar
from ui.uploader import BEGINS_ANEW, keep_zip, kept_zip, using_up_zip
from ui.words import counted, plain, shown_name

FOLDER_VARIABLE = "MASKLENS_METRICS_DATA"
_PLACE = "metrics_pictures"


def choose_pictures(judged: Judged) -> tuple[Pictures | None, Callable[[], None] | None]:
    """Where the photos are: as the server was told, or as the visitor says or brings them.

    Returns:
        They, and what unpacks an archive that waits, if one does: to be called once the rest
        stands.
    """
    if trained_on := _trained_on(judged.model):
        return Pictures.of_folder(trained_on), None
    told = os.environ.get(FOLDER_VARIABLE, "").strip()
    here = only_this_computer()
    # Path.is_dir raises where it may not look.
    if not here and os.path.isdir(told):
        return Pictures.of_folder(Path(told)), None
    field = keep("metrics_folder", told) if here else None
    brought: Pictures | None = st.session_state.get(PICTURES)
    # Others' are kept until more are brought: the visitor may come back to them. After a day they
    # are cleared away.
    if brought and (brought.data != judged.data or not brought.root.is_dir()):
        brought = None
    folder, problem = _named_folder(told) if here else (None, "")
    # In there it is said what is wrong, and how far an archive is unpacked.
    expanded = bool(problem) or has_problem(_PLACE) or kept_zip(_field(judged)) is not None
    shown = bool(brought or folder)
    with st.expander("The pictures" if shown else "Show the pictures", expanded=expanded):
        if brought:
            _show_brought(brought, judged.paths)
            return brought, None
        if field:
            _ask_folder(field, problem)
        unpack = _ask_archive(judged)
    return (Pictures.of_folder(folder) if folder else None), unpack


def _trained_on(model: str) -> Path | None:
    """Where the photos lie that a model was trained on, for the visitor who brought them.

    No other sees them, as on Training, where they stand under New run.
    """
    brought = st.session_state.get(BROUGHT)
    if brought is None:
        return None
    folder: Path = brought.folder.resolve()
    # The model's card has the folder's name alone.
    run = run_of_model(model)
    config = (read_values(run / CONFIG_FILE) if run else None) or {}
    return folder if config.get("data") == str(folder) and folder.is_dir() else None


def _named_folder(told: str) -> tuple[Path | None, str]:
    """The folder that the visitor named: ``told``, as the server was, or one open to visitors.

    Returns:
        The folder, and why there is none of this name.
    """
    named = st.session_state.metrics_folder.strip()
    if not named:
        return None, ""
    if named == told and os.path.isdir(told):
        return Path(told), ""
    try:
        return folder_on_server(named, only_this_computer=True), ""
    except MasklensError as error:
        return None, str(error)


def _ask_folder(field: Kept, problem: str) -> None:
    st.text_input(
        "Folder on this computer that holds with_mask and without_mask",
        placeholder="/home/me/masks",
        **field,
    )
    if problem:
        st.caption(plain(problem))


def _ask_archive(judged: Judged) -> Callable[[], None] | None:
    file = keep_zip(
        _field(judged),
        "A ZIP with the folders with_mask and without_mask",
        help="For this session only; nobody else sees it.",
    )
    below = st.container()
    show_problem(_PLACE)
    return partial(_unpack, judged, file, below) if file is not None else None


def _field(judged: Judged) -> str:
    """The name of the field for these data: an archive that waits is no other's."""
    return f"pictures-{content_hash(judged.data.encode())}"


def _unpack(judged: Judged, file: UploadedFile, place: DeltaGenerator) -> None:
    with place:
        st.caption(BEGINS_ANEW)
        move = progress_bar("Unpacking")
    try:
        with using_up_zip(_field(judged)):
            # The visitor may go on to another part of the report.
            parts = read_judged(judged.model).values()
            paths = [path for part in parts for path in part.paths]
            brought = brought_pictures(file.name, file, paths, move)
            _forget_brought()
            brought.data = judged.data
            st.session_state[PICTURES] = brought
    except MasklensError as error:
        keep_problem(_PLACE, error)
    st.rerun()


def _show_brought(brought: Pictures, paths: Sequence[str]) -> None:
    there = sum(path in brought.files for path in paths)
    st.caption(
        f"{shown_name(brought.name)} holds {there} of the {counted(len(paths), 'photo')} measured."
    )
    st.button(
        "Remove these pictures", icon=":material/delete:", type="tertiary", on_click=_forget_brought
    )


def _forget_brought() -> None:
    brought: Pictures | None = st.session_state.pop(PICTURES, None)
    if brought and brought._folder:
        brought._folder.cleanup()
