from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.choices
import ui.loading
import ui.photos.looking
from tests.ui.pages import labels, press, texts
from tests.ui.photos_page.page import PhotoFile, found, install_anew, upload


def test_a_model_installed_anew_looks_at_the_photos_there_are(
    page: AppTest, fake_models: Path, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("a.png", photo_file(200)))
    page.run()
    assert len(fake.detected) == 1
    install_anew(fake_models, "second")
    page.run()
    assert len(fake.detected) == 1
    install_anew(fake_models, "first")
    page.run()
    assert len(fake.detected) == 2


def test_an_open_page_notices_a_model_installed_anew(
    fake_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reruns: list[dict[str, Any]] = []
    monkeypatch.setattr(st, "rerun", lambda **options: reruns.append(options))
    choice = ("haar", "first")
    seen = ui.loading.installation(*choice)
    ui.choices._watch(choice, seen)
    assert reruns == []
    install_anew(fake_models, "first")
    ui.choices._watch(choice, seen)
    assert reruns == [{"scope": "app"}]


def test_what_came_in_is_held_as_a_photo_alone_which_can_be_removed(
    page: AppTest, photo_file: PhotoFile, released: list[str]
) -> None:
    upload(page, ("two.png", photo_file(200)), ("text.jpg", b"text"))
    assert len(released) == 2
    page.segmented_control(key="source").set_value("Take a photo").run()
    page.camera_input[0].upload("shot.jpg", photo_file(300, format="JPEG"), "image/jpeg").run()
    assert len(set(released)) == 3
    assert found(page.run()) == ["2 faces: 1 with mask, 1 without", "1 face: with mask"]
    assert not page.exception


def test_one_photo_or_all_can_be_removed(page: AppTest, photo_file: PhotoFile) -> None:
    upload(
        page,
        ("two.png", photo_file(200)),
        ("one.png", photo_file(300)),
        ("three.png", photo_file(400)),
        ("text.jpg", b"text"),
    )
    everything = found(page)
    page.button(key="remove-1").click().run()
    assert found(page) == ["2 faces: 1 with mask, 1 without", "3 faces: 2 with mask, 1 without"]
    assert "**one.png** removed." in texts(page)
    press(page, "Undo")
    assert found(page) == everything
    page.button(key="remove-1").click().run()
    press(page, "Remove all")
    assert found(page) == []
    assert not page.warning
    assert "Try the sample photo" in labels(page)
    assert "Remove all" not in labels(page)
    # Until something else comes in, there is a way back.
    assert "2 photos removed." in texts(page)
    press(page, "Undo")
    assert found(page) == ["2 faces: 1 with mask, 1 without", "3 faces: 2 with mask, 1 without"]
    assert "Undo" not in labels(page)
    press(page, "Remove all")
    upload(page, ("one.png", photo_file(300)))
    assert found(page) == ["1 face: with mask"]
    press(page, "Remove all")
    assert "**one.png** removed." in texts(page)


def test_a_removal_can_be_undone_from_another_page(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, *[(f"{number}.png", photo_file(200)) for number in range(24)])
    upload(page, ("none.png", photo_file(250)))
    page.session_state["kind"] = "Without a face"
    page.run()
    press(page, "Remove")  # the last of its kind: all photos are shown, from the first page on
    assert len(found(page)) == 10
    assert labels(page).count("Undo") == 1
    press(page, "Undo")
    assert "none.png" not in texts(page)  # on a page of its own again
    assert "Undo" not in labels(page)
