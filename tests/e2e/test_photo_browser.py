"""The Photo page in Chromium, from the file chooser to the downloads."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore import encode_image, read_image
from maskcore.images import MAX_BYTES
from tests.e2e.steps import ASKS, download, no_faults, press_quickly, retried, settled
from ui.photos.sample import sample_photo

pytestmark = pytest.mark.e2e

OpenPage = Callable[..., Any]

SENTENCE = "2 faces: 1 with mask, 1 without"
TRY = "Try the sample photo"
# Of all elements at once: some may be gone while one after another is looked at.
SIDES = """elements => elements.map(element => {
    const box = element.getBoundingClientRect();
    return [box.left, box.right];
})"""


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "two faces.png"
    path.write_bytes(sample_photo())
    return path


def choose_files(page: Any, *paths: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").locator("button").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files(list(paths))


def result(page: Any, sentence: str = SENTENCE) -> Any:
    return page.get_by_role("heading", name=sentence, exact=True)


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name)


def show_sample(page: Any, path: Path) -> None:
    choose_files(page, path)
    result(page).wait_for()


def test_an_uploaded_photo_comes_out_labelled(open_page: OpenPage, sample_file: Path) -> None:
    page = open_page()
    show_sample(page, sample_file)
    assert button(page, TRY).count() == 0
    picture = page.get_by_role("img", name=f"two faces.png: {SENTENCE}")
    picture.wait_for()
    size = picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }")
    assert size == 1280
    details = page.get_by_text("1280 × 600 pixels")
    assert "two faces.png" in details.inner_text()
    # The table is painted; what it says stands beside the paint for screen readers.
    cells = page.get_by_test_id("stDataFrame").locator("canvas td")
    for label in ("Mask", "No Mask"):
        cells.get_by_text(label, exact=True).wait_for(state="attached")
    no_faults(page)


def test_the_sample_button_needs_no_file(open_page: OpenPage) -> None:
    page = open_page()
    button(page, TRY).click()
    result(page).wait_for()
    # Read out by those who hear the page, in which much else changes without a word.
    told = page.get_by_role("status").filter(has_text=f"1 photo looked at: {SENTENCE}")
    told.wait_for(state="attached")
    assert page.title() == "Photos · Masklens"
    page.get_by_role("link", name="Metrics").first.click()
    page.wait_for_function("() => document.title === 'Metrics · Masklens'")
    no_faults(page)


def test_the_slider_moves_by_keyboard_and_results_stay(
    open_page: OpenPage, sample_file: Path
) -> None:
    page = open_page()
    show_sample(page, sample_file)
    page.evaluate("window.neverReloaded = true")
    details = page.get_by_text("1280 × 600 pixels").inner_text()
    button(page, "Settings").click()
    slider = page.get_by_role("slider")
    assert slider.input_value() == "50"
    slider.press("Home")
    # At 1 % the masked face stays so; the other is near the threshold, or beyond it.
    result(page).wait_for(state="detached")
    heading = page.get_by_role("heading", name=re.compile("^2 faces: [12] with mask"))
    heading.wait_for()
    press_quickly(page, slider, "ArrowRight", 4)
    settled(page)
    assert slider.input_value() == "5"
    slider.press("End")
    heading = page.get_by_role("heading", name=re.compile("^2 faces: 0 with mask, [12] without"))
    heading.wait_for()
    # The milliseconds of the first look still stand there: nobody looked again.
    assert page.get_by_text("1280 × 600 pixels").inner_text() == details
    assert page.evaluate("window.neverReloaded")
    no_faults(page)


def test_everything_can_be_taken_along(
    open_page: OpenPage, sample_file: Path, tmp_path: Path
) -> None:
    nobody = tmp_path / "nobody.png"
    nobody.write_bytes(encode_image(np.full((300, 400, 3), 128, np.uint8)))
    page = open_page()
    show_sample(page, sample_file)
    original = read_image(sample_file)

    offer = page.get_by_role("button", name="Download", exact=True)
    assert offer.count() == 0  # of one photo there is no more than this
    name, content = download(page, "Labelled photo (JPEG)")
    assert name == "001-two faces-masklens.jpg"
    annotated = read_image(content)
    assert annotated.shape == original.shape
    changed = np.abs(annotated.astype(int) - original).max(axis=2) > 80
    assert 0.002 < changed.mean() < 0.2  # boxes and labels, and nothing else

    choose_files(page, nobody)
    result(page, "No face found").wait_for()
    offer.click()
    page.get_by_role("button", name="Photos (ZIP)", disabled=False).wait_for()
    name, table = download(page, "Table (CSV)")
    assert name == "faces.csv"
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert sorted(row["label"] for row in rows) == ["", "Mask", "No Mask"]
    by_label = {row["label"]: row for row in rows}
    assert float(by_label["No Mask"]["x1"]) <= 640 <= float(by_label["Mask"]["x0"])

    name, lines = download(page, "Table (JSON lines)")
    assert name == "faces.jsonl"
    record, _ = [json.loads(line) for line in lines.decode().splitlines()]
    assert record["image"] == "two faces.png"
    assert (record["width"], record["height"]) == (1280, 600)
    assert sorted(face["label"] for face in record["faces"]) == ["Mask", "No Mask"]

    name, packed = download(page, "Photos (ZIP)")
    assert name == "masklens.zip"
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "001-two faces-masklens.jpg",
            "002-nobody-masklens.jpg",
            "faces.csv",
            "faces.jsonl",
        }
        assert archive.read("001-two faces-masklens.jpg") == content
        assert archive.read("faces.csv") == table
        assert archive.read("faces.jsonl") == lines
    assert result(page).is_visible()
    no_faults(page)


def test_a_text_named_jpg_is_explained_and_the_photo_beside_it_shown(
    open_page: OpenPage, sample_file: Path, tmp_path: Path
) -> None:
    text = tmp_path / "letter.jpg"
    text.write_text("Dear reader, this is no picture.")
    page = open_page()
    choose_files(page, text, sample_file)
    result(page).wait_for()
    warning = page.get_by_role("alert").filter(has_text="letter.jpg")
    assert "This is not a picture Masklens can read." in warning.inner_text()
    no_faults(page)


def test_an_address_in_a_name_is_no_link(open_page: OpenPage, tmp_path: Path) -> None:
    name = "see www.evil.example or a@b.example"
    (tmp_path / f"{name}.jpg").write_text("This is no picture.")
    page = open_page()
    choose_files(page, tmp_path / f"{name}.jpg")
    warning = page.get_by_role("alert")
    warning.get_by_text("This is not a picture").wait_for()
    assert warning.locator("a").count() == 0
    assert name in warning.inner_text().replace("\N{WORD JOINER}", "")
    no_faults(page)


def test_files_too_large_or_of_another_kind_are_named_beside_the_photo(
    open_page: OpenPage, sample_file: Path, tmp_path: Path
) -> None:
    large, document = tmp_path / "large.png", tmp_path / "letter.pdf"
    large.write_bytes(sample_file.read_bytes() + bytes(MAX_BYTES))
    document.write_bytes(b"%PDF-1.7")
    page = open_page()
    choose_files(page, large, sample_file, document)
    result(page).wait_for()
    note = page.get_by_role("alert")
    note.filter(has_text="2 files were not taken in.").wait_for()
    assert note.count() == 1
    button(page, "Why?").click()
    page.get_by_text("large.png: This picture has 26 MB; at most 25 are accepted.").wait_for()
    assert page.get_by_text("letter.pdf: This is not a picture").is_visible()
    page.keyboard.press("Escape")
    # Both stand inside the warning.
    outer = note.bounding_box()
    for name in ("Why?", "Close"):
        inner = button(page, name).bounding_box()
        assert outer["x"] < inner["x"] and outer["y"] <= inner["y"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]
    button(page, "Close").click()
    note.wait_for(state="detached")
    assert result(page).is_visible()
    no_faults(page)


def test_a_panorama_is_scrolled_through_in_full_screen(open_page: OpenPage, tmp_path: Path) -> None:
    wide = tmp_path / "wide.png"
    wide.write_bytes(encode_image(np.full((600, 8000, 3), 128, np.uint8), "PNG"))
    page = open_page(viewport={"width": 1366, "height": 768})
    choose_files(page, wide)
    picture = page.get_by_role("img", name="wide.png: No face found")
    picture.wait_for()
    assert picture.bounding_box()["width"] < 1366
    picture.hover()
    button(page, "Fullscreen").first.click()
    page.wait_for_function(
        "picture => picture.getBoundingClientRect().height === 480", arg=picture.element_handle()
    )
    frame = page.locator("[data-testid=stFullScreenFrame]").filter(has=picture)
    assert frame.evaluate("frame => frame.scrollWidth") > 6400
    assert picture.bounding_box()["x"] >= 0  # its left edge can be reached
    no_faults(page)


@pytest.fixture(scope="session")
def many_files(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("many")
    files = [folder / f"{number}.png" for number in range(25)]
    for number, file in enumerate(files):  # none equal to another: it would not be taken in
        file.write_bytes(sample_file.read_bytes() + bytes([number]))
    return files


def test_what_is_done_is_shown_and_a_stop_can_be_undone(
    open_page: OpenPage, many_files: list[Path]
) -> None:
    page = open_page()
    choose_files(page, *many_files)
    result(page).first.wait_for()
    page.get_by_text(re.compile(r"Looking at photo \d+ of 25")).wait_for()
    button(page, "Stop").click()
    stopped = page.get_by_text(re.compile(r"Stopped: \d+ of 25 photos looked at"))
    stopped.wait_for()
    said = stopped.inner_text()
    page.wait_for_timeout(2500)  # nobody goes on looking
    assert stopped.inner_text() == said
    assert result(page).first.is_visible()
    button(page, "Go on").click()
    page.get_by_test_id("stMetric").filter(has_text="Photos").get_by_text("25").wait_for(
        timeout=300_000
    )
    stopped.wait_for(state="detached")
    # Looked at in another way, a photo keeps its place and nothing of what was found.
    button(page, "Settings").click()
    button(page, "Hide the settings").wait_for()
    settled(page)
    finder = page.get_by_role("option", name=re.compile("Haar, classic"))
    box = page.get_by_test_id("stSelectbox").first.locator("input")
    # A list opened while the page is still being drawn closes again.
    retried(box.click, lambda: finder.click(timeout=3000), tries=10)
    waits = page.locator("[class*=st-key-photo-]").filter(has_text="not looked at this way yet")
    waits.first.wait_for()
    assert waits.filter(has=page.get_by_test_id("stDataFrame")).count() == 0
    no_faults(page)


@pytest.mark.parametrize(("width", "height", "in_sight"), [(1366, 768, 380), (390, 844, 560)])
def test_settings_are_folded_once_there_are_photos_and_pages_turn_from_below(
    open_page: OpenPage, many_files: list[Path], width: int, height: int, in_sight: int
) -> None:
    page = open_page(viewport={"width": width, "height": height})
    slider = page.get_by_test_id("stSlider")
    slider.wait_for()  # before there are photos
    page.evaluate("""() => {
        window.tops = new Set();
        const note = () => {
            const photo = document.querySelector('[class*=st-key-photo-]');
            if (photo) window.tops.add(Math.round(photo.getBoundingClientRect().top));
            requestAnimationFrame(note);
        };
        note();
    }""")
    choose_files(page, *many_files[:12])
    page.get_by_test_id("stMetric").filter(has_text="Photos").get_by_text("12").wait_for(
        timeout=300_000
    )
    assert not slider.is_visible()
    (top,) = page.evaluate("[...window.tops]")  # it stays there while others are looked at
    assert 0 < top < in_sight
    button(page, "Settings").click()
    slider.wait_for()
    assert slider.bounding_box()["y"] < result(page).first.bounding_box()["y"]
    button(page, "Hide the settings").click()
    slider.wait_for(state="hidden")

    below = page.locator("[class*=st-key-below-]")
    below.scroll_into_view_if_needed()
    below.get_by_text("2", exact=True).click()
    last = page.get_by_text("11.png", exact=False)
    last.wait_for()
    result(page).nth(2).wait_for(state="detached")
    assert result(page).count() == 2
    above = page.locator("[class*=st-key-page-]").get_by_role("button", name="2")
    above.and_(page.locator("[aria-current=page]")).wait_for()
    page.wait_for_function(
        "() => document.querySelector('[class*=st-key-photo-]').getBoundingClientRect().top < 400"
        " && document.querySelector('[class*=st-key-photo-]').getBoundingClientRect().top > 0"
    )
    no_faults(page)


@pytest.mark.parametrize("size", [(1280, 720), (1366, 700), (390, 844)])
def test_shutter_and_what_a_shot_shows_are_in_sight(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(
        viewport=dict(zip(("width", "height"), size, strict=True)), permissions=["camera"]
    )
    page.get_by_role("radio", name="Take a photo").click()
    shutter = page.get_by_role("button", name="Take Photo", disabled=False)
    shutter.wait_for()
    page.evaluate("""() => {
        window.places = new Set();
        const note = () => {
            const shutter = document.querySelector('[data-testid=stCameraInputButton]');
            if (shutter) window.places.add(Math.round(shutter.getBoundingClientRect().bottom));
            requestAnimationFrame(note);
        };
        note();
    }""")
    for number in (1, 2):
        labelled = page.get_by_role("button", name="Labelled photo (JPEG)").nth(number - 1)
        # A press may meet a camera that has just begun and shows no picture yet.
        retried(shutter.click, partial(labelled.wait_for, timeout=20_000))
        answer = page.locator(".st-key-last-shot").get_by_text(re.compile("face"))
        answer.wait_for()
        box = answer.bounding_box()
        assert 0 < box["y"] and box["y"] + box["height"] < size[1]
    # It stays where it is, whatever Streamlit puts in its place for a moment.
    (bottom,) = page.evaluate("[...window.places]")
    assert bottom < size[1]
    no_faults(page)


def test_kinds_of_photos_are_chosen_by_keyboard_on_a_phone(
    open_page: OpenPage, sample_file: Path, tmp_path: Path
) -> None:
    nobody = tmp_path / "nobody.png"
    nobody.write_bytes(encode_image(np.full((300, 400, 3), 128, np.uint8)))
    page = open_page(viewport={"width": 390, "height": 844})
    choose_files(page, sample_file, nobody)
    row = page.get_by_role("radiogroup", name="Which photos to show")
    row.get_by_role("radio", name="1 without a face").wait_for()
    kinds = row.get_by_role("radio").all_inner_texts()
    assert kinds == ["All 2 photos", "1 with No Mask", "1 without a face"]
    cards = page.locator("[class*=st-key-photo-]")
    cards.nth(1).wait_for()
    settled(page)
    assert cards.count() == 2
    row.get_by_role("radio", name="All 2 photos").focus()
    for key in ("ArrowRight", "ArrowRight", "Space"):  # arrows move the focus alone
        page.keyboard.press(key)
    row.get_by_role("radio", name="1 without a face", checked=True).wait_for()
    page.get_by_text("hold all photos").wait_for()
    result(page).wait_for(state="detached")
    cards.nth(1).wait_for(state="detached")
    assert cards.count() == 1
    assert page.get_by_test_id("stMetric").filter(has_text="Photos").get_by_text("2").is_visible()
    settled(page)
    sides = row.get_by_role("radio").evaluate_all(SIDES)
    assert len(sides) == 3
    assert all(left >= 0 and right <= 390 for left, right in sides)
    no_faults(page)


def test_a_reload_forgets_the_photos_once_the_browser_has_asked(
    open_page: OpenPage, sample_file: Path
) -> None:
    page, asked = open_page(), []

    def leave(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    show_sample(page, sample_file)
    download(page, "Labelled photo (JPEG)")
    page.get_by_role("link", name="Training").first.click()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    page.get_by_role("link", name="Photos").first.click()
    result(page).wait_for()
    button(page, "Remove all").click()
    button(page, "Undo").wait_for()
    page.locator(".st-key-leaving").wait_for(state="detached")
    page.reload()

    button(page, TRY).wait_for()
    assert asked == []  # nothing was there to lose
    show_sample(page, sample_file)
    page.wait_for_function(ASKS)
    page.reload()
    button(page, TRY).wait_for()
    assert asked == ["beforeunload"]
    show_sample(page, sample_file)
    page.get_by_role("link", name="Training").first.click()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    page.locator(".st-key-leaving").wait_for(state="attached")
    page.wait_for_function(ASKS)
    page.reload()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    assert asked == ["beforeunload"] * 2
    page.get_by_role("link", name="Photos").first.click()
    button(page, TRY).wait_for()

    assert result(page).count() == 0
    assert page.get_by_text("two faces.png").count() == 0


def test_visitors_do_not_see_each_others_photos(open_page: OpenPage, sample_file: Path) -> None:
    first, second = open_page(), open_page()
    show_sample(first, sample_file)
    button(second, TRY).wait_for()
    # Something that lets the page run again, there and back.
    second.get_by_role("radio", name="Take a photo").click()
    button(second, TRY).wait_for(state="detached")
    assert result(second).count() == 0
    second.get_by_role("radio", name="Upload").click()
    button(second, TRY).wait_for()
    settled(second)
    assert result(second).count() == 0
    button(second, TRY).click()
    result(second).wait_for()
    assert second.get_by_text("two faces.png").count() == 0
    assert first.get_by_text("sample.png").count() == 0
    assert result(first).count() == 1


@pytest.mark.parametrize("width", [390, 1024])
def test_no_width_needs_scrolling_sideways(
    open_page: OpenPage, sample_file: Path, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 844})
    fits = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .every(element => element.scrollWidth === element.clientWidth)"""
    settled(page)
    page.wait_for_function(fits)
    show_sample(page, sample_file)
    page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for()
    settled(page)
    page.wait_for_function(fits)
    for element in ("heading", "button"):
        sides = page.get_by_role(element).evaluate_all(SIDES)
        assert sides and all(right <= width for left, right in sides if right > left)


def test_a_small_photo_leads_to_the_same_one_large(
    open_page: OpenPage, many_files: list[Path]
) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    choose_files(page, *many_files[:12])
    page.get_by_text("All 12 photos").wait_for(timeout=300_000)
    page.get_by_role("radio", name="Small").click()
    details = page.get_by_role("button", name="Details")
    details.nth(11).wait_for()
    details.nth(9).click()
    # Scrolled to, below nine others of its page.
    page.wait_for_function("""() => {
        const top = document.querySelector('.st-key-photo-9')?.getBoundingClientRect().top;
        return top > 0 && top < innerHeight / 2;
    }""")
    assert result(page).count() == 10
    no_faults(page)
