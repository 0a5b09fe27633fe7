"""The Metrics page in Chromium: a tile is clicked, the slider moved, a threshold made the app's."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskcore.models import models_dir
from tests.e2e.steps import press_quickly, retried, settled, unfold
from ui.photos.sample import sample_photo

pytestmark = pytest.mark.e2e

OpenPage = Callable[..., Any]


@pytest.fixture(scope="module")
def photos() -> list[dict[str, Any]]:
    """The test photos of the model that the page begins with, as its report has them."""
    path = models_dir() / "mobilenet_v2" / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))["parts"]["test"]["photos"]


@pytest.fixture
def page(open_page: OpenPage) -> Any:
    page = open_page("/metrics")
    page.get_by_text("photos right").first.wait_for()
    choose(page, "Mask model", "MobileNetV2")
    section(page, "Mistakes")
    page.get_by_text("photos are called rightly").first.wait_for()
    return page


def choose(page: Any, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=re.compile(label))
    if page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_text(option).count():
        return
    chosen = page.get_by_role("option", name=option)
    settled(page)
    # A list opened while the page is still being drawn closes again.
    retried(box.click, lambda: chosen.click(timeout=3000))


def cell(photos: list[dict[str, Any]], folder: str, masked: bool, threshold: float) -> list[str]:
    """File names of the photos of one cell, the surest answer first."""
    members = [
        (photo["mask_probability"], photo["path"].split("/")[-1])
        for photo in photos
        if photo["label"] == folder and (photo["mask_probability"] >= threshold) == masked
    ]
    return [name for _, name in sorted(members, key=lambda m: -m[0] if masked else m[0])]


def mistakes(photos: list[dict[str, Any]], threshold: float) -> list[str]:
    """Those of the cell that the section begins with: of the more frequent mistake."""
    kinds = (("with_mask", False), ("without_mask", True))
    return max((cell(photos, *kind, threshold) for kind in kinds), key=len)


def click_tile(page: Any, number: int) -> None:
    """Click where a tile's count is written; tiles come in the order of the matrix's rows."""
    settled(page)  # what is drawn anew moves
    tile = page.locator("[data-testid=stVegaLiteChart] .mark-rect path").nth(number)
    tile.scroll_into_view_if_needed()
    box = tile.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 8)


def wait_for_list(page: Any, names: list[str]) -> None:
    page.wait_for_function(
        """names => {
            const shown = [...document.querySelectorAll('[data-testid=stCaptionContainer]')]
                .map(e => e.innerText.trim()).filter(t => /\\.jpg$/.test(t));
            return JSON.stringify(shown) === JSON.stringify(names);
        }""",
        arg=names,
    )


def test_a_click_on_a_tile_lists_its_photos(page: Any, photos: list[dict[str, Any]]) -> None:
    wait_for_list(page, mistakes(photos, 0.5)[:12])
    click_tile(page, 1)  # bare, called Mask
    wait_for_list(page, cell(photos, "without_mask", True, 0.5)[:12])
    click_tile(page, 0)
    wait_for_list(page, cell(photos, "without_mask", False, 0.5)[:12])
    click_tile(page, 2)
    wait_for_list(page, cell(photos, "with_mask", False, 0.5)[:12])
    assert page.get_by_test_id("stException").count() == 0


def test_the_slider_redraws_figures_and_list(page: Any, photos: list[dict[str, Any]]) -> None:
    slider = page.get_by_role("slider", name="Threshold: counts as a mask from")
    settled(page)
    press_quickly(page, slider, "ArrowRight", 10)
    right = sum((p["mask_probability"] >= 0.6) == (p["label"] == "with_mask") for p in photos)
    page.get_by_text(f"{right} of {len(photos)} photos are called rightly").first.wait_for()
    wait_for_list(page, mistakes(photos, 0.6)[:12])
    page.get_by_role("button", name="Make it the app's default").wait_for()  # not pressed here
    assert slider.input_value() == "60"
    for name in ("Whole app", "Two models"):  # where there is no slider
        section(page, name)
        slider.wait_for(state="detached")
        settled(page)
    section(page, "Mistakes")
    slider.wait_for()
    assert slider.input_value() == "60"
    wait_for_list(page, mistakes(photos, 0.6)[:12])


def bring(page: Any, label: str, *names: str) -> None:
    """Upload a ZIP in which one photo, which passes as masked, bears these names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, sample_photo())
    page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input").set_input_files(
        {"name": "mine.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}
    )


def test_the_pictures_come_with_a_zip_of_the_data_set(
    page: Any, photos: list[dict[str, Any]]
) -> None:
    name = mistakes(photos, 0.5)[0]
    (path,) = (photo["path"] for photo in photos if photo["path"].endswith(f"/{name}"))
    unfold(page, "Show the pictures")
    bring(page, "with_mask and without_mask", "set/with_mask/nobody.jpg")
    page.get_by_text("None of the photos measured is in this ZIP archive").wait_for()
    bring(page, "with_mask and without_mask", f"set/{path}")
    page.locator("[data-testid=stImage] img").wait_for()
    unfold(page, "The pictures")
    page.get_by_text(f"mine.zip holds 1 of the {len(photos)} photos measured").wait_for()
    page.get_by_role("button", name="Remove these pictures").click()
    page.get_by_text("Show the pictures").wait_for()
    pictures = page.locator("[data-testid=stImage] img")
    pictures.first.wait_for(state="detached")
    assert pictures.count() == 0


def test_a_click_is_forgotten_when_the_photos_change(
    page: Any, photos: list[dict[str, Any]]
) -> None:
    click_tile(page, 0)
    wait_for_list(page, cell(photos, "without_mask", False, 0.5)[:12])
    section(page, "Your photos")
    bring(page, "A ZIP with photos", "with_mask/a.jpg", "without_mask/b.jpg")
    page.get_by_text("now about them").wait_for()
    section(page, "Mistakes")
    wait_for_list(page, ["b.jpg"])  # the mistake
    click_tile(page, 3)
    wait_for_list(page, ["a.jpg"])


def test_long_names_leave_room_for_the_answers_in_a_report_on_a_phone(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("/metrics", viewport={"width": 390, "height": 800})
    page.get_by_text("photos right").first.wait_for()
    section(page, "Your photos")
    bring(page, "A ZIP with photos", "with_mask/a.jpg", f"without_mask/{'long_name_' * 8}.jpg")
    page.get_by_text("now about them").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    download.value.save_as(tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_text("Mistakes (1)").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    table = page.locator("table").last
    assert table.get_by_role("columnheader").count() == 4
    assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 0


def section(page: Any, name: str) -> None:
    settled(page)  # a run on its way would put the choice back
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()


def test_every_section_shows_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("/metrics", viewport={"width": 390, "height": 800})
    page.get_by_text("photos right").first.wait_for()
    for name, text in (
        ("Curves", "The nearer the line to the upper left corner"),
        ("Whole app", "Macro F1 is the whole app in one figure"),
        ("Two models", "How they were trained"),
        ("Hard cases", re.compile("Judged at the model.s own threshold|no figures on hard")),
        ("Mistakes", "photos are called rightly"),
        ("Figures", "In each photo the largest face counts"),
    ):
        section(page, name)
        page.get_by_text(text).first.wait_for()
        assert page.get_by_test_id("stException").count() == 0
        settled(page)
        # Neither the page nor a table is wider: all classes, models and finders are seen.
        assert page.evaluate(
            "document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth"
            " && [...document.querySelectorAll('[data-testid=stTable]')]"
            ".every(table => table.scrollWidth <= table.clientWidth)"
        )
