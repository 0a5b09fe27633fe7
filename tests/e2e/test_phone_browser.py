"""The app as a phone meets it: by https from the network, and the way from page to page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.app import ROOT, end, wait_until_printed
from benchmarks.live_page import open_live, start
from tests.e2e.steps import settled
from ui.phone import network_addresses

pytestmark = pytest.mark.e2e

PAGES = ["Photos", "Live", "Metrics", "Training"]
FONTS_LOADED = "() => document.fonts.status === 'loaded'"

# Where the row of links stands in every picture from here on; -1 while there is none.
_WATCH_ROW = """() => {
  window.rowTops = new Set();
  const look = () => {
    const row = document.querySelector('.st-key-pages');
    window.rowTops.add(row ? row.getBoundingClientRect().top : -1);
    requestAnimationFrame(look);
  };
  look();
}"""


def marked(page: Any) -> list[str]:
    """Names of the links in the row that stand on a ground of their own."""
    names: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.st-key-pages a')].filter(link =>
          getComputedStyle(link).backgroundColor !== 'rgba(0, 0, 0, 0)').map(
            link => link.querySelector('p').innerText)"""
    )
    return names


@pytest.mark.parametrize("width", [320, 390, 767])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screens_show_the_way_to_every_page_in_one_row(
    open_page: Callable[..., Any], width: int, scheme: str
) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.locator(".st-key-pages style").wait_for(state="attached")  # fetched after the words
    settled(page)
    page.wait_for_function(FONTS_LOADED)

    # One each, as no sidebar has them as well; looked at at once, as one may move all.
    links = page.get_by_role("link", name=re.compile(f"^({'|'.join(PAGES)})$"))
    links.nth(len(PAGES) - 1).wait_for()
    boxes = links.evaluate_all(
        """links => links.map(link => {
          const {x, y, width, height} = link.getBoundingClientRect();
          return {name: link.innerText.split('\\n').at(-1), x, y, width, height};
        })"""
    )
    assert [box["name"] for box in boxes] == PAGES
    assert len({box["y"] for box in boxes}) == 1
    assert max(box["x"] + box["width"] for box in boxes) <= width
    assert min(box["height"] for box in boxes) >= 40
    assert page.get_by_role("button", name="sidebar").count() == 0
    assert marked(page) == ["Photos"]

    page.evaluate(_WATCH_ROW)
    page.get_by_role("link", name="Live", exact=True).click()
    page.get_by_role("heading", name="Live").wait_for()
    page.wait_for_function("() => document.querySelector('iframe[title*=webrtc]')")
    assert marked(page) == ["Live"]
    assert len(page.evaluate("() => [...window.rowTops]")) == 1
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_wide_screens_have_the_links_in_the_header_alone(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport={"width": 768, "height": 800})
    page.locator(".st-key-pages style").wait_for(state="attached")

    page.locator(".st-key-pages").wait_for(state="hidden")
    for name in PAGES:
        assert page.get_by_role("link", name=name).bounding_box()["y"] < 40
    settled(page)
    page.wait_for_function(FONTS_LOADED)
    heading = page.get_by_role("heading", name="Who wears a mask?")
    assert heading.bounding_box()["y"] == 64  # nothing invisible takes room above it


@pytest.fixture
def phone_url(tmp_path: Path) -> Iterator[str]:
    """The address that ``make phone`` tells to type, of a server that it has started."""
    if not network_addresses():
        pytest.skip("this machine has no network address but its own")
    log = tmp_path / "log.txt"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("MASKLENS_MODELS", None)
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "ui.phone"],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        printed = wait_until_printed("server started", server, log)
        told = re.search(r"^  (https://\S+)$", printed, re.MULTILINE)
        assert told is not None
        yield told[1]
    finally:
        end(server)
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


def test_the_camera_of_a_phone_in_the_network_shows_labelled_pictures(
    browser: Any, phone_url: str
) -> None:
    assert not re.search(r"localhost|127\.0\.0\.1", phone_url)
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": 390, "height": 800}, is_mobile=True
    )
    try:
        context.grant_permissions(["camera"])
        context.set_default_timeout(120_000)
        page = open_live(context, phone_url)
        assert page.evaluate("() => window.isSecureContext")
        assert start(page) > 0  # returns once a box is on the picture

        # Whoever comes from the network is not taken for who sits at this computer.
        page.get_by_role("link", name="Training").click()
        page.get_by_text("Training is switched off on this server").wait_for()
    finally:
        context.close()
