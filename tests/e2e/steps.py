"""What browser tests of several pages do and look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def download(page: Any, name: str) -> tuple[str, bytes]:
    """Press the button of this name; the file's name and content."""
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def no_faults(page: Any) -> None:
    """No fault of the program is on the page."""
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.content()
