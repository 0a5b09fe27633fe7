"""Which fault is named in which case, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ui.live.browser import BrowserReport
from ui.live.diagnosis import ROUTE_SECONDS, Diagnosis, diagnose

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

    assert found is not None and found.shots and found.level == "warning"
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

    assert found is not None and not found.shots and found.steps
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
