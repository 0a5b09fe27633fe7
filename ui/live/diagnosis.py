"""Why no picture comes from the camera, and what to do about it, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ui.live.browser import Browser, BrowserReport, System
from ui.live.ice import VARIABLE

# A picture is there 1-2 s after Start where it finds a way at all.
ROUTE_SECONDS = 8.0

_ALLOW: dict[Browser, str] = {
    "chrome": "Click the icon left of the address and switch **Camera** on"
    " (or click the camera icon at the address's right end and choose Allow).",
    "edge": "Click the lock left of the address, open the permissions for this site and set"
    " **Camera** to Allow.",
    "firefox": "Click the crossed-out camera left of the address and remove the block.",
    "safari": "Open the settings for this website (in the Safari menu, or the icon beside the"
    " address on a phone) and set **Camera** to Allow.",
    "other": "Click the icon beside the address and allow the camera for this page.",
}
_SYSTEM: dict[System, str] = {
    "windows": "Windows: open Settings, Privacy & security, Camera, and let apps, desktop apps"
    " among them, use the camera.",
    "macos": "Mac: open System Settings, Privacy & Security, Camera, switch your browser on and"
    " start it again.",
    "android": "Android: open Settings, Apps, your browser, Permissions, and allow the camera.",
    "ios": "iPhone or iPad: open Settings, Apps, your browser, and allow the camera.",
    "other": "In the settings of your computer, under privacy, let the browser use the camera.",
}
_RELOAD = "Reload this page and try again."
_OTHER_PROGRAMS = "Close other programs and tabs that may use it, such as video calls."


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with the camera, fit to be shown as Markdown.

    Attributes:
        title: a few words.
        what: one sentence.
        steps: what to do, the likeliest first.
        level: how loudly to say it.
        shots: whether single shots work nevertheless; they need the camera, but no route.
    """

    title: str
    what: str
    steps: tuple[str, ...]
    level: Literal["info", "warning", "error"] = "error"
    shots: bool = False


def diagnose(
    report: BrowserReport | None,
    *,
    playing: bool,
    waiting_seconds: float,
    has_ice_servers: bool,
    flowed: bool = False,
) -> Diagnosis | None:
    """Say why no picture comes.

    What comes first hides what comes later: pictures that come, the page, the browser, what
    opening the camera really met, what the browser only says, the route.

    Args:
        report: what the browser says; None before it has answered.
        playing: whether the stream has been started and the camera handed over, be the
            pictures on their way or not.
        waiting_seconds: since the start or the last picture; 0 while pictures come.
        has_ice_servers: whether STUN or TURN servers are set.
        flowed: whether pictures have come since the start.

    Returns:
        None where all is well or it is too early to say.
    """
    if playing and waiting_seconds <= 0:
        return None
    if report is not None:
        fault = _page_fault(report) or _camera_fault(report)
        if fault is not None:
            return fault
    if playing:
        if waiting_seconds < ROUTE_SECONDS:
            return None
        return _stopped() if flowed else _no_route(has_ice_servers)
    return _question() if report is not None and report.asking else None


def _page_fault(report: BrowserReport) -> Diagnosis | None:
    if not report.secure:
        return Diagnosis(
            "The camera is blocked at this address",
            "Browsers hand the camera only to pages that come by https or from this computer.",
            (
                "On the computer that runs Masklens, open **http://localhost** with the same"
                " number at its end as in the address now.",
                "On any other device, open the page by an address that begins with **https://**."
                " To get one, end Masklens on the computer that runs it and start it there with"
                r" `make phone` (on Windows: `.venv\Scripts\python -m ui.phone`): it prints the"
                " address.",
            ),
        )
    if not report.api:
        step = "Open this page in an up-to-date Chrome, Edge, Firefox or Safari."
        if report.browser == "in-app":
            step = "Choose **Open in browser** in this app's menu: inside apps pages get no camera."
        return Diagnosis(
            "This browser cannot use the camera",
            "It is too old for live video, or part of another app.",
            (step,),
        )
    return None


def _camera_fault(report: BrowserReport) -> Diagnosis | None:
    match report.error:
        case "":
            return None  # it has just opened; some browsers still say they were not asked
        case "NotAllowedError" if report.permission == "granted":
            return _system_forbids(report)
        case "NotAllowedError" if report.permission == "prompt":
            return _question(closed=True)
        case "NotAllowedError" | "SecurityError":
            return _forbidden(report)
        case "NotFoundError" | "OverconstrainedError":
            return _no_camera(report)
        case "NotReadableError" | "AbortError":
            return _busy(report)
        case str():
            return Diagnosis(
                "The camera does not open",
                f"The browser gives no better reason than {_letters(report.error)}.",
                (_OTHER_PROGRAMS, "Unplug the camera and plug it in again.", _RELOAD),
            )
    if report.permission == "denied":
        return _forbidden(report)
    return _no_camera(report) if report.cameras == 0 else None


def _forbidden(report: BrowserReport) -> Diagnosis:
    return Diagnosis(
        "The camera is not allowed",
        "This page may not use the camera, because it was refused once or by a setting.",
        (_ALLOW.get(report.browser, _ALLOW["other"]), _RELOAD, _system(report)),
    )


def _system_forbids(report: BrowserReport) -> Diagnosis:
    return Diagnosis(
        "The camera is not allowed",
        "This page may use the camera, but the system does not give it to the browser.",
        (_system(report), _RELOAD),
    )


def _question(closed: bool = False) -> Diagnosis:
    if closed:
        what = "The browser's question was closed without an answer."
        steps: tuple[str, ...] = ("Press **Start** again and choose **Allow**.",)
    else:
        what = "The browser seems to be waiting for your answer."
        steps = (
            "Press **Allow** in the browser's question, usually near the address bar.",
            "If you see no question, press **Start** once more or reload this page.",
        )
    return Diagnosis("May this page use the camera?", what, steps, level="info")


def _no_camera(report: BrowserReport) -> Diagnosis:
    return Diagnosis(
        "No camera found",
        "The browser sees no camera on this device.",
        (
            "Plug a camera in, or switch it on: some laptops have a key or a slider for it.",
            _system(report),
            _RELOAD,
        ),
    )


def _busy(report: BrowserReport) -> Diagnosis:
    return Diagnosis(
        "The camera is busy",
        "There is a camera, but it does not open; mostly another program is using it.",
        (_OTHER_PROGRAMS, "Then try again.", _system(report)),
    )


def _no_route(has_ice_servers: bool) -> Diagnosis:
    if has_ice_servers:
        operator = (
            "For whoever runs Masklens: see whether the TURN server that is set can be reached"
            " from here, and whether its user name and password are right."
        )
    else:
        operator = (
            "For whoever runs Masklens: let UDP through the firewall, or set up a TURN server"
            f" and name it in `{VARIABLE}`."
        )
    return Diagnosis(
        "The live picture does not get through",
        "The camera was started, but no picture has come back: the network between this device"
        " and Masklens seems to hold it up.",
        ("Switch a VPN off, or try another network, and press **Start** again.", operator),
        level="warning",
        shots=True,
    )


def _stopped() -> Diagnosis:
    return Diagnosis(
        "The picture has stopped",
        "Pictures came from the camera, and then no more.",
        (
            "See whether the camera is still plugged in and switched on.",
            _OTHER_PROGRAMS,
            "Press **Stop**, if it is still there, and then **Start**.",
            "If that does not help, the network may be in the way: switch a VPN off, or try"
            " another network.",
        ),
        level="warning",
    )


def _system(report: BrowserReport) -> str:
    return _SYSTEM.get(report.system, _SYSTEM["other"])


def _letters(name: str) -> str:
    # It came from outside and goes into Markdown.
    return "".join(c for c in name if c.isascii() and c.isalpha()) or "none"
