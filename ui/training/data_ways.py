"""Bringing photos for training: a ZIP archive, a folder of the server, published ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from maskcore import MasklensError
from training.config import FOLDS
from training.photos import public_data
from training.photos.archive import read_plan, take_in
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.data_folders import new_data_folder
from training.photos.folder_intake import (
    allowed_roots,
    folder_on_server,
    is_ready,
    plan_folder,
    take_in_folder,
)
from training.photos.intake import IntakeReport
from training.photos.offered import PhotoFolder
from training.photos.public_data import CATALOGUE
from ui.keep import forget_all, keep
from ui.local import only_this_computer
from ui.long_work import long_work, show_unfinished
from ui.metrics.corrections import MAX_NAME
from ui.progress import progress_bar
from ui.uploader import drop_zip, keep_zip
from ui.words import counted, plain

HOW_MANY = (
    f"At least {FOLDS} photos of each class that differ from one another are needed; some"
    " hundreds are better. In each photo the largest face counts; where none is found, the photo"
    " as a whole."
)
LEAVE_OUT = "Leave out"
_ZIP = "training_zip"
_PLAN = f"{_ZIP}-plan"
_PLACE = "training_data"
_USE, _FETCH = "Use these photos", "Fetch them now"
_CLASSES = {"Mask": WITH_MASK, "No Mask": WITHOUT_MASK, LEAVE_OUT: None}


@dataclass(frozen=True)
class Brought:
    """Photos that are in place.

    Attributes:
        folder: holds ``with_mask`` and ``without_mask``.
        name: for people.
        recorded: whether they are frames of a camera.
        left_out: what was not taken in, in a sentence.
    """

    folder: Path
    name: str
    recorded: bool = False
    left_out: str = ""


def upload_zip() -> Brought | None:
    """A ZIP archive from the visitor's computer."""
    st.caption(
        "Two folders of photos in one ZIP file, such as **with_mask** and **without_mask**."
        f" {HOW_MANY} The photos stay on the computer that runs Masklens until you close this tab,"
        " a day at most, or, once a run is trained on them, until that run is deleted; nobody else"
        " sees them."
    )
    file = keep_zip(_ZIP, "A ZIP archive", _forget_zip, label_visibility="collapsed")
    if file is None:
        return None
    try:
        # Looked at once, not in every run: a large one takes seconds.
        if _PLAN not in st.session_state:
            st.session_state[_PLAN] = read_plan(file)
        plan = st.session_state[_PLAN]
    except MasklensError as error:
        st.error(plain(str(error)))
        return None
    brought = _confirm(
        plan,
        Path(file.name).stem[:MAX_NAME] or "ZIP archive",
        lambda classes, into, progress: take_in(file, classes, into, progress),
        key=file.file_id,
        again="pack them again",
    )
    if brought is not None:
        _forget_zip(_ZIP)
    return brought


def zip_waits() -> bool:
    """Whether an archive that can be read is to be confirmed yet."""
    return len(st.session_state.get(_PLAN, ())) > 1  # photos in one folder are refused


def _forget_zip(name: str) -> None:
    if file := drop_zip(name):
        forget_all(_class_key(file.file_id, ""))
        st.session_state.pop(_PLAN, None)


def choose_folder() -> Brought | None:
    """A folder on the computer that runs Masklens."""
    roots = allowed_roots()
    only_here = only_this_computer()
    if not roots and not only_here:
        try:
            folder_on_server("", only_here)
        except MasklensError as error:
            st.info(plain(str(error)))
        return None
    text = st.text_input(
        "Path of a folder on the computer that runs Masklens",
        placeholder=f"For example: {(roots or (Path('/data'),))[0] / 'photos'}",
        help="With two folders of photos in it, such as with_mask and without_mask.",
        key="training_folder",
    )
    st.caption(HOW_MANY)
    if not text.strip():
        return None
    try:
        folder = folder_on_server(text, only_here)
        if is_ready(folder):
            st.caption(
                "The photos are used where they are; nothing is copied or changed. Whoever looks at"
                " the run sees the names of those that it got wrong."
            )
            if st.button(_USE, type="primary", icon=":material/check:"):
                return Brought(folder, folder.name or str(folder))
            return None
        plan = plan_folder(folder)
    except MasklensError as error:
        st.error(plain(str(error)))
        return None
    except OSError:
        st.error("Not everything in this folder may be read. Choose another one.")
        return None
    return _confirm(
        plan,
        folder.name or str(folder),
        lambda classes, into, progress: take_in_folder(folder, classes, into, progress),
        key=str(folder),
        again="give the path of the folder that holds both",
    )


def choose_public() -> Brought | None:
    """Photos that others have published, fetched when the visitor asks for it."""
    for data_set in CATALOGUE:
        with st.container(border=True):
            st.markdown(
                f"**{plain(data_set.name)}**  \n{plain(data_set.what)}  \n"
                f"Licence: {plain(data_set.licence)}. From [{urlsplit(data_set.url).hostname}]"
                f"({data_set.url}). They are used only if they come exactly as they were published."
            )
            sizes: dict[str, int | None] = st.session_state.setdefault("public_sizes", {})
            if data_set.commit not in sizes:
                st.caption("You are told how large they are before anything is fetched.")
                if st.button(
                    "Fetch these photos", icon=":material/download:", key=f"ask-{data_set.commit}"
                ):
                    with st.spinner("Asking the server"):
                        sizes[data_set.commit] = public_data.size_bytes(data_set)
                    st.rerun()
                continue
            size, place = sizes[data_set.commit], f"{_PLACE}-{data_set.commit}"
            st.caption(
                "Their server does not say how large they are."
                if size is None
                else f"About {max(size / 1e6, 1):,.0f} MB are to be fetched."
            )
            if st.button(
                _FETCH,
                type="primary",
                icon=":material/download:",
                key=f"fetch-{data_set.commit}",
            ):
                return _carry_out(
                    place,
                    _FETCH,
                    data_set.name,
                    "Fetching and checking",
                    lambda into, progress, wanted=data_set: public_data.fetch(
                        wanted, into, progress
                    ),
                )
            show_unfinished(place, _FETCH)
    return None


def _confirm(
    plan: tuple[PhotoFolder, ...],
    name: str,
    take: Callable[[Mapping[str, str], Path, Callable[[float], None]], IntakeReport],
    key: str,
    again: str,
) -> Brought | None:
    """Show which folder is taken for which class, and take them in once that is confirmed.

    Args:
        plan: the folders.
        name: of the whole, for people.
        take: takes them in.
        key: tells the photos from others.
        again: what to do once they were sorted, in words.
    """
    if len(plan) == 1:
        st.error(
            "All photos lie in one folder. Sort them into two, with and without masks, and"
            f" {again}."
        )
        return None
    st.markdown("**What the folders show** – change what is not right:")
    classes: dict[str, str] = {}
    words = {label: word for word, label in _CLASSES.items()}
    for folder in plan:
        photos = counted(folder.photos, "photo")
        chosen = st.selectbox(
            f"{plain(folder.name or 'Not in a folder')} · {photos}",
            list(_CLASSES),
            width=420,
            **keep(_class_key(key, folder.name), words[folder.label], _CLASSES),
        )
        label = _CLASSES[chosen]
        if label is not None:
            classes[folder.name] = label
    complete, place = len(set(classes.values())) == 2, f"{_PLACE}-{key}"
    if not complete:
        st.info("Both classes are needed: set at least one folder to Mask and one to No Mask.")
    if st.button(_USE, type="primary", icon=":material/check:", disabled=not complete):
        return _carry_out(
            place,
            _USE,
            name,
            "Taking the photos in",
            lambda into, progress: take(classes, into, progress),
        )
    show_unfinished(place, _USE)
    return None


def _class_key(key: str, folder: str) -> str:
    # Names that are not UTF-8 cannot be keys; as question marks, two of them might be the same.
    return f"class-{key}-{folder}".encode(errors="backslashreplace").decode()


def _carry_out(
    place: str,
    button: str,
    name: str,
    text: str,
    work: Callable[[Path, Callable[[float], None]], IntakeReport],
) -> Brought | None:
    try:
        folder = new_data_folder()
        with long_work(place, button):
            report = work(folder, progress_bar(text))
    except MasklensError as error:
        st.error(plain(str(error)))
        return None
    return Brought(folder, name, left_out=report.left_out)
