"""Why no picture comes from the camera, and what to do about it, in plain words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, Protocol

import streamlit as st

from ui.live.browser import Browser, BrowserReport, System, browser_report
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
        snapshots: whether single shots work nevertheless; they need the camera, but no route.
    """

    title: str
    what: str
    steps: tuple[str, ...]
    level: Literal["info", "warning", "error"] = "error"
    snapshots: bool = False


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
        snapshots=True,
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


@dataclass(frozen=True)
class Meanwhile:
    """What works while no stream does, in sentences.

    Attributes:
        without_route: where the camera works, but its pictures find no way.
        without_camera: where it does not.
    """

    without_route: str
    without_camera: str


ON_LIVE_PAGE = Meanwhile(
    "Meanwhile **Single shot**, above, works: single shots come by the same way as this"
    " page. **Video file** works as well.",
    "Without a camera **Video file**, above, works, and so do photos.",
)


def show_diagnosis(diagnosis: Diagnosis, meanwhile: Meanwhile = ON_LIVE_PAGE) -> None:
    """Show what is wrong, what to do, and what works meanwhile."""
    steps = "\n".join(f"- {step}" for step in diagnosis.steps)
    works = meanwhile.without_route if diagnosis.snapshots else meanwhile.without_camera
    show = {"info": st.info, "warning": st.warning, "error": st.error}[diagnosis.level]
    show(f"**{diagnosis.title}**\n\n{diagnosis.what}\n\n{steps}\n\n{works}")


class Stream(Protocol):
    """What the doctor asks of a stream."""

    @property
    def flowing(self) -> bool:
        """Whether frames are coming."""
        ...

    @property
    def camera_rate(self) -> int:
        """Pictures a second that the camera had better send."""
        ...


class Attempt:
    """How one visitor's starts of the stream have fared.

    Attributes:
        waited: seconds since the start or the last picture. Kept when the stream ends: the
            player gives up by itself where no picture gets through.
        flowed: whether pictures have come since the start; kept as well.
        request: the number of the last wish to open the camera for a test; 0 for none.
    """

    def __init__(self) -> None:
        self.waited = 0.0
        self.flowed = False
        self.request = 0
        self._since: float | None = None

    @staticmethod
    def of_session() -> Attempt:
        """This visitor's."""
        attempt: Attempt = st.session_state.setdefault("camera_attempt", Attempt())
        return attempt

    def update(self, started: bool, flowing: bool, seconds: float) -> None:
        """Take note of the moment ``seconds``, by any clock that only goes forward."""
        if not started:
            self._since = None
            return
        if self._since is None:
            self.request = 0  # what a test met before this start is out of date
            self.flowed = False
        if self._since is None or flowing:
            self._since = seconds
        self.waited = seconds - self._since
        self.flowed = self.flowed or flowing

    def test_camera(self) -> None:
        """Wish for a test."""
        # By the clock, for the browser's tab may remember numbers of an earlier session.
        self.request = time.time_ns() // 1_000_000


def examine(
    stream: Stream, started: bool, has_ice_servers: bool, meanwhile: Meanwhile = ON_LIVE_PAGE
) -> None:
    """Look after the camera while its stream is shown, and say what is wrong with it.

    Args:
        stream: the visitor's.
        started: whether the player has the camera, be it still connecting or up.
        has_ice_servers: whether STUN or TURN servers are set.
        meanwhile: what works on this page while the stream does not.
    """
    # A fragment: what the browser reports must not run the page, and so the player, again.
    look = st.fragment(_examine, run_every=2.0 if started else None)
    look(stream, started, has_ice_servers, meanwhile)


def examine_for_shots(meanwhile: Meanwhile = ON_LIVE_PAGE) -> bool:
    """Say what is wrong with the camera where single shots are taken; whether anything is.

    Called in a fragment: what the browser reports must not take the page's camera anew.
    """
    # Single shots need no route: only what is wrong with page and camera is in their way.
    diagnosis = diagnose(browser_report(), playing=False, waiting_seconds=0, has_ice_servers=False)
    if diagnosis is not None:
        show_diagnosis(diagnosis, meanwhile)
    return diagnosis is not None


def _examine(stream: Stream, started: bool, has_ice_servers: bool, meanwhile: Meanwhile) -> None:
    attempt = Attempt.of_session()
    attempt.update(started, stream.flowing, time.monotonic())
    report = browser_report(attempt.request, stream.camera_rate)
    diagnosis = diagnose(
        report,
        playing=started or attempt.waited >= ROUTE_SECONDS,
        waiting_seconds=attempt.waited,
        has_ice_servers=has_ice_servers,
        flowed=attempt.flowed,
    )
    if diagnosis is not None:
        show_diagnosis(diagnosis, meanwhile)
    elif not started and attempt.request and report is not None and report.error == "":
        st.success("The camera works: press **Start**.", icon=":material/check:")
    if not started:
        # Not beside a stream: on some phones a second look takes the camera from the first.
        st.button(
            "Test the camera",
            icon=":material/troubleshoot:",
            type="tertiary",
            on_click=attempt.test_camera,
        )
