"""Each way of bringing photos to train on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.loading
import ui.training.data_ways
import ui.training.label_check
from maskcore import MasklensError
from tests.ui.files import packed
from tests.ui.pages import press
from tests.ui.training.sections import (
    COUNT,
    counts,
    disabled,
    go,
    got,
    on_disk,
    photo,
    uploaded,
    use_folder,
)
from training.config import FOLDS
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.intake import IntakeReport
from training.photos.offered import PhotoFolder
from training.photos.public_data import CATALOGUE


def elsewhere(page: AppTest) -> None:
    """Go to another way and back, as which Streamlit treats another page, too."""
    go(page, "Public photos")
    go(page, "Upload a ZIP")


def test_it_asks_for_an_archive_first(page: AppTest) -> None:
    assert got(page) == "got nothing"
    assert page.segmented_control(key="training_way").value == "Upload a ZIP"
    assert not page.button
    assert not page.error


def test_an_archive_is_confirmed_taken_in_and_reported(
    page: AppTest, photos: dict[str, bytes], runs: Path
) -> None:
    uploaded(page, packed({**photos, "set/notes.txt": b"x"}))
    boxes = {box.label: box.value for box in page.selectbox}
    assert boxes == {"set/Gesichter · 21 photos": "Leave out", "set/Maske · 21 photos": "Mask"}
    assert disabled(page, "Use these photos")
    assert any("Both classes are needed" in info.value for info in page.info)
    page.selectbox[0].select("No Mask").run()
    assert list((runs / "data").iterdir() if (runs / "data").is_dir() else []) == []
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert counts(page) == {"Mask": "21 photos", "No Mask": "21 photos"}
    choice = page.session_state.choice
    assert (choice.data_name, choice.recorded) == ("Our photos", False)
    assert choice.folder.parent == runs / "data"
    assert len(list((choice.folder / WITH_MASK).iterdir())) == COUNT
    assert any("files that are no photos" in caption.value for caption in page.caption)
    assert any(r"Few photos\: 21 with mask and 21 without mask" in m.value for m in page.markdown)
    assert got(page.run()) == f"got {2 * COUNT}"  # it stays


def class_keys(page: AppTest) -> list[str]:
    """What the session still knows of what folders show."""
    held = page.session_state._state
    return [key for key in held.filtered_state if key.startswith("class-")]


def test_an_archive_and_what_its_folders_show_outlive_a_change_of_page(
    page: AppTest, photos: dict[str, bytes], released: list[str]
) -> None:
    uploaded(page, packed(photos))
    file = page.session_state["training_zip-kept"]
    page.selectbox[0].select("No Mask").run()
    assert not any("is still here" in m.value for m in page.markdown)
    elsewhere(page)
    assert any(r"Our photos.zip** is still here" in m.value for m in page.markdown)
    assert [box.value for box in page.selectbox] == ["No Mask", "Mask"]
    assert not released
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.data_name == "Our photos"
    # Used, it is not held any longer: half a gigabyte a visitor would be.
    assert "training_zip-kept" not in page.session_state
    assert released == [file.file_id]
    assert file.closed
    assert not class_keys(page)


def test_of_photos_whose_taking_in_was_interrupted_that_is_said_once(
    page: AppTest, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    monkeypatch.setattr(ui.training.data_ways, "take_in", lambda *_: st.stop())
    uploaded(page, packed(photos))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
    assert any("It ends unfinished when" in caption.value for caption in page.caption)
    page.run()
    (info,) = page.info
    assert info.value.startswith("“Use these photos” ended unfinished")
    monkeypatch.undo()
    monkeypatch.setenv("MASKLENS_RUNS", str(runs))
    assert not page.run().info
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert not page.info


def test_an_archive_is_looked_at_once(
    page: AppTest, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    read_plan = ui.training.data_ways.read_plan
    monkeypatch.setattr(
        ui.training.data_ways,
        "read_plan",
        lambda file: (looked_at.append(file.name), read_plan(file))[1],
    )
    uploaded(page, packed(photos))
    page.selectbox[0].select("No Mask").run()
    elsewhere(page)
    assert [box.label for box in page.selectbox] == [
        "set/Gesichter · 21 photos",
        "set/Maske · 21 photos",
    ]
    assert looked_at == ["Our photos.zip"]
    uploaded(page, packed({"bare/1.jpg": b"x", "mask/1.jpg": b"x"}), "Two.zip")
    assert [box.label for box in page.selectbox] == ["bare · 1 photo", "mask · 1 photo"]
    assert looked_at == ["Our photos.zip", "Two.zip"]


@pytest.mark.parametrize("by", ["the page", "another archive", "the uploader"])
def test_an_archive_that_is_taken_away_is_not_kept(
    page: AppTest, photos: dict[str, bytes], by: str
) -> None:
    uploaded(page, packed(photos))
    if by == "the page":
        elsewhere(page)
        press(page, "Remove")
    elif by == "another archive":
        elsewhere(page)
        uploaded(page, packed({}), "Empty.zip")
        assert "is empty" in page.error[0].value
        assert page.session_state["training_zip-kept"].name == "Empty.zip"
    else:
        page.file_uploader[0].set_value(None).run()
    assert not page.selectbox
    assert not class_keys(page)
    assert ("training_zip-kept" in page.session_state) is (by == "another archive")


def test_how_many_are_needed_is_said_before_they_are_brought(page: AppTest) -> None:
    for way in ("Upload a ZIP", "Folder on this computer"):
        go(page, way)
        assert any(f"At least {FOLDS} photos of each class" in c.value for c in page.caption)


def test_the_example_of_a_folder_is_not_that_of_the_server_s_user(page: AppTest) -> None:
    example = go(page, "Folder on this computer").text_input(key="training_folder").placeholder
    assert example.startswith("For example: ")
    assert str(Path.home()) not in example


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no archive", "not a ZIP archive"),
        (packed({}), "is empty"),
        (packed({"mask/readme.txt": b"x"}), "No photos were found"),
        (packed({"a.jpg": b"x"})[:-30], "damaged or incomplete"),
    ],
    ids=["no ZIP", "empty", "no photos", "cut off"],
)
def test_a_bad_archive_is_one_sentence(page: AppTest, data: bytes, sentence: str) -> None:
    uploaded(page, data)
    assert got(page) == "got nothing"
    (error,) = page.error
    assert sentence in error.value
    assert not page.button


@pytest.mark.parametrize("folder", ["", "set/", "with_mask/"])
@pytest.mark.parametrize("way", ["Upload a ZIP", "Folder on this computer"])
def test_photos_in_one_folder_are_to_be_sorted_first(
    page: AppTest, tmp_path: Path, folder: str, way: str
) -> None:
    files = {f"{folder}{number}.jpg": photo(number, True) for number in range(3)}
    go(page, way)
    if way == "Upload a ZIP":
        uploaded(page, packed(files))
    else:
        for name, content in files.items():
            (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "own" / name).write_bytes(content)
        page.text_input[0].set_value(str(tmp_path / "own")).run()
    assert got(page) == "got nothing"
    again = "pack them again" if way == "Upload a ZIP" else "give the path of the folder that"
    (error,) = page.error
    assert "All photos lie in one folder. Sort them into two" in error.value
    assert again in error.value
    # What could not be answered rightly is not asked.
    assert not page.selectbox
    assert not page.button


def test_an_archive_that_fails_later_leaves_nothing(page: AppTest, runs: Path) -> None:
    uploaded(page, packed({"mask/a.jpg": b"x", "bare/b.jpg": b"y"}))
    press(page, "Use these photos")
    assert got(page) == "got nothing"
    (error,) = page.error
    assert "no usable photo" in error.value
    assert list((runs / "data").iterdir()) == []


def test_a_folder_with_our_names_is_used_where_it_is(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path, runs: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
    use_folder(page, root)
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder == root.resolve()
    assert page.session_state.choice.data_name == "own"
    press(page, "Other photos")
    assert len(list(root.rglob("*.jpg"))) == 2 * COUNT  # it is the visitor's


def test_another_folder_is_confirmed_and_copied(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path, runs: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "maske", "Gesichter": "ohne maske"})
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    assert [box.value for box in page.selectbox] == ["Mask", "No Mask"]
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder.parent == runs / "data"


def test_folders_whose_names_are_not_utf_8_are_confirmed_each(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tuple(
        PhotoFolder(f"masqu{letter}", 1, WITH_MASK if letter == "\udce9" else WITHOUT_MASK)
        for letter in "\udce8\udce9"
    )
    monkeypatch.setattr(ui.training.data_ways, "plan_folder", lambda folder: plan)
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(tmp_path)).run()
    assert got(page) == "got nothing"
    assert [box.value for box in page.selectbox] == ["No Mask", "Mask"]


@pytest.mark.parametrize("path", ["nothing", "/nothing/at/all"])
def test_a_wrong_path_is_one_sentence(page: AppTest, path: str) -> None:
    go(page, "Folder on this computer")
    page.text_input[0].set_value(path).run()
    assert got(page) == "got nothing"
    assert len(page.error) == 1


def test_visitors_from_elsewhere_get_no_folder_unless_one_is_named(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ui.training.data_ways, "only_this_computer", lambda: False)
    go(page, "Folder on this computer")
    assert not page.text_input
    assert any("not open to visitors" in info.value for info in page.info)
    monkeypatch.setenv("MASKLENS_DATA_ROOTS", str(tmp_path / "open"))
    page.run()
    page.text_input[0].set_value(str(tmp_path)).run()
    assert [error.value for error in page.error] != []


def test_published_photos_show_licence_and_size_before_they_are_fetched(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, photos: dict[str, bytes]
) -> None:
    asked: list[str] = []
    fetched: list[Path] = []

    def fetch(data_set: Any, into: Path, progress: Callable[[float], None]) -> IntakeReport:
        fetched.append(into)
        on_disk(into, photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
        progress(1.0)
        return IntakeReport({WITH_MASK: COUNT, WITHOUT_MASK: COUNT})

    def size_bytes(data_set: Any) -> int:
        asked.append(data_set.commit)
        return 123_400_000

    monkeypatch.setattr(ui.training.data_ways.public_data, "size_bytes", size_bytes)
    monkeypatch.setattr(ui.training.data_ways.public_data, "fetch", fetch)
    go(page, "Public photos")
    assert asked == []
    said = "\n".join(m.value for m in page.markdown)
    assert "Licence: MIT" in said
    assert "exactly as they were published" in said
    press(page, "Fetch these photos")
    assert asked == [CATALOGUE[0].commit]
    assert any("About 123 MB" in caption.value for caption in page.caption)
    assert fetched == []
    press(page, "Fetch them now")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder == fetched[0]


def test_an_unknown_size_and_no_internet_are_said(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: Any) -> IntakeReport:
        raise MasklensError("The photos could not be fetched.")

    monkeypatch.setattr(ui.training.data_ways.public_data, "size_bytes", lambda data_set: None)
    monkeypatch.setattr(ui.training.data_ways.public_data, "fetch", fetch)
    go(page, "Public photos")
    press(page, "Fetch these photos")
    assert any("does not say how large" in caption.value for caption in page.caption)
    press(page, "Fetch them now")
    assert len(page.error) == 1
    assert "could not be fetched" in page.error[0].value
    assert got(page) == "got nothing"
