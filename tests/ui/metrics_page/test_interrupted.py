"""A press of something else, for which Streamlit ends a run of the page, loses no archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.files import grey, packed
from tests.ui.metrics_page.page import bring, names, section, texts, upload, where
from tests.ui.pages import labels, once_more, press
from training.photos.folder_intake import ROOTS_VARIABLE
from ui import uploader
from ui.metrics import own_view, pictures_view

PHOTOS = packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)})
MEASURED = "2 photos of mine.zip are measured."


def after(first: Callable[[], Any], work: Callable[..., Any]) -> Callable[..., Any]:
    """Work that does something else when it is called for the first time."""
    firsts = iter([first])

    def run(*arguments: Any) -> Any:
        next(firsts, lambda: None)()
        return work(*arguments)

    return run


def test_own_photos_are_measured_anew_after_a_press_on_the_same_page(
    own_page: AppTest, released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_view, "measure_archive", after(st.rerun, own_view.measure_archive))
    assert MEASURED in texts(upload(own_page, PHOTOS))
    assert len(released) == 1


def test_own_photos_wait_while_the_visitor_looks_at_something_else(
    own_page: AppTest, released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = own_view.measure_archive
    monkeypatch.setattr(own_view, "measure_archive", after(st.stop, measure))
    page = upload(own_page, PHOTOS)
    assert "It begins anew when you press or choose something else meanwhile." in texts(page)
    section(page, "Figures")
    assert MEASURED in texts(section(page, "Your photos"))
    press(page, "Remove these photos")
    assert "is still here" not in texts(page)
    assert len(released) == 1


def test_own_photos_that_wait_can_be_removed(
    own_page: AppTest, released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = own_view.measure_archive
    monkeypatch.setattr(own_view, "measure_archive", lambda *arguments: st.stop())
    section(upload(own_page, PHOTOS), "Figures")
    page = section(own_page, "Your photos")
    assert "**mine.zip** is still here." in texts(page)
    press(page, "Remove")
    monkeypatch.setattr(own_view, "measure_archive", measure)
    assert "is still here" not in texts(page.run())
    assert MEASURED not in texts(page)
    assert len(released) == 1


def test_of_a_folder_whose_measuring_was_interrupted_that_is_said_once(
    own_page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path))
    for name, shade in (("mask", 250), ("nomask", 0)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        (tmp_path / "mine" / name / "1.png").write_bytes(grey(shade))
    measure = own_view.measure_folder
    monkeypatch.setattr(own_view, "measure_folder", after(st.stop, measure))
    own_page.text_input(key="metrics_own_folder").set_value(str(tmp_path / "mine")).run()
    press(own_page, "Measure this folder")
    assert "It ends unfinished when you press" in texts(own_page)
    page = section(section(own_page, "Figures"), "Your photos")
    assert "“Measure this folder” ended unfinished" in texts(page)
    assert "to begin anew" not in texts(page.run())
    press(page, "Measure this folder")  # its path was kept
    assert "2 photos of mine are measured." in texts(page)
    page.selectbox(key="metrics_model").set_value("second").run()
    monkeypatch.setattr(own_view, "measure_again", after(st.stop, own_view.measure_again))
    press(page, "Measure with second")
    assert "“Measure with second” ended unfinished" in texts(page.run())
    press(page, "Measure with second")
    assert "to begin anew" not in texts(page)


@pytest.mark.parametrize("meanwhile", ["first", "third"])
def test_what_was_interrupted_is_not_said_where_another_button_stands(
    own_page: AppTest, fake_models: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    copytree(fake_models / "second", fake_models / "third")
    page = upload(own_page, PHOTOS)
    page.selectbox(key="metrics_model").set_value("second").run()
    monkeypatch.setattr(own_view, "measure_again", lambda *arguments: st.stop())
    press(page, "Measure with second")
    page.selectbox(key="metrics_model").set_value(meanwhile).run()
    assert not page.exception
    assert ("Measure with third" in labels(page)) is (meanwhile == "third")
    assert "to begin anew" not in texts(page)
    page.selectbox(key="metrics_model").set_value("second").run()
    assert "Measure with second" in labels(page)
    assert "to begin anew" not in texts(page)  # it would be late


def test_what_fails_unforeseen_did_not_end_unfinished(
    own_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = upload(own_page, PHOTOS)
    page.selectbox(key="metrics_model").set_value("second").run()
    monkeypatch.setattr(own_view, "measure_again", lambda *arguments: 1 / 0)
    (button,) = [b for b in page.button if b.label == "Measure with second"]
    button.click().run()
    assert page.exception
    assert "to begin anew" not in texts(page.run())


def test_what_fails_unforeseen_is_not_begun_anew(
    own_page: AppTest, released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_view, "measure_archive", lambda *arguments: 1 / 0)
    own_page.file_uploader[0].upload("mine.zip", PHOTOS, "application/zip").run()
    assert own_page.exception
    assert len(released) == 1
    assert "own-photos-kept" not in own_page.session_state


def test_pictures_are_unpacked_anew(
    page: AppTest, released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack = pictures_view.brought_pictures
    monkeypatch.setattr(pictures_view, "brought_pictures", after(st.stop, unpack))
    bring(section(page, "Mistakes"), packed({"x/with_mask/003.jpg": grey(9)}))
    assert not page.get("image")
    section(page, "Figures")
    assert len(section(page, "Mistakes").get("image")) == 1
    assert len(released) == 1


def test_while_pictures_are_unpacked_the_page_stands_and_the_fold_is_open(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_view, "brought_pictures", lambda *arguments: st.stop())
    section(page, "Mistakes")
    assert not where(page).proto.expanded
    cards = names(page)
    bring(page, packed({"x/with_mask/003.jpg": grey(9)}))
    assert where(page).proto.expanded
    assert "It begins anew when you press or choose something else meanwhile." in texts(page)
    assert names(page) == cards


def test_pictures_that_were_unpacked_outlive_a_press_while_their_archive_is_let_go_of(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    section(page, "Mistakes")
    (field,) = [f for f in page.file_uploader if f.label.startswith("A ZIP with the folders")]
    field.upload("x.zip", packed({"x/with_mask/003.jpg": grey(9)}), "application/zip")
    monkeypatch.setattr(uploader, "release", after(once_more(page), uploader.release))
    page.run()
    assert not page.exception
    assert len(page.get("image")) == 1
