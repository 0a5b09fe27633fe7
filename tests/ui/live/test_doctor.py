"""How long a picture has been awaited, and what the page shows of the camera."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import ui.live.doctor
from ui.live.browser import BrowserReport
from ui.live.diagnosis import ROUTE_SECONDS, diagnose
from ui.live.doctor import Attempt
from ui.live.stream import LiveStream

FINE = BrowserReport(secure=True, api=True, permission="granted", cameras=1)


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


def test_a_start_puts_an_earlier_test_out_of_date_and_tests_have_numbers_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nanoseconds = iter([5_000_000, 6_000_000])
    clock = SimpleNamespace(time_ns=lambda: next(nanoseconds))
    monkeypatch.setattr(ui.live.doctor, "time", clock)
    attempt = Attempt()
    attempt.test_camera()
    assert attempt.request == 5

    attempt.update(False, False, 100)
    assert attempt.request == 5
    attempt.update(True, False, 101)
    assert attempt.request == 0
    attempt.test_camera()
    assert attempt.request == 6


def page(
    report: BrowserReport | None, monkeypatch: pytest.MonkeyPatch, started: bool = False
) -> tuple[AppTest, list[int]]:
    """A page that examines a camera of which the browser says this; and what it was asked."""
    requests: list[int] = []

    def answer(request: int, rate: int) -> BrowserReport | None:
        requests.append(request)
        return report

    def script(started: bool) -> None:
        from ui.live.doctor import examine, offer_test
        from ui.live.stream import LiveStream

        examine(LiveStream.of_session(), started, False)
        offer_test(started)

    monkeypatch.setattr(ui.live.doctor, "browser_report", answer)
    return AppTest.from_function(script, default_timeout=60, args=(started,)).run(), requests


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"permission": "denied"}, "error"), ({"permission": "prompt", "asking": True}, "info")],
)
def test_a_fault_is_shown_with_its_steps_and_what_works_meanwhile(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], kind: str
) -> None:
    report = replace(FINE, **changes)
    found = diagnose(report, playing=False, waiting_seconds=0, has_ice_servers=False)

    shown, _ = page(report, monkeypatch)

    (element,) = getattr(shown, kind)
    assert found is not None and not shown.exception
    for text in (found.title, found.what, *found.steps, "**Video file**"):
        assert text in element.value
    assert "Take a photo" not in element.value  # it wants the camera, too


def test_a_start_that_brought_nothing_points_to_taking_a_photo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(ui.live.doctor, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    shown, _ = page(FINE, monkeypatch, started=True)
    assert not shown.warning and not shown.button

    seconds[0] += ROUTE_SECONDS
    shown.run()

    (element,) = shown.warning
    assert (
        "The live picture does not get through" in element.value
        and "**Take a photo**, above" in element.value
    )


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

    assert "The picture has stopped" in element.value
    assert "does not get through" not in element.value
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
