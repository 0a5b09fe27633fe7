from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import ImageDraw
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

import ui.choices
import ui.loading
import ui.photos.looking
from maskcore import MasklensError
from maskcore.detection.yunet import FILE_NAME
from maskcore.images import MAX_BYTES
from maskcore.models import installed_models, models_dir
from maskcore.types import NotSure
from tests.ui.pages import downloads, labels, press, texts
from ui.choices import DETECTORS, MODELS
from ui.live import doctor
from ui.live.browser import BrowserReport
from ui.photos import gallery
from ui.photos.export import results_csv, results_zip

OpenPage = Callable[[], AppTest]
PhotoFile = Callable[..., bytes]

ROOT = Path(__file__).resolve().parents[2]


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    named = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader[0].set_value(named)
    return page.run()


def found(page: AppTest) -> list[str]:
    return [element.value for element in page.subheader]


def popovers(page: AppTest) -> list[str]:
    """The labels of the buttons that open something."""
    return [block.proto.popover.label for block in page.get("popover")]


def reasons(page: AppTest) -> list[str]:
    """What is said on asking why files were not taken in."""
    (why,) = (block for block in page.get("popover") if block.proto.popover.label == "Why?")
    (text,) = (markdown.value for markdown in why.markdown)
    return text.split("\n\n")


@pytest.fixture
def page(fake_models: Path, open_page: OpenPage) -> AppTest:
    """The page with the fake pipeline and a detector that needs no file."""
    page = open_page()
    return page.selectbox(key="detector").select("haar").run()


# --- first sight


def test_an_empty_page_says_what_to_do(page: AppTest) -> None:
    assert not page.exception
    assert "Add photos" in texts(page)
    # One way to the sample, which is shown as it will come out.
    assert labels(page) == ["Try the sample photo"]
    assert len(page.get("image")) == 1

    assert found(page) == downloads(page) == []
    assert not page.error
    assert not page.warning


def test_every_detector_and_model_has_a_plain_sentence(
    fake_models: Path, open_page: OpenPage
) -> None:
    for name in MODELS:
        shutil.copytree(fake_models / "first", fake_models / name)
    page = open_page()
    for key, known in (("detector", DETECTORS), ("model", MODELS)):
        assert len(page.selectbox(key=key).options) >= len(known) >= 2
        for name, (title, said) in known.items():
            assert title and said.endswith(".")
            page.selectbox(key=key).select(name).run()
            assert not page.exception
            assert [c.value for c in page.caption if c.value.startswith(said)]
    detectors = page.selectbox(key="detector").options
    assert len(set(detectors)) == len(detectors) == len(DETECTORS)
    page.selectbox(key="model").select("first").run()
    assert "Trained on this machine." in texts(page)


def write_scene_report(models: Path, content: Any) -> None:
    folder = models / "scenes" / "first"
    folder.mkdir(parents=True)
    (folder / "haar.json").write_text(json.dumps(content))


def test_a_detector_s_measured_figures_are_said(fake_models: Path, open_page: OpenPage) -> None:
    by_class = {"Mask": {"found": 27, "faces": 76}, "No Mask": {"found": 15, "faces": 15}}
    report = {"photos": 85, "sha256": {"first": "first"}, "by_class": by_class}
    write_scene_report(fake_models, report)
    page = open_page().selectbox(key="detector").select("haar").run()
    assert (
        "On 85 street photos, always kept out of training, it found 27 of 76 masked and"
        " 15 of 15 bare faces." in texts(page)
    )
    # Also of those that are not chosen, and nothing of those that nobody has measured.
    page.selectbox(key="detector").select("haar_alt2").run()
    options = page.selectbox(key="detector").options
    assert options[-2:] == ["Haar, alternative", "Haar, default: 27 of 76 masked, 15 of 15 bare"]
    assert "kept out of training" not in texts(page)
    # Where folds were measured, there are more faces to go by.
    by_class = {"Mask": {"found": 270, "faces": 760}, "No Mask": {"found": 150, "faces": 150}}
    folder = fake_models / "scenes" / "first" / "folds"
    folder.mkdir()
    (folder / "haar.json").write_text(json.dumps({**report, "by_class": by_class, "photos": 850}))
    page.selectbox(key="detector").select("haar").run()
    found_in_folds = "On 850 street photos, always kept out of training, it found 270 of 760 masked"
    assert found_in_folds in texts(page)
    # How many faces are found does not depend on the mask model: a new one changes nothing.
    install_anew(fake_models, "first")
    page.run()
    assert found_in_folds in texts(page)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"photos": 85, "sha256": {"first": "first"}, "by_class": None},
        {
            "photos": 85,
            "sha256": {"first": "first"},
            "by_class": {"Mask": {"found": 1, "faces": 2}},
        },
        {
            "photos": 85,
            "sha256": {"first": "first", "haar": "of another version"},
            "by_class": {name: {"found": 1, "faces": 2} for name in ("Mask", "No Mask")},
        },
    ],
    ids=str,
)
def test_figures_that_are_not_there_are_not_said(
    fake_models: Path, open_page: OpenPage, content: Any
) -> None:
    write_scene_report(fake_models, content)
    page = open_page().selectbox(key="detector").select("haar").run()
    assert not page.exception
    assert page.selectbox(key="detector").options[-1] == "Haar, default"
    assert "kept out of training" not in texts(page)


# --- photos in


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
    caption = next(c.value for c in page.caption if "pixels" in c.value)
    assert "1280 × 600 pixels" in caption
    assert caption.count("\xa0ms") == 2
    assert downloads(page) == ["Labelled photo"]  # of a single photo there is no more
    assert "Try the sample photo" not in labels(page)


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
    }
    assert downloads(page).count("Labelled photo") == 3


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
    assert page.info[0].value == "2 photos were here already."
    assert not page.warning
    upload(page, ("two.png", two))
    assert page.info[0].value == "1 photo was here already."
    press(page, "Close")
    assert "here already" not in texts(page)
    assert len(found(page)) == 3


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
    monkeypatch.setattr(st, "subheader", lambda text, **_: shown.append((len(fake.detected), text)))
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


@pytest.mark.parametrize(("looking", "stopped"), [(True, ("haar", "first")), (False, None)])
def test_a_page_that_ended_while_looking_was_stopped(
    monkeypatch: pytest.MonkeyPatch, looking: bool, stopped: Any
) -> None:
    reruns: list[dict[str, Any]] = []
    monkeypatch.setattr(st, "rerun", lambda **options: reruns.append(options))
    held = gallery.Gallery(looking=looking)
    ui.photos.looking._notice(held, ("haar", "first"))
    assert held.stopped == stopped
    assert reruns == [{"scope": "app"}] * looking


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[tuple[Any, dict[str, Any]]]]:
    """Name of something of Streamlit's -> its calls from then on, also in passes replaced since."""

    def spy(name: str) -> list[tuple[Any, dict[str, Any]]]:
        made: list[tuple[Any, dict[str, Any]]] = []
        original = getattr(st, name)

        def note(*given: Any, **options: Any) -> Any:
            made.append((given, options))
            return original(*given, **options)

        monkeypatch.setattr(st, name, note)
        return made

    return spy


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
    assert downloads(page)[:3] == ["Photos as ZIP", "Table as CSV", "JSON lines"]
    # After a stop there are those so far, and they say so.
    held = page.session_state.gallery
    held.add("three.png", photo_file(400))
    held.stopped = ("haar", "first")
    page.run()
    so_far = page.get("download_button")[:3]
    assert [element.proto.label for element in so_far] == [
        "Photos so far as ZIP",
        "Table so far as CSV",
        "JSON lines so far",
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


# --- some of many


def kinds(page: AppTest) -> list[str]:
    return [option for row in page.get("button_group")[1:] for option in row.options]


def show_kind(page: AppTest, kind: str) -> AppTest:
    page.session_state["kind"] = kind
    return page.run()


def test_kinds_that_occur_are_counted_and_the_chosen_one_is_shown(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    fake.not_sure = NotSure(margin=0.5)
    upload(page, ("one.png", photo_file(300)))
    assert kinds(page) == []  # one photo is no choice
    files = {"two.png": 200, "three.png": 400, "none.png": 250}
    upload(page, *[(name, photo_file(width)) for name, width in files.items()])
    assert kinds(page) == [
        "All 4 photos",
        "2 with No Mask",
        "1 with Not sure",
        "1 without a face",
    ]
    everything = found(page)
    for kind, expected in (
        ("With No Mask", everything[1:3]),
        ("With Not sure", everything[:1]),
        ("Without a face", everything[3:]),
        ("All photos", everything),
    ):
        show_kind(page, kind)
        assert found(page) == expected
        # Totals and downloads hold everything, and say so.
        assert {m.label: m.value for m in page.metric}["Photos"] == "4"
        assert ("hold all photos" in texts(page)) == (kind != "All photos")
    assert not page.exception


def test_the_chosen_kind_stays_until_it_has_vanished(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.photos.looking, "SLICE_SECONDS", 0)
    two, one = "2 faces: 1 with mask, 1 without", "1 face: with mask"
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert kinds(page) == ["All 2 photos", "1 with No Mask"]
    show_kind(page, "With No Mask")
    # With more photos, looked at in another way, and seen from another page.
    upload(page, ("one.png", photo_file(300)), ("two.png", photo_file(200)))
    assert found(page) == [two] * 2
    assert kinds(page) == ["All 4 photos", "2 with No Mask"]
    page.selectbox(key="detector").select("haar_alt2").run()
    assert found(page) == [two] * 2
    page.switch_page("pages/metrics.py").run()
    page.switch_page("pages/photo.py").run()
    assert found(page) == [two] * 2
    page.slider(key="threshold").set_value(15).run()
    assert kinds(page) == []  # everybody has a mask
    assert len(found(page)) == 4
    page.slider(key="threshold").set_value(50).run()
    assert found(page) == [two, one, one, two]
    # Photos that come after all went are not sifted by what was chosen for those.
    show_kind(page, "With No Mask")
    press(page, "Remove all")
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert found(page) == [two, one]


def test_a_finder_that_is_not_there_hides_no_photo(
    page: AppTest, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.choices, "yunet_available", lambda: False)
    upload(page, ("two.png", photo_file(200)), ("none.png", photo_file(250)))
    show_kind(page, "Without a face")
    page.selectbox(key="detector").select("yunet").run()
    assert kinds(page) == []
    assert "two.png" in texts(page) and "none.png" in texts(page)
    assert "hold all photos" not in texts(page)
    page.selectbox(key="detector").select("fcos").run()
    assert found(page) == ["No face found"]


def test_a_kind_has_pages_of_its_own(page: AppTest, photo_file: PhotoFile) -> None:
    bare = [(f"{number}.png", photo_file(200)) for number in range(12)]
    masked = [(f"{number}.png", photo_file(300)) for number in range(11)]
    upload(page, *masked, *bare)
    (pager, _) = page.get("pagination")
    assert pager.proto.num_pages == 3
    page.session_state["page-above"] = 3
    page.run()
    assert len(found(page)) == 3
    show_kind(page, "With No Mask")
    assert {pager.proto.num_pages for pager in page.get("pagination")} == {2}
    assert found(page) == ["2 faces: 1 with mask, 1 without"] * 10
    assert "11.png" not in texts(page)


def test_blurred_faces_leave_the_page_in_no_form(
    page: AppTest, photo_file: PhotoFile, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[bytes] = []
    image = DeltaGenerator.image

    def note(self: DeltaGenerator, data: bytes, **options: Any) -> DeltaGenerator:
        pictures.append(data)
        return image(self, data, **options)

    monkeypatch.setattr(DeltaGenerator, "image", note)
    files = calls("download_button")

    def leaving() -> list[Any]:
        page.run()
        pictures.clear(), files.clear()
        page.run()
        packed, _, _, *single = (given[1]() for given, _ in files)
        faces = [face for table in page.dataframe for face in table.value["Face"]]
        return [*pictures, *faces, packed, *single]

    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    plain = leaving()
    (switch,) = page.toggle
    assert (switch.label, switch.value) == ("Blur faces", False)
    switch.set_value(True).run()
    blurred = leaving()
    assert len(plain) == len(blurred) == 8
    assert not set(plain) & set(blurred)
    results = page.session_state.gallery.results(("haar", "first"), 0.5)
    (photo, _), _ = results
    assert blurred == [
        *(photo.annotated_preview(analysis, blur=True) for photo, analysis in results),
        *(face for photo, _ in results for face in photo.faces_shown(("haar", "first"), blur=True)),
        results_zip(results, [], blur=True),
        *(photo.annotated(analysis, blur=True) for photo, analysis in results),
    ]
    # What a photo looked at anew shows meanwhile.
    held = page.session_state.gallery
    held.stopped = ("haar_alt2", "first")
    page.selectbox(key="detector").select("haar_alt2").run()
    assert pictures[-2] == photo.unlabelled_preview(blur=True) != photo.preview
    # The same setting as on the Live page.
    page.switch_page("pages/live.py").run()
    assert page.toggle(key="blur").value


# --- settings


def test_the_slider_relabels_at_once_without_looking_again(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert page.slider(key="threshold").value == 50
    for percent, expected in (
        (70, ["2 faces: 1 with mask, 1 without", "1 face: without mask"]),
        (99, ["2 faces: 0 with mask, 2 without", "1 face: without mask"]),
        (10, ["2 faces: 2 with mask, 0 without", "1 face: with mask"]),
    ):
        page.slider(key="threshold").set_value(percent).run()
        assert found(page) == expected
    assert list(page.dataframe[0].value["Result"]) == ["Mask", "Mask"]
    # Of the result, as in the picture.
    np.testing.assert_allclose(page.dataframe[0].value["How sure"], [90, 20], atol=1e-3)
    assert len(fake.detected) == 2


def not_sure_captions(page: AppTest) -> list[str]:
    return [c.value for c in page.caption if c.value.startswith("Not sure")]


def test_faces_not_sure_of_are_shown_as_such_and_why(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    fake.not_sure = NotSure(margin=0.5)
    upload(page, ("three.png", photo_file(400)), ("one.png", photo_file(300)))
    assert found(page) == ["3 faces: 2 with mask, 1 without", "1 face: not sure"]
    assert {m.label: m.value for m in page.metric} == {
        "Photos": "2",
        "Faces": "4",
        "Mask": "2",
        "No Mask": "1",
        "Not sure": "1",
    }
    assert list(page.dataframe[0].value["Result"]) == ["Mask", "Mask", "No Mask"]
    assert list(page.dataframe[1].value["Result"]) == ["Not sure"]
    assert not_sure_captions(page) == ["Not sure: the model is undecided."]

    # 0.95 and 0.9 are both near 0.93, 0.6 no longer is.
    page.slider(key="threshold").set_value(93).run()
    assert found(page) == [
        "3 faces: 0 with mask, 1 without, 2 not sure",
        "1 face: without mask",
    ]
    assert {m.label: m.value for m in page.metric}["Not sure"] == "2"
    assert list(page.dataframe[0].value["Result"]) == ["Not sure", "Not sure", "No Mask"]
    # In the picture there is no figure either.
    np.testing.assert_allclose(page.dataframe[0].value["How sure"], [np.nan, np.nan, 90], atol=1e-3)
    assert not_sure_captions(page) == ["Not sure: the model is undecided."]  # not once a face

    page.slider(key="threshold").set_value(30).run()
    assert found(page) == ["3 faces: 2 with mask, 1 without", "1 face: with mask"]
    assert "Not sure" not in {m.label for m in page.metric}
    assert not_sure_captions(page) == []


@pytest.mark.parametrize(
    "rule, reason",
    [
        (NotSure(smallest_side=41), "the face is too small"),  # they are 40 pixels wide
        (NotSure(least_sharpness=9), "the face is too blurred"),
    ],
)
def test_a_face_too_small_or_blurred_is_not_called(
    page: AppTest, photo_file: PhotoFile, fake: Any, rule: NotSure, reason: str
) -> None:
    fake.not_sure = rule
    upload(page, ("two.png", photo_file(200)))
    assert not page.exception
    assert found(page) == ["2 faces: 0 with mask, 0 without, 2 not sure"]
    assert not_sure_captions(page) == [f"Not sure: {reason}."]


def test_the_threshold_starts_where_the_card_says(fake_models: Path, open_page: OpenPage) -> None:
    card = {"name": "first", "kind": "classifier", "threshold": 0.35}
    (fake_models / "first" / "card.json").write_text(json.dumps(card))
    assert open_page().slider(key="threshold").value == 35


def test_each_model_starts_with_its_own_threshold(page: AppTest, fake_models: Path) -> None:
    card = json.loads((fake_models / "second" / "card.json").read_text())
    (fake_models / "second" / "card.json").write_text(json.dumps({**card, "threshold": 0.62}))
    page.slider(key="threshold").set_value(70).run()
    page.selectbox(key="model").select("second").run()
    assert page.slider(key="threshold").value == 62
    page.selectbox(key="model").select("first").run()
    assert page.slider(key="threshold").value == 50


def test_a_model_put_in_the_place_of_another_starts_with_its_own_threshold(
    page: AppTest, fake_models: Path
) -> None:
    page.slider(key="threshold").set_value(70).run()
    path = fake_models / "first" / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "threshold": 0.62}))
    assert page.run().slider(key="threshold").value == 70  # the same model
    path.write_text(json.dumps({**card, "threshold": 0.62, "sha256": "0" * 64}))
    assert page.run().slider(key="threshold").value == 62


def test_the_models_that_came_along_stand_first(fake_models: Path, open_page: OpenPage) -> None:
    for name in ("mobilenet_v2", "inception_v3"):
        shutil.copytree(fake_models / "first", fake_models / name)
    assert open_page().selectbox(key="model").options == [
        "MobileNetV2",
        "InceptionV3",
        "first",
        "second",
    ]


def test_another_detector_or_model_looks_again_and_the_first_is_remembered(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert len(fake.detected) == 2
    page.selectbox(key="detector").select("haar_alt2").run()
    assert len(fake.detected) == 4
    page.selectbox(key="model").select("second").run()
    assert len(fake.detected) == 6
    page.selectbox(key="model").select("first").run()
    page.selectbox(key="detector").select("haar").run()
    assert len(fake.detected) == 6
    assert len(found(page)) == 2


# --- removing


def install_anew(models: Path, name: str) -> None:
    card = models / name / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": "another"}))


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


def test_one_photo_or_all_can_be_removed(page: AppTest, photo_file: PhotoFile) -> None:
    upload(
        page,
        ("two.png", photo_file(200)),
        ("one.png", photo_file(300)),
        ("three.png", photo_file(400)),
        ("text.jpg", b"text"),
    )
    page.button(key="remove-1").click().run()
    assert found(page) == ["2 faces: 1 with mask, 1 without", "3 faces: 2 with mask, 1 without"]
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
    assert "1 photo removed." in texts(page)


# --- sessions


def test_two_sessions_do_not_see_each_other(
    page: AppTest, open_page: OpenPage, photo_file: PhotoFile
) -> None:
    other = open_page()
    other.selectbox(key="detector").select("haar").run()
    upload(page, ("two.png", photo_file(200)), ("text.jpg", b"text"))
    other.run()
    assert found(other) == []
    assert not other.warning
    upload(other, ("one.png", photo_file(300)))
    page.run()
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
    assert found(other) == ["1 face: with mask"]
    press(other, "Remove all")
    page.run()
    assert len(found(page)) == len(page.warning) == 1


# --- YuNet's file


def test_without_its_file_yunet_is_offered_and_the_page_lives_on(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)))
    page.selectbox(key="detector").select("yunet").run()
    assert not page.exception
    assert "YuNet is not installed" in page.info[0].value
    assert "Fetch YuNet now" in labels(page)
    assert found(page) == []
    assert "Try the sample photo" not in labels(page)
    assert len(fake.detected) == 1  # nothing was tried with a detector that is not there
    page.selectbox(key="detector").select("haar").run()
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
    assert "Fetch YuNet now" not in labels(page)


def test_yunet_is_fetched_on_request_alone(
    page: AppTest, fake_models: Path, photo_file: PhotoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch() -> None:
        asked.append(True)
        (fake_models / "yunet").mkdir()
        (fake_models / "yunet" / FILE_NAME).touch()

    monkeypatch.setattr(ui.choices, "fetch_yunet", fetch)
    upload(page, ("two.png", photo_file(200)))
    page.selectbox(key="detector").select("yunet").run()
    page.run()
    assert asked == []
    press(page, "Fetch YuNet now")
    assert asked == [True]
    assert not page.exception
    assert not page.info
    assert found(page) == ["2 faces: 1 with mask, 1 without"]


def test_a_failing_fetch_is_one_sentence(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch() -> None:
        raise MasklensError("YuNet could not be fetched: no connection.")

    monkeypatch.setattr(ui.choices, "fetch_yunet", fetch)
    page.selectbox(key="detector").select("yunet").run()
    press(page, "Fetch YuNet now")
    assert [error.value for error in page.error] == ["YuNet could not be fetched: no connection."]
    assert "Fetch YuNet now" in labels(page)


# --- models that do not work


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the shipped model, to be damaged."""
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    folder = shutil.copytree(models_dir() / "mobilenet_v2", tmp_path / "mobilenet_v2")
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    return folder


def damage(folder: Path, fault: str) -> None:
    model, card = folder / "model.tflite", folder / "card.json"
    values = json.loads(card.read_text(encoding="utf-8"))
    if fault == "no model":
        model.unlink()
    elif fault == "cut off":
        model.write_bytes(model.read_bytes()[:1000])
    elif fault == "LFS pointer":
        model.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    elif fault == "not a model":
        model.write_bytes(b"nothing")
        checksum = hashlib.sha256(b"nothing").hexdigest()
        card.write_text(json.dumps({**values, "sha256": checksum}))
    elif fault == "no input":
        del values["input"]
        card.write_text(json.dumps(values))
    elif fault.startswith("threshold"):
        threshold = {"text": "half", "none": None, "7": 7, "0": 0}[fault.split()[1]]
        card.write_text(json.dumps({**values, "threshold": threshold}))
    elif fault == "not sure":
        card.write_text(json.dumps({**values, "not_sure": {"margin": -1}}))
    elif fault == "no card":
        card.unlink()
    elif fault == "card cut off":
        card.write_text(card.read_text(encoding="utf-8")[:100])


@pytest.mark.parametrize(
    "fault",
    [
        "no model",
        "cut off",
        "LFS pointer",
        "not a model",
        "no input",
        "threshold text",
        "threshold none",
        "threshold 7",
        "not sure",
        "no card",
        "card cut off",
    ],
)
def test_a_damaged_model_is_one_sentence_with_the_mend(
    open_page: OpenPage, shipped: Path, photo_file: PhotoFile, fault: str
) -> None:
    damage(shipped, fault)
    page = open_page()
    if page.selectbox:
        page.selectbox(key="detector").select("haar").run()
        upload(page, ("two.png", photo_file(200)))
    assert not page.exception
    (error,) = page.error
    assert any(word in error.value for word in ("git restore", "git lfs", "Install the model"))
    assert str(shipped.parent) not in error.value
    assert "Traceback" not in error.value
    assert found(page) == []


def test_a_threshold_of_0_in_the_card_is_no_reason_to_fail(
    open_page: OpenPage, shipped: Path
) -> None:
    damage(shipped, "threshold 0")
    page = open_page()
    assert not page.exception
    assert page.slider(key="threshold").value == 1


def test_photos_wait_until_the_model_is_mended(
    open_page: OpenPage, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (shipped / "model.tflite").read_bytes()
    damage(shipped, "cut off")
    page = open_page()
    page.selectbox(key="detector").select("haar_alt2").run()
    press(page, "Try the sample photo")
    assert len(page.error) == 1
    (shipped / "model.tflite").write_bytes(content)
    page.run()
    assert not page.error
    assert found(page) == ["2 faces: 1 with mask, 1 without"]


# --- what pages must not do


def test_the_page_never_imports_tensorflow() -> None:
    script = """
import sys
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest
from ui import tidy
tidy.tidy_regularly = lambda: None  # not the page's, in a thread of its own
page = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
page.selectbox(key="detector").select("haar_alt2").run()
[b for b in page.button if "sample" in b.label][0].click().run()
assert page.subheader, page.error
heavy = {"tensorflow", "keras", "training", "sklearn"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("MASKLENS_MODELS", None)
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
