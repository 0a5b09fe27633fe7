"""The Metrics page in Chromium: a tile is clicked, the slider moved, a threshold made the app's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from maskcore.models import models_dir

pytestmark = pytest.mark.e2e

OpenPage = Callable[..., Any]


@pytest.fixture(scope="module")
def photos() -> list[dict[str, Any]]:
    """The test photos of the model that the page begins with, as its report has them."""
    path = models_dir() / "mobilenet_v2" / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))["parts"]["test"]["photos"]


@pytest.fixture
def page(open_page: OpenPage) -> Any:
    page = open_page()
    page.set_default_timeout(90_000)  # the server's first visit loads scikit-learn
    page.get_by_role("link", name="Metrics").click()
    page.get_by_text("photos are called rightly").first.wait_for()
    choose(page, "Mask model", "MobileNetV2")
    return page


def choose(page: Any, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=re.compile(label))
    if page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_text(option).count():
        return
    box.click()
    page.get_by_role("option", name=option).click()


def cell(photos: list[dict[str, Any]], folder: str, masked: bool, threshold: float) -> list[str]:
    """File names of the photos of one cell, the surest answer first."""
    members = [
        (photo["mask_probability"], photo["path"].split("/")[-1])
        for photo in photos
        if photo["label"] == folder and (photo["mask_probability"] >= threshold) == masked
    ]
    return [name for _, name in sorted(members, key=lambda m: -m[0] if masked else m[0])]


def click_tile(page: Any, number: int) -> None:
    """Click where a tile's count is written; tiles come in the order of the matrix's rows."""
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
    wait_for_list(page, cell(photos, "with_mask", False, 0.5)[:12])
    click_tile(page, 1)  # bare, called Mask
    wait_for_list(page, cell(photos, "without_mask", True, 0.5)[:12])
    click_tile(page, 0)
    wait_for_list(page, cell(photos, "without_mask", False, 0.5)[:12])
    click_tile(page, 2)
    wait_for_list(page, cell(photos, "with_mask", False, 0.5)[:12])
    assert page.get_by_test_id("stException").count() == 0


def test_the_slider_redraws_figures_and_list(page: Any, photos: list[dict[str, Any]]) -> None:
    slider = page.get_by_role("slider", name="Counts as a mask from")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    right = sum((p["mask_probability"] >= 0.6) == (p["label"] == "with_mask") for p in photos)
    page.get_by_text(f"{right} of {len(photos)} photos are called rightly").first.wait_for()
    wait_for_list(page, cell(photos, "with_mask", False, 0.6)[:12])
    page.get_by_role("button", name="Make it the app's default").wait_for()  # not pressed here


def test_every_section_shows_on_a_phone(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 800})
    page.set_default_timeout(90_000)
    page.goto(page.url.rstrip("/") + "/metrics")
    page.get_by_text("photos are called rightly").first.wait_for()
    for section, text in (
        ("Curves", "The nearer the line to the upper left corner"),
        ("Whole app", "Macro F1 is the whole app in one figure"),
        ("Two models", "How "),
        ("Hard cases", re.compile("test photos|no stress card")),
        ("Mistakes", "photos are called rightly"),
    ):
        page.get_by_test_id("stButtonGroup").get_by_text(section, exact=True).click()
        page.get_by_text(text).first.wait_for()
        assert page.get_by_test_id("stException").count() == 0
        wider = page.evaluate(
            "document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
        )
        assert wider <= 0
