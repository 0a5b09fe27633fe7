"""The pictures behind a report's file names, where they are at hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import streamlit as st

from maskcore import ImageError, MasklensError, encode_image, read_image
from maskcore.classification.preprocess import crop_square
from maskcore.files import patiently
from maskcore.resizing import reduced
from maskcore.types import Box
from training.measuring.own_files import OwnFiles, storing, unpack
from training.photos.data_folders import private_root
from training.photos.intake import content_hash, hash_in_name
from ui.keys import LOOK

THUMBNAIL_SIDE = 280
_HELD = 300  # thumbnails a session keeps
_OF_FOLDER = "pictures_of_folder"


@dataclass
class Pictures:
    """A folder of photos, shown small; in the session's memory, so that no other sees them.

    Attributes:
        root: the folder in which the report's file names are found.
        files: of names that are not files of ``root``, the file and, for a face, its box.
        name: of the archive they came in, if they did.
        names: what the owner calls photos that have names of our own in the report.
        data: the name of the data for which they were brought so: others have files of the
            same names.
    """

    root: Path
    files: dict[str, tuple[str, Box | None]] = field(default_factory=dict)
    name: str = ""
    names: dict[str, str] = field(default_factory=dict)
    data: str = ""
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _made: dict[str, bytes | None] = field(default_factory=dict)

    @staticmethod
    def of_folder(folder: Path) -> Pictures:
        """Those of a folder of this machine; held by the session, which makes each small once."""
        held: Pictures | None = st.session_state.get(_OF_FOLDER)
        if held is None or held.root != folder:
            held = st.session_state[_OF_FOLDER] = Pictures(folder)
        return held

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

    def content_hash(self, path: str) -> str:
        """``training.photos.intake.content_hash`` of a photo; empty where it cannot be read."""
        file, _ = self._place(path)
        try:
            return content_hash(file.read_bytes()) if file else ""
        except OSError:
            return ""

    def _place(self, path: str) -> tuple[Path | None, Box | None]:
        if self.files and path not in self.files:
            return None, None  # a file of ``root`` is called so by chance
        name, box = self.files.get(path, (path, None))
        file = (self.root / name).resolve()
        return (file if file.is_relative_to(self.root.resolve()) else None), box

    def _read(self, path: str) -> bytes | None:
        file, box = self._place(path)
        if file is None:
            return None
        try:
            image = read_image(file)
        except ImageError:
            return None
        if box is not None:
            image = crop_square(image, box, margin=0.2)
        return encode_image(reduced(image, THUMBNAIL_SIDE), quality=85)


def brought_pictures(
    name: str, stream: IO[bytes], paths: Sequence[str], show: Callable[[float], Any]
) -> Pictures:
    """Take the pictures of a ZIP archive; they lie in a private folder until the session ends.

    Photos that were taken in for training have names of our own in the report; they are known
    by their content.

    Args:
        name: of the file.
        stream: the archive.
        paths: the photos' names in the report.
        show: told the share done, 0..1.

    Raises:
        MasklensError: it cannot be used, and why; nothing is left behind.
    """
    with private_folder("pictures-") as folder:
        places, names = _only_measured(unpack(stream, Path(folder.name), show), paths)
        if not places:
            named = next((path for path in paths if not hash_in_name(path)), "")
            raise MasklensError(
                "None of the photos measured is in this ZIP archive. "
                + (
                    f"They have names such as {named}."
                    if named
                    else "Bring the one that was uploaded to train this model."
                )
            )
    return Pictures(Path(folder.name), places, name, names, _folder=folder)


@contextmanager
def private_folder(prefix: str) -> Iterator[tempfile.TemporaryDirectory[str]]:
    """A folder to fill and keep for a session; it goes at once if filling it fails.

    It lies among the data folders: a server that is killed leaves it behind, and nobody would
    clear it away elsewhere.

    Raises:
        MasklensError: something could not be stored.
    """
    root = private_root()
    with storing():
        folder = tempfile.TemporaryDirectory(prefix=prefix, dir=root, ignore_cleanup_errors=True)
    try:
        with storing():
            yield folder
    except BaseException:  # the visitor left, too
        folder.cleanup()
        raise


def owner_name(path: str, pictures: Pictures | None) -> str:
    """What this visitor calls a photo; its name in the report where they have not brought it.

    Args:
        path: its name in the report.
        pictures: where its picture was looked for.
    """
    if not hash_in_name(path):
        return path
    look = st.session_state.get(LOOK)
    return (look.names.get(path) if look else None) or (
        pictures.names.get(path, path) if pictures else path
    )


def _only_measured(
    files: OwnFiles, paths: Sequence[str]
) -> tuple[dict[str, tuple[str, Box | None]], dict[str, str]]:
    """Where photos lie and what their owner calls them, by their names in the report.

    Other files are deleted.
    """
    named = set(paths)
    by_hash: dict[str, list[str]] = {}
    for path in paths:
        if known := hash_in_name(path):
            by_hash.setdefault(known, []).append(path)
    places: dict[str, tuple[str, Box | None]] = {}
    names: dict[str, str] = {}
    for place, name in files.names.items():
        file = files.root / place
        if name in named and not hash_in_name(name):
            found = [name]
        else:
            found = by_hash.get(content_hash(file.read_bytes()), [])
        places |= dict.fromkeys(found, (place, None))
        names |= dict.fromkeys(found, name)
        if not found:
            patiently(file.unlink)
    return places, names
