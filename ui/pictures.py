"""The pictures behind a report's file names, where they are at hand."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import streamlit as st

from maskcore import ImageError, MasklensError, encode_image, read_image
from maskcore.classification.preprocess import crop_square
from maskcore.types import Box
from training.own_files import unpack
from ui.gallery import reduced
from ui.keep import keep
from ui.local import only_this_computer
from ui.results import plain, shown_name

FOLDER_VARIABLE = "MASKLENS_METRICS_DATA"
THUMBNAIL_SIDE = 280
MAX_MEGABYTES = 500
_HELD = 300  # thumbnails a session keeps
_BROUGHT = "metrics_brought_pictures"
_PROBLEM = "metrics_pictures_problem"


@dataclass
class Pictures:
    """A folder of photos, shown small; in the session's memory, so that no other sees them.

    Attributes:
        root: the folder in which the report's file names are found.
        files: of names that are not files of ``root``, the file and, for a face, its box.
        name: of the archive they came in, if they did.
    """

    root: Path
    files: dict[str, tuple[str, Box | None]] = field(default_factory=dict)
    name: str = ""
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _made: dict[str, bytes | None] = field(default_factory=dict)

    def thumbnail(self, path: str) -> bytes | None:
        """A small JPEG of a photo; None where it is not there or cannot be read.

        Args:
            path: relative to ``root``; others are not looked at.
        """
        if path not in self._made:
            if len(self._made) >= _HELD:
                self._made.clear()
            self._made[path] = self._read(path)
        return self._made[path]

    def _read(self, path: str) -> bytes | None:
        name, box = self.files.get(path, (path, None))
        file = (self.root / name).resolve()
        if not file.is_relative_to(self.root.resolve()):
            return None
        try:
            image = read_image(file)
        except ImageError:
            return None
        if box is not None:
            image = crop_square(image, box, margin=0.2)
        return encode_image(reduced(image, THUMBNAIL_SIDE), quality=85)


def choose_pictures(paths: Sequence[str]) -> Pictures | None:
    """Where the photos are: as the server was told, or as the visitor says or brings them.

    Args:
        paths: the photos' names in the report.
    """
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    here = only_this_computer()
    if not here and os.path.isdir(named):
        return _of_folder(named)
    if here:
        keep("metrics_folder", named)
        named = st.session_state.metrics_folder
    brought: Pictures | None = st.session_state.get(_BROUGHT)
    with st.expander("Where the photos are", expanded=not (brought or (here and named))):
        if brought:
            _show_brought(brought, paths)
            return brought
        if here:
            named = _ask_folder()
        _ask_archive(paths)
    # Path.is_dir raises where it may not look.
    return _of_folder(named) if os.path.isdir(named) else None


def _of_folder(named: str) -> Pictures:
    held: Pictures | None = st.session_state.get("metrics_pictures")
    if held is None or held.root != Path(named):
        held = st.session_state.metrics_pictures = Pictures(Path(named))
    return held


def _ask_folder() -> str:
    named = st.text_input(
        "Folder on this computer that holds with_mask and without_mask",
        key="metrics_folder",
        placeholder="/home/me/masks",
    ).strip()
    if named and not os.path.isdir(named):
        st.caption(f"{plain(named)} is not a folder here.")
    return named


def _ask_archive(paths: Sequence[str]) -> None:
    turn = st.session_state.setdefault("metrics_pictures_turn", 0)
    file = st.file_uploader(
        "A ZIP with the folders with_mask and without_mask",
        type=["zip"],
        max_upload_size=MAX_MEGABYTES,
        help="For this session only; nobody else sees it.",
        key=f"pictures-{turn}",
    )
    if file is not None:
        st.session_state.metrics_pictures_turn = turn + 1  # the uploader comes back empty
        bar = st.progress(0.0)
        try:
            brought = brought_pictures(
                file.name, file, paths, lambda share: bar.progress(share, "Unpacking")
            )
        except MasklensError as error:
            st.session_state[_PROBLEM] = str(error)
        else:
            st.session_state[_BROUGHT] = brought
        st.rerun()
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(plain(problem), icon=":material/error:")


def brought_pictures(
    name: str, stream: IO[bytes], paths: Sequence[str], show: Callable[[float], Any]
) -> Pictures:
    """Take the pictures of a ZIP archive; they lie in a private folder until the session ends.

    Args:
        name: of the file.
        stream: the archive.
        paths: the photos' names in the report.
        show: told the share done, 0..1.

    Raises:
        MasklensError: it cannot be used, and why; nothing is left behind.
    """
    folder = tempfile.TemporaryDirectory(prefix="masklens-pictures-", ignore_cleanup_errors=True)
    try:
        files = unpack(stream, Path(folder.name), show)
        places: dict[str, tuple[str, Box | None]] = {
            path: (place, None) for place, path in files.names.items()
        }
        if not any(path in places for path in paths):
            raise MasklensError(
                "None of the photos measured is in this ZIP archive. They have names such as"
                f" {paths[0]}."
            )
    except OSError as error:
        folder.cleanup()
        raise MasklensError("The photos could not be stored: the disk may be full.") from error
    except BaseException:  # the visitor left, too
        folder.cleanup()
        raise
    return Pictures(Path(folder.name), places, name, folder)


def _show_brought(brought: Pictures, paths: Sequence[str]) -> None:
    there = sum(path in brought.files for path in paths)
    st.caption(f"{shown_name(brought.name)} holds {there} of the {len(paths)} photos measured.")
    st.button(
        "Remove these pictures", icon=":material/delete:", type="tertiary", on_click=_forget_brought
    )


def _forget_brought() -> None:
    brought: Pictures | None = st.session_state.pop(_BROUGHT, None)
    if brought and brought._folder:
        brought._folder.cleanup()
