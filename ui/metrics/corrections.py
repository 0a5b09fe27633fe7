"""Photos marked as wrongly labelled or to be left out: the next training run honours it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from maskcore import MasklensError
from training.photos.class_names import CLASS_FOLDERS
from training.photos.corrections import Corrections, parse_corrections, read_corrections
from training.photos.intake import content_hash, hash_in_name, kept_names
from ui.actions import keep_problem, show_problem
from ui.keep import keep
from ui.keys import CORRECTIONS
from ui.local import training_allowed
from ui.uploader import empty_field, field_key, release
from ui.uploads import check_held
from ui.words import counted, shown_name, spoken

MAX_NAME = 80  # of a set of photos
_LISTS = "corrections_lists"  # of the session: those that were brought, by their photos' folders

Mark = Literal["keep", "relabel", "leave_out"]
_WORDS: dict[Mark, str] = {
    "keep": "Label is right",
    "relabel": "Label is wrong",
    "leave_out": "Leave it out",
}


@dataclass
class Marks:
    """What a visitor marked in one set of photos.

    Attributes:
        data: the name of the set.
        relabel: by file name, the class folder in which the photo belongs.
        leave_out: file names.
        hashes: by file name, ``training.photos.intake.content_hash`` where the photo was at hand.
    """

    data: str
    relabel: dict[str, str] = field(default_factory=dict)
    leave_out: set[str] = field(default_factory=set)
    hashes: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of_session(data: str) -> Marks:
        """This visitor's marks in this set of photos; photos.zip and photos are one set."""
        held: dict[str, Marks] = st.session_state.setdefault(CORRECTIONS, {})
        # The Metrics page calls an archive by its file's name, the Training page without suffix.
        key = (data[:-4] if data.lower().endswith(".zip") else data)[:MAX_NAME]
        return held.setdefault(key, Marks(data))

    def among(self, folder: Path) -> Marks:
        """Those whose photos lie in a folder, by their names there.

        Photos that were taken into it are also known by the names that their owner gave them.
        A mark holds for the photo that was marked alone: others have such names, too, as all
        recordings name their faces alike.
        """
        if not len(self):
            return Marks(self.data)
        taken_in = kept_names(folder)

        def here(name: str) -> str:
            """Empty where there is none."""
            known, place = self.hashes.get(name) or hash_in_name(name), taken_in.get(name, "")
            file = place if known and known == hash_in_name(place) else name
            inside = ".." not in Path(file).parts and not Path(file).anchor
            # Path.is_file raises where a name is too long for this system.
            if not inside or not os.path.isfile(folder / file):
                return ""
            return file if file == place or self._is_marked(name, folder / file) else ""

        relabel = {here(name): label for name, label in self.relabel.items()}
        leave_out = {here(name) for name in self.leave_out}
        # A photo marked by both of its names must not count twice.
        gone = leave_out | {""}
        return Marks(
            self.data,
            {name: label for name, label in relabel.items() if name not in gone},
            leave_out - {""},
        )

    def _is_marked(self, name: str, file: Path) -> bool:
        """Whether a file of this name is the photo that was marked, as far as that is known."""
        try:
            return self.hashes.get(name) in (None, content_hash(file.read_bytes()))
        except OSError:
            return False

    def over(self, earlier: Marks) -> Marks:
        """These marks and, of the other photos, earlier ones."""
        marked = self.leave_out | set(self.relabel)
        others = {name: place for name, place in earlier.relabel.items() if name not in marked}
        return Marks(
            self.data, {**others, **self.relabel}, self.leave_out | (earlier.leave_out - marked)
        )

    def __len__(self) -> int:
        return len(self.relabel) + len(self.leave_out)

    def mark_of(self, path: str, label: int, content_hash: str = "") -> Mark:
        """How a photo is marked.

        Args:
            path: its name in the report.
            label: its class there: a run that honoured the mark has the true one already.
            content_hash: of the photo; empty where it is not at hand.
        """
        if content_hash and self.hashes.get(path, content_hash) != content_hash:
            return "keep"  # another photo of this name was marked
        if path in self.leave_out:
            return "leave_out"
        return "relabel" if self.relabel.get(path) == CLASS_FOLDERS[1 - label] else "keep"

    def mark(self, path: str, label: int, mark: Mark, content_hash: str = "") -> None:
        """Mark a photo.

        Args:
            path: its name in the report.
            label: its class as it stands, 1 with a mask, 0 without.
            mark: what to do with it.
            content_hash: of the photo; empty where it is not at hand.
        """
        self.relabel.pop(path, None)
        self.leave_out.discard(path)
        self.hashes.pop(path, None)
        if mark == "relabel":
            self.relabel[path] = CLASS_FOLDERS[1 - label]
        elif mark == "leave_out":
            self.leave_out.add(path)
        if content_hash and mark != "keep":
            self.hashes[path] = content_hash

    def choose(self, path: str, label: int, hash_of: Callable[[str], str]) -> None:
        """Show a photo's choice; ``hash_of`` gives its content's hash or nothing."""
        # Two names that are not UTF-8 may be one when legible.
        key = f"mark-{self.data}-{path}".encode(errors="backslashreplace").decode()
        known = hash_of(path) if path in self.hashes else ""
        st.session_state[key] = self.mark_of(path, label, known)
        st.selectbox(
            f"What to do with {spoken(path)}",
            list(_WORDS),
            format_func=lambda mark: _WORDS[mark],
            label_visibility="collapsed",
            key=key,
            on_change=lambda: self.mark(path, label, st.session_state[key], hash_of(path)),
        )

    def to_json(self) -> str:
        """The list as ``python -m training fit --corrections`` reads it."""
        values: dict[str, Any] = {
            "data": self.data,
            "leave_out": sorted(self.leave_out),
            "relabel": dict(sorted(self.relabel.items())),
        }
        if self.hashes:
            values["hashes"] = dict(sorted(self.hashes.items()))
        # Escaped, names that are not UTF-8 come back as they were.
        return json.dumps(values, indent=1) + "\n"

    def clear(self) -> None:
        """Forget all marks."""
        self.relabel.clear()
        self.leave_out.clear()
        self.hashes.clear()


def choose_corrections(data: str, folder: Path) -> Marks:
    """Let a training run honour what this visitor marked, here or on the Metrics page.

    Args:
        data: the name of the set of photos.
        folder: which holds them.

    Returns:
        Those of its photos; empty where there are none or they are not wanted.
    """
    with st.expander("Corrections made elsewhere", icon=":material/rule:"):
        st.caption(
            "Photos can be marked on the Metrics page, too: under Mistakes, once the same ZIP or"
            " folder is measured there or a model trained on it is chosen. What is marked there"
            " now counts here at once; a list that was taken along is brought back here."
        )
        listed = _bring_list(data, folder)
    found = Marks.of_session(data).among(folder).over(listed)
    if not len(found):
        return found
    wanted = st.checkbox(
        f"Apply the corrections to {counted(len(found), 'photo')}",
        **keep("apply_corrections", True),
    )
    return found if wanted else Marks(data)


def _bring_list(data: str, folder: Path) -> Marks:
    """Take a list in, and show the one that is here: it stays while its photos do."""
    lists: dict[Path, tuple[str, Corrections]] = st.session_state.setdefault(_LISTS, {})
    file = st.file_uploader("List of corrections (JSON)", type="json", key=field_key(_LISTS))
    if file is not None:
        try:
            check_held(file)
            lists[folder] = file.name, parse_corrections(file.getvalue(), "The file")
        except MasklensError as error:
            keep_problem(_LISTS, error)
        empty_field(_LISTS)
        release(file)
        st.rerun()
    show_problem(_LISTS)
    if folder not in lists:
        return Marks(data)
    name, corrections = lists[folder]
    listed = _among(data, corrections, folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        named = counted(len(listed), "photo")
        st.markdown(f"**{shown_name(name)}** corrects {named} of these.", width="content")
        st.button(
            "Remove the list",
            icon=":material/close:",
            type="tertiary",
            on_click=lists.pop,
            args=(folder, None),
        )
    return listed


def read_list(data: str, path: Path, folder: Path) -> Marks:
    """Read an exported list.

    Args:
        data: the name of the set of photos.
        path: the list.
        folder: which holds the photos; others are left out.

    Raises:
        MasklensError: the file is missing or not such a list.
    """
    return _among(data, read_corrections(path), folder)


def _among(data: str, values: Corrections, folder: Path) -> Marks:
    relabel = {name: CLASS_FOLDERS[label] for name, label in values.labels.items()}
    return Marks(data, relabel, set(values.leave_out), values.hashes).among(folder)


def show_corrections(corrections: Marks) -> None:
    """The list to take along, once there is something in it."""
    if not len(corrections):
        return
    with st.container(border=True):
        here = " on the Training page, or" if training_allowed() else ""
        st.markdown(
            f"**{counted(len(corrections), 'photo')} marked.** A run on these photos honours that:"
            f"{here} by `python -m training fit --corrections corrections.json …`"
        )
        with st.container(horizontal=True):
            st.download_button(
                "List of corrections (JSON)",
                partial(corrections.to_json),
                "corrections.json",
                "application/json",
                icon=":material/download:",
                on_click="ignore",
            )
            st.button(
                "Forget the marks",
                icon=":material/close:",
                type="tertiary",
                on_click=corrections.clear,
            )
