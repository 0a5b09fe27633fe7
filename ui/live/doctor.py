"""Looking after a visitor's camera, and showing what is wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import streamlit as st

from ui.live.browser import browser_report
from ui.live.diagnosis import ROUTE_SECONDS, Diagnosis, diagnose


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
    "Meanwhile **Take a photo**, above, works: photos come by the same way as this page."
    " **Video file** works as well.",
    "Without a camera **Video file**, above, works, and so does **Upload** on the page **Photos**.",
)


def show_diagnosis(diagnosis: Diagnosis, meanwhile: Meanwhile = ON_LIVE_PAGE) -> None:
    """Show what is wrong, what to do, and what works meanwhile."""
    steps = "\n".join(f"- {step}" for step in diagnosis.steps)
    works = meanwhile.without_route if diagnosis.shots else meanwhile.without_camera
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


def offer_test(started: bool) -> None:
    """Let the camera be tested; what comes of it is said where it is examined."""
    if not started:
        # Not beside a stream: on some phones a second look takes the camera from the first.
        st.button(
            "Test the camera",
            icon=":material/troubleshoot:",
            type="tertiary",
            on_click=Attempt.of_session().test_camera,
        )


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
