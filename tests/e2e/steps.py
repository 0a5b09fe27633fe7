"""What browser tests of several pages do and look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

# Whether the browser would ask before the page is left; its listener comes after its element.
ASKS = """() => {
    const leaving = new Event('beforeunload', {cancelable: true});
    window.dispatchEvent(leaving);
    return leaving.defaultPrevented;
}"""


# Resolved once an element has stood still for 15 pictures of the screen.
_STILL = """element => new Promise(resolve => {
    let place = '', still = 0;
    const look = () => {
        const {x, y, width, height} = element.getBoundingClientRect();
        const now = [x, y, width, height].join();
        still = now === place ? still + 1 : 0;
        place = now;
        if (still < 15) requestAnimationFrame(look); else resolve();
    };
    look();
})"""


def settled(page: Any) -> None:
    """Wait until no run of the page is on and what an earlier one left is gone.

    It does not prove that the last press has begun a run: wait first for what only that brings.
    """
    page.locator("[data-test-script-state=notRunning]").first.wait_for()


def retried(press: Callable[[], Any], outcome: Callable[[], Any], tries: int = 5) -> None:
    """Press until what is to come of it comes in time.

    Args:
        press: what to do anew.
        outcome: waits for what comes of it, no longer than is worth waiting before a new press.
        tries: how often to press at most.
    """
    # Imported here: without it the browser's tests are skipped, not broken.
    from playwright.sync_api import TimeoutError as OutOfTime

    for left in reversed(range(tries)):
        press()
        try:
            outcome()
            return
        except OutOfTime:
            if not left:
                raise


def unfold(page: Any, title: str) -> None:
    """Open what is folded under this title, and wait until it is open.

    What is pressed while it moves may be elsewhere when the button comes up.
    """
    page.get_by_text(title, exact=True).click()
    page.locator("details[open]").filter(has_text=title).evaluate(_STILL)


def press_quickly(page: Any, slider: Any, key: str, times: int) -> None:
    """Press a key several times, faster than the page is drawn anew; each press counts."""
    slider.focus()
    for _ in range(times):
        page.keyboard.press(key)
        page.wait_for_timeout(150)


def download(page: Any, name: str) -> tuple[str, bytes]:
    """Press the button of this name; the file's name and content."""
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def no_faults(page: Any) -> None:
    """No fault of the program is on the page."""
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.content()
