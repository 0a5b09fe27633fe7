"""What the browser reports of its camera, and the alert's sound, in Chromium."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.app import CHROMIUM, FLAGS, ROOT, end, free_port, wait_until_healthy

pytestmark = pytest.mark.e2e

SCRIPT = """
import json
import streamlit as st
from ui.live.alert_sound import alert_sound
from ui.live.browser import browser_report

state = st.session_state
for name in ("request", "alerts", "pieces", "rounds"):
    state.setdefault(name, 0)

def add(name):
    state[name] += 1

st.button("Alert", on_click=add, args=("alerts",))

@st.fragment
def piece():
    add("pieces")
    report = browser_report(state.request, (30, 12, 5)[state.rounds])
    st.button("Try", on_click=add, args=("request",))
    st.button("Slower", on_click=add, args=("rounds",))
    st.text(json.dumps({"report": report and vars(report), "pieces": state.pieces}))

piece()
alert_sound(state.alerts)
st.text(f"{state.alerts} alerts")
"""
COUNT_TONES = """
window.tones = 0;
const create = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  window.tones++;
  return create.call(this);
};
// What has no sound card may take longer to open one than an alert is worth waiting for.
window.begun = 0;
AudioContext.prototype.resume = async () => { window.begun++; };
"""
BUSY = """
navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('Could not start video source', 'NotReadableError');
};
"""
FAKE_CAMERA = "--use-fake-device-for-media-stream"


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose one page holds the components."""
    folder = tmp_path_factory.mktemp("components")
    script, log, port = folder / "page.py", folder / "log.txt", free_port()
    script.write_text(SCRIPT)
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script)]
            + ["--server.headless", "true", "--server.port", str(port)],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(f"http://localhost:{port}", server, log)
        yield f"http://localhost:{port}"
    finally:
        end(server)
    assert "Traceback" not in log.read_text()


def wait_for(page: Any, **expected: Any) -> int:
    """Wait until the report says this; returns how often the fragment has run."""
    page.wait_for_function(
        """expected => [...document.querySelectorAll('[data-testid=stText]')].some(text => {
            const { report } = text.innerText.startsWith('{') ? JSON.parse(text.innerText) : {};
            return report && Object.keys(expected).every(name => report[name] === expected[name]);
        })""",
        arg=expected,
    )
    shown: dict[str, Any] = json.loads(page.get_by_text('"pieces"').inner_text())
    return int(shown["pieces"])


@pytest.mark.parametrize(
    ("flags", "granted", "script", "before", "after"),
    [
        ([FAKE_CAMERA], ["camera"], "", {"permission": "granted", "cameras": 1}, ""),
        ([FAKE_CAMERA], ["geolocation"], "", {"permission": "denied"}, "NotAllowedError"),
        ([], ["camera"], "", {"cameras": 0}, "NotFoundError"),
        ([FAKE_CAMERA], ["camera"], BUSY, {"permission": "granted"}, "NotReadableError"),
    ],
    ids=["allowed", "denied", "no camera", "busy"],
)
def test_the_browser_reports_its_camera_and_tries_it_on_request(
    browser: Any,
    page_url: str,
    flags: list[str],
    granted: list[str],
    script: str,
    before: dict[str, Any],
    after: str,
) -> None:
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    try:
        context = chromium.new_context()
        context.set_default_timeout(120_000)
        context.grant_permissions(granted)  # all that is not named is denied
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(page_url)
        wait_for(page, secure=True, api=True, error=None, browser="chrome", **before)
        page.get_by_role("button", name="Try").click()
        wait_for(page, error=after, **before)
        container = page.locator(".st-key-browser-report")
        assert container.count() == 1 and not container.is_visible()
    finally:
        chromium.close()


# As the player opens it, in a frame of its own.
OPEN_IN_FRAME = """async () => {
  const frame = document.createElement('iframe');
  frame.title = 'webrtc';
  document.body.append(frame);
  const devices = frame.contentWindow.navigator.mediaDevices;
  const raw = devices.getUserMedia;
  while (devices.getUserMedia === raw) await new Promise(resolve => setTimeout(resolve, 50));
  window.opened = await devices.getUserMedia({video: {frameRate: {ideal: 30, max: 30}}});
}"""


def test_a_camera_that_the_player_opened_sends_no_more_than_is_asked(
    browser: Any, page_url: str
) -> None:
    context = browser.new_context()
    context.set_default_timeout(120_000)
    try:
        context.grant_permissions(["camera"])
        page = context.new_page()
        page.goto(page_url)
        wait_for(page, cameras=1)
        page.evaluate(OPEN_IN_FRAME)
        sends = "window.opened.getVideoTracks()[0].getSettings().frameRate"
        assert page.evaluate(sends) > 12
        for rate in (12, 5):
            page.get_by_role("button", name="Slower").click()
            page.wait_for_function(f"rate => {sends} <= rate", arg=rate)
    finally:
        context.close()


@pytest.mark.parametrize(("touches", "system"), [(0, "macos"), (5, "ios")])
def test_an_ipad_is_told_from_the_mac_that_it_says_it_is(
    browser: Any, page_url: str, touches: int, system: str
) -> None:
    says = (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    )
    context = browser.new_context(user_agent=f"{says} Version/18.0 Safari/605.1.15")
    context.set_default_timeout(120_000)
    try:
        counted = f"Object.defineProperty(navigator, 'maxTouchPoints', {{ get: () => {touches} }})"
        context.add_init_script(counted)
        page = context.new_page()
        page.goto(page_url)
        wait_for(page, browser="safari", system=system)
    finally:
        context.close()


def test_the_sound_comes_once_an_alert_and_reports_do_not_run_in_circles(
    browser: Any, page_url: str
) -> None:
    context = browser.new_context()
    context.set_default_timeout(120_000)
    try:
        context.add_init_script(COUNT_TONES)
        page = context.new_page()
        page.goto(page_url)
        wait_for(page, cameras=1)
        # Safari plays nothing but what a press has begun.
        assert page.evaluate("window.begun") == 0
        page.get_by_text("0 alerts").click()
        page.wait_for_function("() => window.begun === 1")
        for alerts in (1, 2):
            page.get_by_role("button", name="Alert").click()
            page.get_by_text(f"{alerts} alerts").wait_for()
            page.wait_for_function("count => window.tones === count", arg=2 * alerts)
        assert not page.locator(".st-key-alert-sound").is_visible()
        # Once for each run of the page and a few for the first reports.
        page.wait_for_timeout(1500)
        assert wait_for(page, cameras=1) <= 3 + 3
        assert page.evaluate("window.tones") == 4
    finally:
        context.close()
