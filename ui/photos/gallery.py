"""A visitor's photos and what was found in them, kept in their session's memory alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import count
from threading import Lock

import streamlit as st

from maskcore import ImageError, MaskPipeline
from ui.choices import Choice
from ui.keys import GALLERY
from ui.photos.photo import Photo, Results

# What one session may hold: a server shares its memory among all visitors.
MAX_PHOTOS = 300
MAX_SESSION_BYTES = 400 * 2**20

Problems = list[tuple[str, str]]  # file name and sentence


@dataclass
class Gallery:
    """The photos of one session, in the order they came.

    Attributes:
        photos: what can be or has been looked at.
        removed: what was removed last, one photo or all, until something comes in.
        problems: what was refused of what came last, until dismissed.
        doubles: name and digest of what was here already of it, until dismissed.
        stopped: the choice with which the visitor stopped the looking, until it goes on.
        looking: the choice with which photos are being looked at just now.
        shot: the photo that the camera took last.
        left: how many could not be read since all had last been looked at.
    """

    photos: list[Photo] = field(default_factory=list)
    removed: list[Photo] = field(default_factory=list)
    problems: Problems = field(default_factory=list)
    doubles: list[tuple[str, bytes]] = field(default_factory=list)
    stopped: Choice | None = None
    looking: Choice | None = None
    shot: Photo | None = None
    left: int = 0
    _removed_shot: Photo | None = None
    _removed_notes: tuple[Problems, list[tuple[str, bytes]]] = ([], [])
    _packing: Lock = field(default_factory=Lock, repr=False, compare=False)
    _numbers: count[int] = field(default_factory=count)
    _installations: dict[Choice, str] = field(default_factory=dict)

    @staticmethod
    def of_session() -> Gallery:
        """This visitor's gallery."""
        gallery: Gallery = st.session_state.setdefault(GALLERY, Gallery())
        return gallery

    def add(self, name: str, content: bytes, is_shot: bool = False) -> Photo | None:
        """Take in a file: one too many is refused with a sentence, one held already is counted.

        Args:
            name: the file's.
            content: the file as it came.
            is_shot: whether the camera took it, which is new however much it is like another.
        """
        digest = hashlib.sha256(content).digest()
        if not is_shot and any(photo.digest == digest for photo in self.photos):
            self.doubles.append((name, digest))
            return None
        held = sum(photo.held_bytes for photo in self.photos)
        if len(self.photos) >= MAX_PHOTOS or held + len(content) > MAX_SESSION_BYTES:
            self.problems.append((name, _no_room()))
            return None
        self._forget_removed()  # they would take up room
        photo = Photo(next(self._numbers), name, content, digest, packing=self._packing)
        self.photos.append(photo)
        self.stopped = None
        return photo

    def waiting(self, choice: Choice, installation: str) -> list[Photo]:
        """The photos not yet looked at this way.

        Args:
            choice: detector and model by name.
            installation: changes when one of them is installed anew under its name; what
                the former one saw is then forgotten.
        """
        if self._installations.get(choice, installation) != installation:
            for photo in self.photos + self.removed:
                photo.analyses.pop(choice, None)
        self._installations[choice] = installation
        return [photo for photo in self.photos if choice not in photo.analyses]

    def look_at(self, photo: Photo, choice: Choice, pipeline: MaskPipeline) -> None:
        """Look at a photo; one that cannot be read leaves with a sentence."""
        try:
            photo.look(choice, pipeline)
        except ImageError as error:
            self._drop(photo)
            self.left += 1
            self.problems.append((photo.name, str(error)))
            # Its doubles are broken as well, and so not here after all.
            doubles = [double for double in self.doubles if double[1] == photo.digest]
            self.problems += [(name, str(error)) for name, _ in doubles]
            self.doubles = [double for double in self.doubles if double not in doubles]

    def go_on(self) -> None:
        """Look at the rest, after all."""
        self.stopped = None

    def remove(self, photo: Photo) -> None:
        """Remove one photo, which can be brought back until something comes in.

        Asked twice, as by a double click, once is enough.
        """
        if photo not in self.photos:
            return
        self._forget_removed()
        self.removed = [photo]
        self._removed_shot = photo if self.shot is photo else None
        self._drop(photo)
        if all(held.analyses for held in self.photos):
            self.left = 0
        # Now there is room, until it is brought back.
        refused = [problem for problem in self.problems if problem[1] == _no_room()]
        self.problems = [problem for problem in self.problems if problem not in refused]
        self._removed_notes = refused, []

    def _drop(self, photo: Photo) -> None:
        self.photos = [held for held in self.photos if held is not photo]
        self.shot = None if self.shot is photo else self.shot

    def dismiss(self) -> None:
        """Forget what was said of files that were here already and of refused ones."""
        self.problems, self.doubles = [], []

    def remove_all(self) -> None:
        """Begin anew; the photos can be brought back until something comes in.

        Asked twice, as by a double click, once is enough.
        """
        if not self.photos:
            return
        self.photos, self.removed = [], self.photos
        self.shot, self._removed_shot = None, self.shot
        self._removed_notes = self.problems, self.doubles
        self.left = 0
        self.dismiss()

    def bring_back(self) -> None:
        """Undo the last removal; asked twice, as by a double click, once is enough."""
        # As they came: each returns to its place.
        self.photos = sorted(self.photos + self.removed, key=lambda photo: photo.number)
        self.shot = self.shot or self._removed_shot
        problems, doubles = self._removed_notes
        self.problems, self.doubles = self.problems + problems, self.doubles + doubles
        self._forget_removed()

    def _forget_removed(self) -> None:
        self.removed, self._removed_shot, self._removed_notes = [], None, ([], [])

    def results(self, choice: Choice, threshold: float) -> Results:
        """Every photo with its faces as judged by ``threshold``, 0..1."""
        return [
            (photo, photo.analyses[choice].relabelled(threshold))
            for photo in self.photos
            if choice in photo.analyses
        ]


def _no_room() -> str:
    limit = f"{MAX_PHOTOS} photos or {MAX_SESSION_BYTES // 2**20} MB"
    return (
        f"There is room for {limit} at a time. Remove some photos first, or have a whole folder"
        " looked at on your computer: `python -m maskcore detect FOLDER`."
    )
