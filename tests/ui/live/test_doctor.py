"""Which fault is named in which case, and what the page shows of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import ui.live.doctor
from ui.live.browser import BrowserReport
from ui.live.doctor import ROUTE_SECONDS, Attempt, Diagnosis, diagnose
from ui.live.stream import LiveStream

FINE = BrowserReport(secure=True, api=True, permission="granted", cameras=1)
UNTOUCHED = replace(FINE, permission="prompt")

INSECURE = "The camera is blocked at this address"
NO_API = "This browser cannot use the camera"
FORBIDDEN = "The camera is not allowed"
QUESTION = "May this page use the camera?"
NO_CAMERA = "No camera found"
BUSY = "The camera is busy"
UNKNOWN = "The camera does not open"
NO_ROUTE = "The live picture does not get through"
STOPPED = "The picture has stopped"


def name_fault(
    report: BrowserReport | None, waiting: float | None = None, ice: bool = False
) -> Diagnosis | None:
    """The diagnosis; ``waiting`` seconds after the start, or None before it."""
    return diagnose(
        report, playing=waiting is not None, waiting_seconds=waiting or 0.0, has_ice_servers=ice
    )


def title(*case: Any) -> str | None:
    found = name_fault(*case)
    return found and found.title


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"permission": "prompt"}, None),
        ({"permission": "unknown", "cameras": None}, None),
        ({"cameras": 3}, None),
        ({"error": ""}, None),
        ({"secure": False}, INSECURE),
        ({"secure": False, "api": False}, INSECURE),
        ({"api": False}, NO_API),
        ({"permission": "denied"}, FORBIDDEN),
        ({"permission": "denied", "error": "NotAllowedError"}, FORBIDDEN),
        ({"permission": "unknown", "error": "NotAllowedError"}, FORBIDDEN),
        ({"permission": "granted", "error": "NotAllowedError"}, FORBIDDEN),
        ({"error": "SecurityError"}, FORBIDDEN),
        ({"permission": "prompt", "asking": True}, QUESTION),
        ({"permission": "prompt", "error": "NotAllowedError"}, QUESTION),
        ({"cameras": 0}, NO_CAMERA),
        ({"error": "NotFoundError"}, NO_CAMERA),
        ({"error": "OverconstrainedError"}, NO_CAMERA),
        ({"error": "NotReadableError"}, BUSY),
        ({"error": "AbortError"}, BUSY),
        ({"error": "InvalidStateError"}, UNKNOWN),
    ],
    ids=str,
)
def test_every_case_before_the_start(changes: dict[str, Any], expected: str | None) -> None:
    assert title(replace(FINE, **changes)) == expected


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        (None, None),
        (0, None),
        (0.1, None),
        (ROUTE_SECONDS - 0.1, None),
        (ROUTE_SECONDS, NO_ROUTE),
        (600, NO_ROUTE),
    ],
)
@pytest.mark.parametrize("report", [FINE, replace(UNTOUCHED, asking=True), None], ids=str)
def test_a_start_without_a_picture_is_a_missing_route_after_a_while(
    report: BrowserReport | None, waiting: float | None, expected: str | None
) -> None:
    if waiting is None and report is not None and report.asking:
        expected = QUESTION
    assert title(report, waiting) == expected


ORDER = [
    ({"secure": False}, INSECURE),
    ({"api": False}, NO_API),
    ({"error": "NotReadableError"}, BUSY),
    ({"permission": "denied"}, FORBIDDEN),
    ({"cameras": 0}, NO_CAMERA),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_a_fault_hides_those_that_follow_from_it(first: int) -> None:
    changes = {name: value for fault, _ in ORDER[first:] for name, value in fault.items()}
    report = replace(UNTOUCHED, asking=True, **changes)

    assert title(report) == ORDER[first][1]
    assert title(report, ROUTE_SECONDS + 1) == ORDER[first][1]


@pytest.mark.parametrize("fault", [fault for fault, _ in ORDER], ids=str)
def test_while_pictures_come_nothing_is_wrong_whatever_the_browser_says(
    fault: dict[str, Any],
) -> None:
    assert title(replace(FINE, **fault), 0) is None


@pytest.mark.parametrize(
    ("says", "expected"), [({"permission": "denied"}, NO_ROUTE), ({"cameras": 0}, NO_ROUTE)]
)
def test_a_camera_that_opened_is_believed_over_what_the_browser_says(
    says: dict[str, Any], expected: str
) -> None:
    report = replace(FINE, error="", **says)

    assert title(report) is None
    assert title(report, ROUTE_SECONDS) == expected


@pytest.mark.parametrize(("ice", "wanted"), [(False, "MASKLENS_ICE_SERVERS"), (True, "password")])
def test_a_missing_route_tells_the_operator_about_turn_and_visitors_about_snapshots(
    ice: bool, wanted: str
) -> None:
    found = name_fault(FINE, 10, ice)

    assert found is not None and found.snapshots and found.level == "warning"
    assert "TURN" in found.steps[-1] and wanted in found.steps[-1]


@pytest.mark.parametrize(
    "changes",
    [
        {"secure": False},
        {"api": False},
        {"permission": "denied"},
        {"permission": "prompt", "asking": True},
        {"cameras": 0},
        {"error": "NotReadableError"},
        {"error": "InvalidStateError"},
    ],
    ids=str,
)
def test_shots_are_not_offered_where_they_need_the_same_camera(changes: dict[str, Any]) -> None:
    found = name_fault(replace(FINE, **changes))

    assert found is not None and not found.snapshots and found.steps
    assert found.what.endswith(".") and ". " not in found.what


@pytest.mark.parametrize(
    ("changes", "first_step"),
    [
        ({"permission": "denied", "browser": "chrome"}, "left of the address"),
        ({"permission": "denied", "browser": "edge"}, "permissions for this site"),
        ({"permission": "denied", "browser": "firefox"}, "crossed-out camera"),
        ({"permission": "denied", "browser": "safari"}, "settings for this website"),
        ({"permission": "denied", "browser": "in-app"}, "beside the address"),
        ({"error": "NotAllowedError", "system": "windows"}, "Privacy & security"),
        ({"error": "NotAllowedError", "system": "macos"}, "System Settings"),
        ({"error": "NotAllowedError", "system": "android"}, "Android"),
        ({"error": "NotAllowedError", "system": "ios"}, "iPhone"),
        ({"error": "NotAllowedError", "system": "linux"}, "under privacy"),
        ({"api": False, "browser": "in-app"}, "Open in browser"),
        ({"api": False, "browser": "other"}, "up-to-date"),
        ({"secure": False}, "http://localhost"),
        ({"error": "NotReadableError"}, "Close other programs"),
        ({"permission": "prompt", "asking": True}, "Allow"),
        ({"cameras": 0}, "Plug a camera in"),
    ],
    ids=str,
)
def test_the_first_step_fits_the_case_and_the_browser(
    changes: dict[str, Any], first_step: str
) -> None:
    found = name_fault(replace(FINE, **changes))

    assert found is not None and first_step in found.steps[0]


def test_an_insecure_address_names_the_command_that_makes_a_secure_one() -> None:
    found = name_fault(replace(FINE, secure=False))

    makefile = (Path(__file__).resolve().parents[3] / "Makefile").read_text()
    assert found is not None and "`make phone`" in found.steps[1]
    assert "\nphone:" in makefile and "python -m ui.phone" in makefile
    assert r"`.venv\Scripts\python -m ui.phone`" in found.steps[1]


def test_an_unknown_error_s_name_cannot_write_markdown() -> None:
    found = name_fault(replace(FINE, error="[x](http://example.org)\n# Big"))

    assert found is not None
    assert found.what == "The browser gives no better reason than xhttpexampleorgBig."


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


def test_waiting_counts_from_the_start_or_the_last_picture() -> None:
    attempt = Attempt()
    seen = []
    for seconds, started, flowing in [
        (100, False, False),
        (110, True, False),
        (113, True, False),
        (115, True, True),
        (118, True, True),
        (130, True, False),
    ]:
        attempt.update(started, flowing, seconds)
        seen.append(attempt.waited)

    assert seen == [0, 0, 3, 0, 0, 12]


def test_a_start_that_brought_nothing_is_remembered_until_the_next() -> None:
    attempt = Attempt()
    attempt.update(True, False, 100)
    attempt.update(True, False, 120)

    attempt.update(False, False, 200)
    assert attempt.waited == 20

    attempt.update(True, False, 300)
    assert attempt.waited == 0


def test_pictures_are_remembered_until_the_next_start() -> None:
    attempt = Attempt()
    seen = []
    for seconds, started, flowing in [
        (100, True, False),
        (101, True, True),
        (130, True, False),
        (140, False, False),
        (200, True, False),
    ]:
        attempt.update(started, flowing, seconds)
        seen.append(attempt.flowed)

    assert seen == [False, True, True, True, False]


def test_a_start_puts_an_earlier_test_out_of_date_and_tests_have_numbers_of_their_own() -> None:
    attempt = Attempt()
    attempt.test_camera()
    first = attempt.request
    assert first > 0

    attempt.update(False, False, 100)
    assert attempt.request == first
    attempt.update(True, False, 101)
    assert attempt.request == 0


def page(
    report: BrowserReport | None, monkeypatch: pytest.MonkeyPatch, started: bool = False
) -> tuple[AppTest, list[int]]:
    """A page that examines a camera of which the browser says this; and what it was asked."""
    requests: list[int] = []

    def answer(request: int, rate: int) -> BrowserReport | None:
        requests.append(request)
        return report

    def script(started: bool) -> None:
        from ui.live.doctor import examine
        from ui.live.stream import LiveStream

        examine(LiveStream.of_session(), started, False)

    monkeypatch.setattr(ui.live.doctor, "browser_report", answer)
    return AppTest.from_function(script, default_timeout=60, args=(started,)).run(), requests


@pytest.mark.parametrize(
    ("changes", "kind", "meanwhile"),
    [
        ({"permission": "denied"}, "error", "Video file"),
        ({"permission": "prompt", "asking": True}, "info", "Video file"),
    ],
)
def test_a_fault_is_shown_with_its_steps_and_what_works_meanwhile(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], kind: str, meanwhile: str
) -> None:
    report = replace(FINE, **changes)
    found = name_fault(report)

    shown, _ = page(report, monkeypatch)

    (element,) = getattr(shown, kind)
    assert found is not None and not shown.exception
    for text in (found.title, found.what, *found.steps, meanwhile):
        assert text in element.value
    assert "Snapshots" not in element.value


def test_a_start_that_brought_nothing_points_to_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(ui.live.doctor, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    shown, _ = page(FINE, monkeypatch, started=True)
    assert not shown.warning and not shown.button

    seconds[0] += ROUTE_SECONDS
    shown.run()

    (element,) = shown.warning
    assert NO_ROUTE in element.value and "**Single shot**, above" in element.value


def test_a_picture_that_stopped_is_not_blamed_on_the_network_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(ui.live.doctor, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    monkeypatch.setattr(LiveStream, "flowing", True)
    shown, _ = page(FINE, monkeypatch, started=True)
    monkeypatch.setattr(LiveStream, "flowing", False)

    seconds[0] += ROUTE_SECONDS - 0.1
    assert not shown.run().warning
    seconds[0] += 0.1
    (element,) = shown.run().warning

    assert STOPPED in element.value and NO_ROUTE not in element.value
    places = [element.value.index(word) for word in ("plugged in", "other programs", "network")]
    assert places == sorted(places)


def test_the_camera_is_tested_on_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, requests = page(replace(FINE, error=""), monkeypatch)
    assert requests == [0] and not shown.success

    shown.button[0].click().run()

    assert len(requests) == 2 and requests[1] > 0
    assert "press **Start**" in shown.success[0].value
    shown.run()
    assert requests[2] == requests[1]


def test_the_camera_is_told_the_pace_of_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveStream, "camera_rate", 7)
    shown, _ = page(FINE, monkeypatch, started=True)
    rates: list[int] = []
    monkeypatch.setattr(ui.live.doctor, "browser_report", lambda _, rate: rates.append(rate))
    shown.run()
    assert rates == [7]


def test_the_components_mount_without_a_browser() -> None:
    def script() -> None:
        import streamlit as st

        from ui.live.browser import alert_sound, browser_report

        alert_sound(3)
        st.write(f"report: {browser_report()}")

    shown = AppTest.from_function(script, default_timeout=60).run()

    assert not shown.exception
    assert shown.markdown[0].value == "report: None"
