"""The Live page in Chromium, whose fake camera sees a masked and a bare face that move."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.clips import CODE_BITS, RATE
from benchmarks.live_page import open_live, player, seen, start, start_button, stop_button, watch
from tests.e2e.steps import ASKS, no_faults, retried, settled

pytestmark = pytest.mark.e2e

CLIP_FRAMES = 4 * RATE


def figure(page: Any, name: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has=page.get_by_text(name, exact=True))
    return str(metric.get_by_test_id("stMetricValue").inner_text())


def wait_for_figure(page: Any, name: str, value: str | re.Pattern[str]) -> None:
    metric = page.get_by_test_id("stMetric").filter(has=page.get_by_text(name, exact=True))
    metric.get_by_test_id("stMetricValue").get_by_text(value, exact=True).wait_for()


def wait_for_people(page: Any) -> None:
    """Both faces have been counted; on a slow machine, which loses sight of them, some twice."""
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stMetric]')].some(metric =>
            metric.innerText.includes('People so far')
            && Number(metric.querySelector('[data-testid=stMetricValue]').innerText) >= 2)"""
    )


def threshold_of(page: Any) -> Any:
    """The slider, once the settings, which hold it, are open."""
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_role("button", name="Hide the settings").wait_for()
    slider = page.get_by_role("slider").first
    slider.wait_for()
    return slider


def frames_flow(page: Any) -> dict[str, Any]:
    """Wait until the player has shown many different pictures."""
    frame = page.locator("iframe[title*=webrtc]").element_handle().content_frame()
    frame.wait_for_function(
        "before => window.masklensProbe.codes >= before + 30", arg=seen(page)["codes"]
    )
    return seen(page)


def test_the_stream_starts_is_labelled_obeys_the_threshold_and_survives_a_round_trip(
    live: Callable[[], Any],
) -> None:
    page = live()
    start(page)  # returns once a blue box is on the picture
    watch(page, CLIP_FRAMES, RATE, CODE_BITS)
    state = frames_flow(page)
    assert state["labelled"] >= 1
    wait_for_figure(page, "Mask", "1")
    wait_for_figure(page, "No Mask", "1")
    wait_for_people(page)

    # At 99 % the masked face passes no longer, on the stream that is running.
    threshold = threshold_of(page)
    threshold.press("End")
    wait_for_figure(page, "Mask", "0")
    before = seen(page)["codes"]
    frames_flow(page)
    assert seen(page)["codes"] > before  # the player was not loaded anew
    # At 1 % the bare face is one with mask, or not sure.
    threshold.press("Home")
    wait_for_figure(page, "Mask", re.compile("^[12]$"))

    assert not page.evaluate(ASKS)  # a reload would lose nothing yet
    labelled = page.get_by_role("button", name="With labels").first
    # A press may meet a moment without a picture.
    retried(
        page.get_by_role("button", name="Take a snapshot").click,
        lambda: labelled.wait_for(timeout=20_000),
    )
    page.wait_for_function(ASKS)
    with page.expect_download() as started:
        labelled.click()
    assert started.value.suggested_filename.endswith(".jpg")
    with page.expect_download() as started:
        page.get_by_role("button", name="Log (CSV)").click()
    assert started.value.suggested_filename == "masklens-log.csv"
    no_faults(page)

    # What a page asks for by itself at that moment, Streamlit may take for a way back to it.
    retried(
        page.get_by_role("link", name="Photos").first.click,
        lambda: page.get_by_role("button", name="Try the sample photo").wait_for(timeout=30_000),
    )
    page.wait_for_function(ASKS)
    page.get_by_role("link", name="Live").first.click()
    start_button(page).wait_for()
    start(page)
    watch(page, CLIP_FRAMES, RATE, CODE_BITS)
    frames_flow(page)
    stop_button(page).click()
    start_button(page).wait_for()
    start(page)
    no_faults(page)


def test_stop_is_in_sight_with_the_picture_and_the_chart_stays_the_same(
    live: Callable[..., Any],
) -> None:
    page = live(viewport={"width": 1366, "height": 768})
    start(page)
    # Its frame follows the picture a moment later.
    page.wait_for_function("() => document.querySelector('iframe[title*=webrtc]')?.height > 300")
    places(page)
    video = player(page).locator("video").bounding_box()
    stop = stop_button(page).bounding_box()
    assert video["width"] >= 500
    assert 0 <= video["y"] < stop["y"] < stop["y"] + stop["height"] <= 768
    # So is what is used while watching.
    for name in ("Blur faces", "Alert"):
        switch = page.get_by_test_id("stCheckbox").filter(has_text=name).bounding_box()
        assert video["x"] + video["width"] < switch["x"] and switch["y"] + switch["height"] < 768
    # A little further down the threshold is in sight beside the picture, below the header.
    threshold_of(page)
    places(page)  # the settings unfold
    threshold = page.get_by_role("slider").first.bounding_box()
    assert threshold["y"] + threshold["height"] - video["y"] < 768 - 60

    chart = page.locator('[aria-label^="Faces in view over the last 3 minutes"]')
    drawing = chart.locator("svg").element_handle()
    axis = chart.get_by_label("X-axis titled").get_attribute("aria-label")
    page.wait_for_function(
        """axis => {
            const now = document.querySelector('[aria-label^="X-axis titled"]')?.ariaLabel;
            return now && now !== axis;
        }""",
        arg=axis,
    )
    assert drawing.evaluate("drawing => drawing.isConnected")  # else it would flicker


# Not a number is what is not there for a moment, and so nowhere.
PLACES = """() => {
  const frame = document.querySelector('iframe[title*=webrtc]');
  const button = [...(frame?.contentDocument?.querySelectorAll('button') ?? [])].find(
    button => /^st(art|op)$/i.test(button.innerText));
  const top = element => element?.getBoundingClientRect().top ?? NaN;
  const below = ['stMetric', 'stCheckbox', 'stDownloadButton', 'stPopover'].map(
    name => top(document.querySelector(`[data-testid=${name}]`)));
  const settings = top(document.querySelector('.st-key-live-settings-fold'));
  const places = [top(frame), top(frame) + top(button), ...below, settings];
  return places.map(place => Math.round(place + document.querySelector(
    '[data-testid=stMain]').scrollTop));
}"""


def places(page: Any) -> list[int]:
    """Where things stand, once they are where they were a moment ago."""
    before: list[int] = []
    for _ in range(400):
        now: list[int] = page.evaluate(PLACES)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError(f"things go on moving: {before}")


def wait_for_wrap(page: Any) -> None:
    """Wait until the page has gone into the player, where it waits for the camera to open."""
    page.wait_for_function(
        "() => document.querySelector('iframe[title*=webrtc]')"
        "?.contentWindow?.navigator.mediaDevices?.toldToMasklens"
    )


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_nothing_moves_between_start_and_stop(
    live: Callable[..., Any], size: tuple[int, int]
) -> None:
    page = live(viewport={"width": size[0], "height": size[1]})
    wait_for_wrap(page)  # by then its style is there
    settled(page)
    idle = places(page)
    frame = page.locator("iframe[title*=webrtc]").bounding_box()
    assert frame["height"] > frame["width"] * 3 / 4
    start(page)
    # On a slow machine this was said before there was a picture.
    page.get_by_text("does not get through").wait_for(state="hidden")
    pace = page.locator(".st-key-live-rate").get_by_text(" a second")
    log = page.get_by_role("button", name="Log (CSV)", disabled=False)
    for _ in range(600):
        now = page.evaluate(PLACES)
        assert all(math.isnan(at) or at == was for at, was in zip(now, idle, strict=True))
        if pace.is_visible() and log.is_visible():  # the last to come
            break
        page.wait_for_timeout(100)
    for come in (pace, log):
        come.wait_for()
    wait_for_figure(page, "Mask", "1")
    stand = f"idle => JSON.stringify(({PLACES})()) === JSON.stringify(idle)"
    page.wait_for_function(stand, arg=idle)
    stop_button(page).click()
    start_button(page).wait_for()
    page.wait_for_function(stand, arg=idle)


def test_two_visitors_have_streams_of_their_own(live: Callable[[], Any]) -> None:
    first, second = live(), live()
    start(first)
    wait_for_people(first)
    assert figure(second, "People so far") == "0"
    start(second)
    threshold_of(second).press("End")
    wait_for_figure(second, "Mask", "0")
    wait_for_figure(first, "Mask", "1")
    for page in (first, second):
        no_faults(page)


@pytest.mark.parametrize(
    ("name", "title"),
    [("NotFoundError", "No camera found"), ("NotReadableError", "The camera is busy")],
)
def test_a_camera_that_does_not_open_is_told_of_in_plain_words_alone(
    browser: Any, app_url: str, name: str, title: str
) -> None:
    context = browser.new_context()
    context.set_default_timeout(120_000)
    try:
        context.grant_permissions(["camera"])
        context.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => {"
            f" throw new DOMException('In raw words', '{name}'); }}"
        )
        page = open_live(context, app_url)
        wait_for_wrap(page)
        start_button(page).click()
        page.get_by_text(title).wait_for()
        raw = player(page).get_by_text("In raw words")
        raw.wait_for(state="attached")
        assert not raw.is_visible()
        no_faults(page)
    finally:
        context.close()


def test_another_view_stops_the_stream(live: Callable[[], Any]) -> None:
    page = live()
    start(page)
    # A run that was on its way may put the choice back.
    retried(
        page.get_by_text("Take a photo", exact=True).click,
        lambda: page.get_by_test_id("stCameraInput").wait_for(timeout=20_000),
    )
    page.locator("iframe[title*=webrtc]").wait_for(state="detached")  # else it would be started
    settled(page)
    page.get_by_text("Live video", exact=True).click()
    start(page)
    no_faults(page)
    stop_button(page).wait_for()
    assert player(page).get_by_role("button", name="Stop").count() == 1
