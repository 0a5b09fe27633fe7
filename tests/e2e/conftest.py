"""The app as a visitor meets it: a server of its own and Debian's Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.app import CHROMIUM, FLAGS, camera_flags, running_app
from benchmarks.clips import moving_faces, write_camera_file
from benchmarks.live_page import open_live


def _missing(what: str) -> None:
    """Skip the test, or fail it where a browser is required."""
    if os.environ.get("MASKLENS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"MASKLENS_REQUIRE_BROWSER=1, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, driven by playwright, with a camera that sees a masked and a bare face."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed (pip install -r requirements-dev.txt)")
    if not CHROMIUM.exists():
        _missing(f"{CHROMIUM} is not there (apt-get install chromium)")
    clip = tmp_path_factory.mktemp("camera") / "faces.y4m"
    write_camera_file(clip, moving_faces(4, faces=2, coded=True))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *camera_flags(clip)]
        )
        yield browser
        browser.close()


# Streamlit's own: it closes the connection of a visitor who has closed it at that moment.
_LEFT = re.compile(
    r"Exception in ASGI application\n"
    r"(?:(?!Exception in ASGI|\n\d{4}-\d\d-\d\d |\n[A-Z]+: |\nTask ).)*?"
    r'Cannot call "send" once a close message has been sent\.\n',
    re.DOTALL,
)


@dataclass
class Server:
    """A running app and what it has printed, of which ``read`` bytes were looked at."""

    url: str
    log: Path
    read: int = 0
    between_tests: str = ""

    def news(self) -> str:
        """What was printed since the last call."""
        news = self.log.read_bytes()[self.read :]
        self.read += len(news)
        return _LEFT.sub("", news.decode(errors="replace"))


@pytest.fixture(scope="session")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server started as ``make run`` does, ended with all its children."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(log) as (url, _):
        server = Server(url, log)
        yield server
    text = server.between_tests + server.news()
    assert "Traceback" not in text, text[-3000:]


@pytest.fixture
def app_url(server: Server) -> Iterator[str]:
    """The address of the server, which may print no fault during the test."""
    server.between_tests += server.news()
    yield server.url
    text = server.news()
    assert "Traceback" not in text, text[-3000:]


@pytest.fixture
def open_page(browser: Any, app_url: str) -> Iterator[Callable[..., Any]]:
    """Opens the app as a new visitor, who must see nothing come from another host."""
    contexts, foreign = [], []

    def note(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "localhost":
            foreign.append(request.url)

    def start(path: str = "", **options: Any) -> Any:
        context = browser.new_context(accept_downloads=True, **options)
        context.set_default_timeout(120_000)  # the server's first visit loads libraries
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.on("websocket", note)
        page.goto(app_url + path)
        if not path:
            page.get_by_role("slider").wait_for()  # the last thing to appear
        return page

    yield start
    for context in contexts:
        context.close()
    assert foreign == []


@pytest.fixture
def live(browser: Any, app_url: str) -> Iterator[Callable[..., Any]]:
    """Opens the Live page as a new visitor."""
    contexts = []

    def open_page(**options: Any) -> Any:
        context = browser.new_context(accept_downloads=True, **options)
        context.grant_permissions(["camera"])
        context.set_default_timeout(120_000)
        contexts.append(context)
        return open_live(context, app_url)

    yield open_page
    for context in contexts:
        context.close()
