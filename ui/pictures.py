"""The pictures behind a report's file names, where they are at hand."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from maskcore import ImageError, encode_image, read_image
from maskcore.classification.preprocess import crop_square
from maskcore.types import Box
from ui.gallery import reduced
from ui.keep import keep
from ui.local import only_this_computer
from ui.results import plain

FOLDER_VARIABLE = "MASKLENS_METRICS_DATA"
THUMBNAIL_SIDE = 280
_HELD = 300  # thumbnails a session keeps


@dataclass
class Pictures:
    """A folder of photos, shown small; in the session's memory, so that no other sees them.

    Attributes:
        root: the folder in which the report's file names are found.
        files: of names that are not files of ``root``, the file and, for a face, its box.
    """

    root: Path
    files: dict[str, tuple[str, Box | None]] = field(default_factory=dict)
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


def choose_pictures() -> Pictures | None:
    """Where the photos are: as the server was told, or as the visitor says."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if only_this_computer():
        keep("metrics_folder", named)
        with st.expander("Where the photos are", expanded=not st.session_state.metrics_folder):
            named = st.text_input(
                "Folder on this computer that holds with_mask and without_mask",
                key="metrics_folder",
                placeholder="/home/me/masks",
            ).strip()
            if named and not Path(named).is_dir():
                st.caption(f"{plain(named)} is not a folder here.")
    if not named or not Path(named).is_dir():
        return None
    held: Pictures | None = st.session_state.get("metrics_pictures")
    if held is None or held.root != Path(named):
        held = st.session_state.metrics_pictures = Pictures(Path(named))
    return held
