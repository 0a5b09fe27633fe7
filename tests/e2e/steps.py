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


def slide(page: Any, slider: Any, value: int, key: str = "") -> None:
    """Press a key until the slider, which has the focus, stands at a value and stays there.

    Each press begins a run, and a run that was on its way puts the slider back.

    Args:
        page: holds the slider.
        slider: it.
        value: where it is to stand.
        key: an arrow by default, the one that leads there.
    """
    steady = 0
    for _ in range(100):
        at = int(slider.input_value())
        if at == value:
            steady += 1
        else:
            steady = 0
            page.keyboard.press(key or ("ArrowRight" if at < value else "ArrowLeft"))
        if steady == 3:
            return
        page.wait_for_timeout(200)
        settled(page)
    raise AssertionError(f"the slider stands at {at}, not at {value}")


def download(page: Any, name: str) -> tuple[str, bytes]:
    """Press the button of this name; the file's name and content."""
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def no_faults(page: Any) -> None:
    """No fault of the program is on the page."""
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.content()
