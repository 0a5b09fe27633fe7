"""What is read of a browser's report, which may hold anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui.live.browser import BrowserReport

FINE = BrowserReport(secure=True, api=True, permission="granted", cameras=1)
SENT = {
    "secure": True,
    "api": True,
    "permission": "granted",
    "cameras": 1,
    "error": None,
    "asking": False,
    "user_agent": "",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, FINE),
        ({"secure": False, "api": False}, replace(FINE, secure=False, api=False)),
        ({"permission": "ask"}, replace(FINE, permission="unknown")),
        ({"permission": ["granted"]}, replace(FINE, permission="unknown")),
        ({"cameras": None}, replace(FINE, cameras=None)),
        ({"cameras": -1}, replace(FINE, cameras=None)),
        ({"cameras": True}, replace(FINE, cameras=None)),
        ({"cameras": "2"}, replace(FINE, cameras=None)),
        ({"error": ""}, replace(FINE, error="")),
        ({"error": {}}, FINE),
        ({"user_agent": None}, FINE),
        ({"secure": "yes"}, None),
        ({"asking": None}, None),
    ],
    ids=str,
)
def test_a_report_is_read_with_care(
    changes: dict[str, Any], expected: BrowserReport | None
) -> None:
    assert BrowserReport.from_value({**SENT, **changes}) == expected


@pytest.mark.parametrize("value", [None, {}, [], "granted", 1], ids=str)
def test_something_else_than_a_report_is_none(value: object) -> None:
    assert BrowserReport.from_value(value) is None


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8"
WEBKIT, KHTML = "AppleWebKit/605.1.15 (KHTML, like Gecko)", "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (f"{WINDOWS} {KHTML} Chrome/140.0.0.0 Safari/537.36", "chrome", "windows"),
        (f"{WINDOWS} {KHTML} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "edge", "windows"),
        (f"{MAC} {WEBKIT} Version/18.0 Safari/605.1.15", "safari", "macos"),
        # As ui/live/browser.js tells of an iPad, which says that it is a Mac.
        (f"{MAC} {WEBKIT} Version/18.0 Safari/605.1.15 iPad", "safari", "ios"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",)
        + ("firefox", "linux"),
        (f"{IPHONE} {WEBKIT} Version/18.0 Mobile/15E148 Safari/604.1", "safari", "ios"),
        (f"{IPHONE} {WEBKIT} CriOS/140.0 Mobile/15E148 Safari/604.1", "chrome", "ios"),
        (f"{IPHONE} {WEBKIT} Mobile/15E148 Instagram 340.0", "in-app", "ios"),
        (f"{ANDROID}) {KHTML} Chrome/140.0.0.0 Mobile Safari/537.36", "chrome", "android"),
        (f"{ANDROID}; wv) {KHTML} Version/4.0 Chrome/140.0 Mobile Safari/537.36",)
        + ("in-app", "android"),
        (f"{WINDOWS} {KHTML} Chrome/140.0.0.0 Safari/537.36 OPR/120.0", "other", "windows"),
        ("", "other", "other"),
    ],
)
def test_browser_and_system_are_told_from_the_user_agent(
    agent: str, browser: str, system: str
) -> None:
    report = BrowserReport.from_value({**SENT, "user_agent": agent})

    assert report is not None
    assert (report.browser, report.system) == (browser, system)


def test_the_components_mount_without_a_browser() -> None:
    def script() -> None:
        import streamlit as st

        from ui.live.alert_sound import alert_sound
        from ui.live.browser import browser_report

        alert_sound(3)
        st.write(f"report: {browser_report()}")

    shown = AppTest.from_function(script, default_timeout=60).run()

    assert not shown.exception
    assert shown.markdown[0].value == "report: None"
