"""Marks of photos; how training honours them is tested in test_training_data.py."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.files import grey, packed
from training.photos.archive import read_plan, take_in
from training.photos.corrections import read_corrections
from training.photos.intake import OWNER_NAMES_FILE, content_hash, hash_in_name
from ui.metrics.corrections import Marks, read_list


def taken_in(root: Path, anna: bytes, ben: bytes) -> Path:
    """The folder of an archive of two photos."""
    stream = io.BytesIO(packed({"Mask/anna.png": anna, "No Mask/ben.png": ben}))
    classes = {folder.name: str(folder.label) for folder in read_plan(stream)}
    take_in(stream, classes, root)
    return root


def test_a_label_that_a_run_has_put_right_is_not_said_to_be_wrong() -> None:
    marks = Marks("photos")
    marks.mark("with_mask/a.jpg", 1, "relabel")
    assert marks.mark_of("with_mask/a.jpg", label=1) == "relabel"
    assert marks.mark_of("with_mask/a.jpg", label=0) == "keep"
    marks.mark("with_mask/a.jpg", 0, "leave_out")
    assert marks.mark_of("with_mask/a.jpg", label=0) == "leave_out"


@pytest.mark.parametrize("exported", [False, True])
def test_marks_hold_for_the_photo_that_was_marked_and_no_other_of_its_name(
    tmp_path: Path, exported: bool
) -> None:
    marks = Marks("photos.zip")
    marks.mark("with_mask/anna.png", 1, "relabel", content_hash(grey(1)))
    marks.mark("without_mask/ben.png", 0, "leave_out", content_hash(grey(2)))
    found = []
    for name, anna, ben in (("same", 1, 2), ("other", 3, 2)):
        folder = taken_in(tmp_path / name, grey(anna), grey(ben))
        if exported:
            (tmp_path / "list.json").write_text(marks.to_json())
            found.append(read_list("photos", tmp_path / "list.json", folder))
        else:
            found.append(marks.among(folder))
    bens = {f"without_mask/0001-{content_hash(grey(2))}.png"}
    assert [corrections.leave_out for corrections in found] == [bens, bens]
    assert [corrections.relabel for corrections in found] == [
        {f"with_mask/0001-{content_hash(grey(1))}.png": "without_mask"},
        {},
    ]


def test_marks_that_do_not_know_their_photo_hold_where_photos_are_used_in_place(
    tmp_path: Path,
) -> None:
    marks = Marks("photos", {"with_mask/anna.png": "without_mask"})
    assert len(marks.among(taken_in(tmp_path / "copied", grey(1), grey(2)))) == 0
    (tmp_path / "own" / "with_mask").mkdir(parents=True)
    (tmp_path / "own" / "with_mask" / "anna.png").write_bytes(grey(1))
    assert marks.among(tmp_path / "own").relabel == marks.relabel


def test_marks_in_one_recording_are_not_those_of_the_next(tmp_path: Path) -> None:
    """All recordings go by one name, and so do their faces."""
    name = "with_mask/recorded_0001.jpg"
    marks = Marks("Recorded faces")
    marks.mark(name, 1, "relabel", content_hash(grey(1)))
    for recording, shade in (("first", 1), ("second", 2)):
        (tmp_path / recording / "with_mask").mkdir(parents=True)
        (tmp_path / recording / name).write_bytes(grey(shade))
    assert marks.among(tmp_path / "first").relabel == {name: "without_mask"}
    assert len(marks.among(tmp_path / "second")) == 0
    assert marks.mark_of(name, 1, content_hash(grey(1))) == "relabel"
    assert marks.mark_of(name, 1, content_hash(grey(2))) == "keep"
    assert marks.mark_of(name, 1) == "relabel"  # of one not at hand nobody can tell


def test_a_name_of_ours_tells_its_photo_by_itself(tmp_path: Path) -> None:
    """Also where an archive was made of a folder that was taken in."""
    folder = taken_in(tmp_path / "first", grey(1), grey(2))
    (name,) = (p.relative_to(folder).as_posix() for p in folder.glob("with_mask/*"))
    marks = Marks("photos", {name: "without_mask"})
    assert marks.among(folder).relabel == marks.relabel
    files = {"with_mask/0000.png": grey(3), name: grey(1), "without_mask/1.png": grey(2)}
    classes = {"with_mask": "with_mask", "without_mask": "without_mask"}
    take_in(io.BytesIO(packed(files)), classes, tmp_path / "again")
    (moved,) = marks.among(tmp_path / "again").relabel
    assert (moved[:14], hash_in_name(moved)) == ("with_mask/0002", content_hash(grey(1)))


def test_a_photo_s_hash_goes_with_its_mark() -> None:
    marks = Marks("photos")
    for mark, hashes in (("relabel", {"a.png": "0a0a0a0a"}), ("keep", {})):
        marks.mark("a.png", 1, mark, "0a0a0a0a")  # type: ignore[arg-type]
        assert marks.hashes == hashes
    assert "hashes" not in json.loads(marks.to_json())
    marks.mark("a.png", 1, "leave_out", "0a0a0a0a")
    assert json.loads(marks.to_json())["hashes"] == {"a.png": "0a0a0a0a"}
    marks.mark("a.png", 1, "relabel")
    assert marks.hashes == {}
    marks.mark("a.png", 1, "relabel", "0a0a0a0a")
    marks.clear()
    assert marks.hashes == {}


def test_a_photo_marked_by_both_of_its_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "with_mask").mkdir()
    place, away = "with_mask/0001-0a0a0a0a.jpg", "../0002-0b0b0b0b.jpg"
    (tmp_path / place).touch()
    names = {"with_mask/anna.jpg": place, "with_mask/b.jpg": away}
    (tmp_path / OWNER_NAMES_FILE).write_text(json.dumps(names))
    marks = Marks(
        "own",
        {"with_mask/anna.jpg": "without_mask", "with_mask/b.jpg": "without_mask"},
        {place},
        {"with_mask/anna.jpg": "0a0a0a0a", "with_mask/b.jpg": "0b0b0b0b"},
    )
    found = marks.among(tmp_path)
    assert (found.relabel, found.leave_out) == ({}, {place})


def mistakes() -> None:
    """The list of a visitor's own photos, whose folder the test names."""
    from pathlib import Path
    from types import SimpleNamespace
    from typing import Any

    import numpy as np
    import streamlit as st

    from ui.metrics.judged import Judged
    from ui.metrics.mistakes import show_mistakes
    from ui.metrics.pictures import Pictures

    none: Any = {"value": None, "interval": None}
    paths = ("with_mask/anna.png", "with_mask/gone.png")
    ones, zeros = np.ones(2, np.int64), np.zeros(2)
    judged = Judged("first", "photos.zip", "given", "", "", paths, ones, zeros, none, none, none)
    places = {paths[0]: ("with_mask/00001.png", None), paths[1]: ("with_mask/00002.png", None)}
    own: Any = SimpleNamespace(
        pictures=Pictures(Path(st.session_state.folder), places), annotated=False
    )
    show_mistakes(judged, 0.5, own)


def test_marks_of_a_visitor_s_own_photos_know_their_photos(tmp_path: Path) -> None:
    (tmp_path / "with_mask").mkdir()
    (tmp_path / "with_mask" / "00001.png").write_bytes(grey(1))
    page = AppTest.from_function(mistakes, default_timeout=60)
    page.session_state["folder"] = str(tmp_path)
    page.run()
    (choice,) = [box for box in page.selectbox if str(box.key).startswith("mark-")]
    assert choice.key == "mark-photos.zip-with_mask/anna.png"  # of the one gone nobody can tell
    choice.set_value("relabel").run()
    assert not page.exception
    (marks,) = page.session_state["metrics_corrections"].values()
    assert set(marks.relabel) == {"with_mask/anna.png"}
    assert marks.hashes == {"with_mask/anna.png": content_hash(grey(1))}


def not_utf_8() -> None:
    from pathlib import Path

    import streamlit as st

    from ui.metrics.corrections import Marks
    from ui.metrics.photo_cards import show_cards
    from ui.metrics.pictures import Pictures

    names = [f"with_mask/caf{letter}.jpg" for letter in "\udce8\udce9"]
    places = {name: ("00001.png", None) for name in names}
    pictures = Pictures(Path(st.session_state.folder), places)
    show_cards([(name, 1, 0.3) for name in names], pictures, Marks.of_session("photos"), "page")


def test_photos_whose_names_are_not_utf_8_can_be_marked(tmp_path: Path) -> None:
    (tmp_path / "00001.png").write_bytes(grey(1))
    page = AppTest.from_function(not_utf_8, default_timeout=60)
    page.session_state["folder"] = str(tmp_path)
    page.run()
    page.selectbox[1].set_value("relabel").run()
    assert not page.exception
    assert [caption.value for caption in page.caption] == ["caf?.jpg"] * 2
    (marks,) = page.session_state["metrics_corrections"].values()
    assert set(marks.relabel) == {"with_mask/caf\udce9.jpg"}


def test_a_name_that_is_not_utf_8_comes_back_as_it_was(tmp_path: Path) -> None:
    marks = Marks("photos")
    marks.mark("with_mask/caf\udce9.jpg", 1, "relabel")
    (tmp_path / "list.json").write_bytes(marks.to_json().encode())
    assert read_corrections(tmp_path / "list.json").labels == {"with_mask/caf\udce9.jpg": 0}
