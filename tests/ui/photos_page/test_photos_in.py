from __future__ import annotations

import csv
import io
from itertools import count
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import ImageDraw
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

import ui.choices
import ui.loading
import ui.photos.looking
import ui.uploads
from maskcore.images import MAX_BYTES
from maskcore.models import installed_models
from tests.ui.pages import button, downloads, labels, once_more, press, texts
from tests.ui.photos_page.page import OpenPage, PhotoFile, found, upload
from ui.live import doctor
from ui.live.browser import BrowserReport
from ui.photos import gallery
from ui.photos.export import results_csv


def popovers(page: AppTest) -> list[str]:
    """The labels of the buttons that open something."""
    return [block.proto.popover.label for block in page.get("popover")]


def reasons(page: AppTest) -> list[str]:
    """What is said on asking why files were not taken in."""
    (why,) = (block for block in page.get("popover") if block.proto.popover.label == "Why?")
    (text,) = (markdown.value for markdown in why.markdown)
    return text.split("\n\n")


def test_the_sample_is_found_and_told_apart_by_the_shipped_model(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    page = open_page()
    if page.selectbox(key="detector").value == "fcos" and "fcos" not in installed_models(
        "detector"
    ):
        page.selectbox(key="detector").select("haar_alt2").run()
    press(page, "Try the sample photo")
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
    table = page.dataframe[0].value
    assert sorted(table["Result"]) == ["Mask", "No Mask"]
    assert ((table["How sure"] > 50) & (table["How sure"] <= 100)).all()  # each of its result
    assert list(table["No."]) == [1, 2]
    assert table["Face"].str.startswith("data:image/jpeg;base64,").all()
    assert (table["Width"] > 100).all()
    caption = next(c.value for c in page.caption if " × " in c.value)
    assert "1280 × 600 pixels" in caption
    assert caption.count("\xa0ms") == 2
    assert downloads(page) == ["Labelled photo (JPEG)"]  # of a single photo there is no more
    assert "Try the sample photo" not in labels(page)


def test_a_double_click_on_the_sample_brings_it_once(page: AppTest) -> None:
    button(page, "Try the sample photo").click()
    again = once_more(page)
    look_at = gallery.Gallery.look_at
    firsts = iter([again])

    def look(*arguments: Any) -> None:
        next(firsts, lambda: None)()
        look_at(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery.Gallery, "look_at", look)
        page.run()
    assert not page.exception
    assert "here already" not in texts(page)
    assert len(found(page)) == 1


def test_what_the_server_did_not_keep_is_named_and_the_rest_taken_in(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = photo_file(200), photo_file(300)
    monkeypatch.setattr(ui.uploads, "MAX_HELD_BYTES", len(second) + 1)
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", ui.uploads._add_within_limit)
    upload(page, ("first.png", first), ("second.png", second))
    assert not page.exception
    assert len(found(page)) == 1
    (warning,) = page.warning
    assert warning.value.startswith("**second.png**: Your uploads are more than ")
    upload(page, ("second.png", second))  # there is room again
    assert len(found(page)) == 2
    assert len(page.warning) == 0


def test_good_photos_are_shown_and_broken_ones_explained(
    page: AppTest, photo_file: PhotoFile
) -> None:
    upload(
        page,
        ("two.png", photo_file(200)),
        ("text.jpg", b"I am no picture"),
        ("same.png", photo_file(300)),
        ("same.png", photo_file(400)),
        ("half.jpg", photo_file(400, format="JPEG")[:500]),
        ("empty.png", b""),
    )
    assert not page.exception
    assert found(page) == [
        "2 faces: 1 with mask, 1 without",
        "1 face: with mask",
        "3 faces: 2 with mask, 1 without",
    ]
    assert [warning.value for warning in page.warning] == ["3 files were not taken in."]
    warnings = reasons(page)
    assert [text.partition(":")[0] for text in warnings] == [
        "**text.jpg**",
        "**half.jpg**",
        "**empty.png**",
    ]
    assert "not a picture" in warnings[0]
    assert "damaged" in warnings[1]
    assert "empty" in warnings[2]
    assert {m.label: m.value for m in page.metric} == {
        "Photos": "3",
        "Faces": "6",
        "Mask": "4",
        "No Mask": "2",
        "Not sure": "0",
    }
    assert downloads(page).count("Labelled photo (JPEG)") == 3


def beside_the_camera(page: AppTest) -> list[str]:
    _, beside = page.columns[:2]
    return [element.value for kind in ("info", "markdown") for element in beside.get(kind)]


def test_what_the_last_shot_shows_stands_beside_the_camera(
    page: AppTest, photo_file: PhotoFile
) -> None:
    upload(page, ("three.png", photo_file(400)))
    page.segmented_control(key="source").set_value("Take a photo").run()
    assert not page.file_uploader
    nothing = ["What is found in your photo appears here."]
    assert beside_the_camera(page) == nothing
    for width, sentence in ((200, "2 faces: 1 with mask, 1 without"), (300, "1 face: with mask")):
        shot = photo_file(width, format="JPEG")
        page.camera_input[0].upload("shot.jpg", shot, "image/jpeg").run()
        assert beside_the_camera(page) == [f"**{sentence}**"]
        assert found(page)[-1] == sentence
    page.slider(key="threshold").set_value(80).run()
    assert beside_the_camera(page) == ["**1 face: without mask**"]
    # Whatever else comes later is no shot.
    page.segmented_control(key="source").set_value("Upload").run()
    upload(page, ("two.png", photo_file(200)))
    page.segmented_control(key="source").set_value("Take a photo").run()
    assert beside_the_camera(page) == ["**1 face: without mask**"]
    page.button(key="remove-2").click().run()
    assert beside_the_camera(page) == nothing


def test_a_camera_that_is_refused_is_told_of_beside_it(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = BrowserReport(secure=True, api=True, permission="denied", browser="firefox")
    monkeypatch.setattr(doctor, "browser_report", lambda request=0: refused)
    page.segmented_control(key="source").set_value("Take a photo").run()
    (error,) = page.error
    assert "The camera is not allowed" in error.value
    assert "crossed-out camera" in error.value  # what to do in this browser
    assert error.value.endswith("Without a camera **Upload**, above, works.")
    assert "appears here" not in texts(page)
    page.camera_input[0].upload("shot.jpg", photo_file(300, format="JPEG"), "image/jpeg").run()
    assert not page.error


def test_files_are_taken_in_once(page: AppTest, photo_file: PhotoFile, fake: Any) -> None:
    upload(page, ("two.png", photo_file(200)))
    page.run()
    page.run()
    assert len(found(page)) == 1
    upload(page, ("one.png", photo_file(300)))
    assert found(page) == ["2 faces: 1 with mask, 1 without", "1 face: with mask"]
    assert fake.detected == [(200, 120), (300, 120)]


def test_a_photo_without_faces_says_what_to_try(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, ("none.png", photo_file(250)))
    assert found(page) == ["No face found"]
    assert "Try another face finder" in page.info[0].value
    assert not page.dataframe


def test_file_names_are_shown_as_they_are(page: AppTest, photo_file: PhotoFile) -> None:
    name = "*a* _b_ `c` [d](e) :red[f] ~g~.png"
    upload(page, (name, photo_file(200)), (name, b"text"))
    assert not page.exception
    caption = next(c.value for c in page.caption if "pixels" in c.value)
    for text in (caption.partition(" · ")[0], page.warning[0].value[2:].partition("**: ")[0]):
        assert text.replace("\\", "") == name
        for mark in "*_`[:~":
            assert text.count(f"\\{mark}") == text.count(mark) > 0


def too_large() -> bytes:
    return b"\xff\xd8" + bytes(MAX_BYTES)


def test_what_is_no_photo_or_too_large_is_named(page: AppTest, photo_file: PhotoFile) -> None:
    # The field itself would drop such files without a word.
    assert list(page.file_uploader[0].allowed_type) == []
    assert page.file_uploader[0].proto.max_upload_size_mb * 2**20 > MAX_BYTES
    upload(page, ("big.jpg", too_large()), ("two.png", photo_file(200)), ("doc.pdf", b"%PDF"))
    assert len(found(page)) == 1
    assert [warning.value for warning in page.warning] == ["2 files were not taken in."]
    big, pdf = reasons(page)
    assert big.startswith("**big.jpg**: ") and "at most 25" in big
    assert pdf.startswith("**doc.pdf**: ") and "not a picture" in pdf


def test_the_limit_is_said_once_and_until_there_is_room(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "MAX_PHOTOS", 2)
    upload(page, *[(f"{number}.png", photo_file(200)) for number in range(4)])
    assert not page.exception
    assert len(found(page)) == 2
    assert [warning.value for warning in page.warning] == ["2 files were not taken in."]
    assert reasons(page) == [
        "**2.png**, **3.png**: There is room for 2 photos or 400 MB at a time. Remove some photos"
        " first, or have a whole folder looked at on your computer: `python -m maskcore detect"
        " FOLDER`."
    ]
    page.button(key="remove-0").click().run()
    assert not page.warning


def test_files_that_are_here_already_are_not_taken_in_again_and_it_is_said_once(
    page: AppTest, photo_file: PhotoFile
) -> None:
    two, one, none = (photo_file(width) for width in (200, 300, 250))
    upload(page, ("two.png", two), ("one.png", one))
    upload(page, ("two.png", two), ("renamed.png", one), ("none.png", none))
    assert not page.exception
    assert {m.label: m.value for m in page.metric}["Photos"] == "3"
    assert page.info[0].value == "2 photos were here already: **two.png**, **renamed.png**."
    assert not page.warning
    upload(page, ("two.png", two))
    assert page.info[0].value == "1 photo was here already: **two.png**."
    press(page, "Close")
    assert "here already" not in texts(page)
    assert len(found(page)) == 3


def test_the_number_of_files_that_are_here_already_only_grows(
    page: AppTest, photo_file: PhotoFile, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    notes, two = calls("info"), photo_file(200)
    doubles = [(f"{number}.png", two) for number in range(7)]
    upload(page, ("a.txt", b"text"), ("b.txt", b"text"), ("two.png", two), *doubles)
    said = [text for (text,), _ in notes if "here already" in text]
    five = ", ".join(f"**{number}.png**" for number in range(5))
    assert set(said) == {f"7 photos were here already: {five} and 2 more."}


def test_of_several_files_refused_one_line_says_how_many_and_why_when_asked_for(
    page: AppTest, photo_file: PhotoFile
) -> None:
    names = [f"{number}.txt" for number in range(4)]
    upload(page, *[(name, b"text") for name in names], ("two.png", photo_file(200)))
    assert [warning.value for warning in page.warning] == ["4 files were not taken in."]
    (reason,) = reasons(page)
    assert reason.startswith("**0.txt**, **1.txt**, **2.txt**, **3.txt**: This is not a picture")
    press(page, "Close")
    assert not page.warning and not popovers(page)
    assert len(found(page)) == 1


def test_problems_are_those_of_what_came_last(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, ("two.png", photo_file(200)), ("0.txt", b"text"), ("1.txt", b"more text"))
    upload(page, ("2.txt", b"text"))
    (warning,) = page.warning
    assert warning.value.startswith("**2.txt**: This is not a picture")
    assert "Why?" not in popovers(page)
    upload(page, ("one.png", photo_file(300)))
    assert not page.warning
    assert len(found(page)) == 2


def test_problems_of_files_that_are_all_refused_stand_by_the_field(page: AppTest) -> None:
    upload(page, ("0.txt", b"text"))
    assert page.warning[0].value.startswith("**0.txt**: This is not a picture")
    assert labels(page) == ["Close", "Try the sample photo"]
    press(page, "Try the sample photo")
    assert not page.warning


def test_results_are_shown_while_other_photos_are_looked_at(
    page: AppTest, photo_file: PhotoFile, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    shown: list[tuple[int, str]] = []
    monkeypatch.setattr(st, "header", lambda text, **_: shown.append((len(fake.detected), text)))
    waits: list[int] = []
    caption = DeltaGenerator.caption

    def note(self: DeltaGenerator, body: str, **options: Any) -> DeltaGenerator:
        if "not looked at this way yet" in body:
            waits.append(len(fake.detected))
        return caption(self, body, **options)

    monkeypatch.setattr(DeltaGenerator, "caption", note)
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    two, one = "2 faces: 1 with mask, 1 without", "1 face: with mask"
    assert shown == [(1, two), (2, two), (2, one)]
    assert waits == []  # what nobody has seen yet has no place yet
    # With another finder they keep their places until they have been looked at.
    page.selectbox(key="detector").select("haar_alt2").run()
    assert waits == [2, 2, 3]
    assert shown[3:] == [(3, two), (4, two), (4, one)]
    assert not page.exception


def test_after_a_stop_the_visitor_may_go_on(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    held = page.session_state.gallery
    held.add("three.png", photo_file(400))
    held.stopped = ("haar", "first")
    page.run()
    assert "Stopped: 2 of 3 photos looked at." in texts(page)
    assert len(found(page)) == len(fake.detected) == 2
    press(page, "Go on")
    assert len(found(page)) == len(fake.detected) == 3
    assert "Go on" not in labels(page)
    # A stop holds for what was there: more photos, or another finder, are looked at.
    held.stopped = ("haar", "first")
    upload(page, ("more.png", photo_file(300)))
    assert len(found(page)) == 4
    held.stopped = ("haar", "first")
    page.selectbox(key="detector").select("haar_alt2").run()
    assert len(fake.detected) == 8


@pytest.mark.parametrize("choice", [("haar", "first"), None])
def test_a_page_that_ended_while_looking_was_stopped(
    monkeypatch: pytest.MonkeyPatch, choice: Any
) -> None:
    reruns: list[dict[str, Any]] = []
    monkeypatch.setattr(st, "rerun", lambda **options: reruns.append(options))
    held = gallery.Gallery(looking=choice)
    drawn = count()
    ui.photos.looking._notice(held, drawn)  # by the page itself, which goes on
    assert held.stopped is None and not reruns
    ui.photos.looking._notice(held, drawn)
    assert held.stopped == choice
    assert held.looking is None
    assert reruns == [{"scope": "app"}] * (choice is not None)


def test_before_all_is_found_no_figure_and_no_file_passes_for_all(
    page: AppTest, photo_file: PhotoFile, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    figures, files = calls("metric"), calls("download_button")
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    said = [value for (title, value), _ in figures if title in ("Photos", "Faces")]
    assert said == ["–", "–", 1, 2, 2, 3]
    disabled = [options["disabled"] for _, options in files if "disabled" in options]
    assert disabled == [True] * 6 + [False] * 3
    assert downloads(page)[:3] == ["Photos (ZIP)", "Table (CSV)", "Table (JSON lines)"]
    # After a stop there are those so far, and they say so.
    held = page.session_state.gallery
    held.add("three.png", photo_file(400))
    held.stopped = ("haar", "first")
    page.run()
    so_far = page.get("download_button")[:3]
    assert [element.proto.label for element in so_far] == [
        "Photos so far (ZIP)",
        "Table so far (CSV)",
        "Table so far (JSON lines)",
    ]
    assert not any(element.proto.disabled for element in so_far)


def test_pages_only_grow_while_files_that_cannot_be_read_leave(
    page: AppTest, photo_file: PhotoFile, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    pagers = calls("pagination")
    files = [(f"{number}.png", photo_file(200)) for number in range(12)]
    upload(
        page, *files[:4], *[(f"{number}.txt", b"%d" % number) for number in range(9)], *files[4:]
    )
    pages = [pages for (pages,), options in pagers if options["key"].startswith("page-")]
    assert len(pages) == 22 and pages == sorted(pages)
    assert (pages[0], pages[-1]) == (1, 2)
    # One below photos alone.
    below = [pages for (pages,), options in pagers if options["key"].startswith("below-")]
    assert below == [2] * 2


def test_the_total_is_what_was_taken_in_though_files_that_cannot_be_read_leave(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    said: list[str] = []
    monkeypatch.setattr(DeltaGenerator, "progress", lambda self, part, text: said.append(text))
    files = {"a.png": photo_file(200), "b.txt": b"b", "c.txt": b"c", "d.png": photo_file(300)}
    upload(page, *files.items())
    looked = [text for text in said if text.startswith("Looking")]
    assert looked == [f"Looking at photo {number} of 4" for number in (1, 2, 3, 4)]
    # Those that have left count no more when others come.
    upload(page, ("e.png", photo_file(400)))
    assert said[-1] == "3 of 3 photos looked at"


def test_many_photos_are_shown_some_at_a_time(page: AppTest, photo_file: PhotoFile) -> None:
    upload(page, *[(f"{number}.png", photo_file(200)) for number in range(12)])
    assert not page.exception
    assert len(found(page)) == 10
    assert {m.label: m.value for m in page.metric}["Photos"] == "12"
    # Below as above: whoever has scrolled down turns the page there.
    above, below = page.get("pagination")
    assert above.proto.num_pages == below.proto.num_pages == 2


def test_the_table_s_numbers_are_those_drawn_and_those_of_the_csv(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, xy, text, **_: written.append(text)
    )
    upload(page, ("three.png", photo_file(400)))
    assert written == ["1: Mask 95%", "2: Mask 90%", "3: No Mask 90%"]
    table = page.dataframe[0].value
    shown = list(zip(table["No."], table["Result"], strict=True))
    assert shown == [(1, "Mask"), (2, "Mask"), (3, "No Mask")]
    np.testing.assert_allclose(table["How sure"], [95, 90, 90], atol=1e-3)

    held = page.session_state.gallery.results(("haar", "first"), 0.5)
    table = results_csv(held, []).decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(table))
    assert [(int(row["face"]), row["label"]) for row in rows] == shown


def test_tall_photos_are_limited_and_settings_folded_only_where_photos_are(
    page: AppTest, photo_file: PhotoFile
) -> None:
    def styles() -> str:
        return "".join(element.proto.body for element in page.get("html"))

    limited, folded = "max-height: 70vh; object-fit: contain", ".st-key-settings) { display: none"
    assert limited not in styles() and folded not in styles()
    upload(page, ("a.png", photo_file(200)))
    assert limited in styles() and folded in styles()
    press(page, "Settings")
    assert folded not in styles()
    press(page, "Hide the settings")
    assert folded in styles()
    press(page, "Remove all")
    assert limited not in styles() and folded not in styles()


@pytest.mark.parametrize(
    ("width", "shown"), [(1, 3), (200, 600), (400, "stretch"), (2560, "stretch")]
)
def test_small_photos_are_not_enlarged_without_end(
    page: AppTest,
    photo_file: PhotoFile,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    shown: int | str,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(DeltaGenerator, "image", lambda *_, width, **options: asked.append(width))
    upload(page, ("a.png", photo_file(width)))
    assert not page.exception
    assert asked == [shown]
