"""The Live page with a made-up pipeline and player: what it shows, and what it hands over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc
from streamlit.testing.v1 import AppTest

from maskcore import session
from maskcore.alert import AlertRule
from maskcore.session import SessionLog
from maskcore.types import Analysis
from tests.ui.files import grey
from tests.ui.pages import Player, button, downloads, labels, press, texts
from ui.live import doctor, webrtc
from ui.live import stream as stream_module
from ui.live.browser import BrowserReport
from ui.live.stream import LiveStream

OpenPage = Callable[[], AppTest]


@pytest.fixture
def live(
    open_page: OpenPage, fake_models: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> AppTest:
    # A picture must not be out of date before a slow machine has drawn the page.
    monkeypatch.setattr(stream_module, "STILL_SECONDS", 600.0)
    monkeypatch.setattr(session, "WINDOW_SECONDS", 600.0)
    return open_page("pages/live.py")


def stream_of(page: AppTest) -> LiveStream:
    stream: LiveStream = page.session_state.live_stream
    return stream


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def rates(page: AppTest) -> list[str]:
    """The lines that say how fast pictures come and are looked at."""
    return [caption.value for caption in page.caption if " a second" in caption.value]


def test_it_waits_for_start_with_empty_figures(live: AppTest, player: Player) -> None:
    assert not live.exception
    assert [title.value for title in live.title] == ["Live"]
    assert figures(live) == {
        "Mask": "–",
        "No Mask": "–",
        "Not sure": "–",
        "People so far": "0",
        "Time with a mask": "–",
    }
    assert rates(live) == []
    assert button(live, "Take a snapshot").disabled


def frame(level: int = 128) -> av.VideoFrame:
    """400 pixels wide: a masked face, another and a bare one."""
    pixels = np.full((120, 400, 3), level, np.uint8)
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def test_figures_of_the_moment_end_with_the_stream(
    live: AppTest, player: Player, awaited: Any
) -> None:
    player.playing = True
    live.run()
    assert figures(live)["Mask"] == "–"  # no picture has come yet
    for _ in range(2):  # from one picture to the next time goes by
        awaited(stream_of(live).process([frame()]))
    live.run()
    assert not live.exception
    assert (figures(live)["Mask"], figures(live)["No Mask"]) == ("2", "1")
    (rate,) = rates(live)
    assert "ms" in rate and "skipped" not in rate

    player.playing = False
    live.run()
    shown = figures(live)
    assert [shown[name] for name in ("Mask", "No Mask", "Not sure")] == ["–"] * 3
    assert rates(live) == []
    assert shown["Time with a mask"] == "67\xa0%"  # of all the time, not of the moment


@pytest.mark.parametrize(
    ("pace", "said", "told"),
    [(1.2, "1 picture a second", True), (4.0, "4 pictures a second", True)]
    + [(12.0, "12 pictures a second", False)],
)
def test_skipped_pictures_are_told_of_where_they_explain_slowness(
    live: AppTest, player: Player, awaited: Any, pace: float, said: str, told: bool
) -> None:
    player.playing = True
    stream = stream_of(live)
    awaited(stream.process([frame(), frame()]))
    now = replace(stream.now(), frames_per_second=pace)
    stream.now = lambda: now
    live.run()
    (rate,) = rates(live)
    assert rate.startswith(said)
    assert ("1 picture skipped to keep up" in rate) == told


def test_figures_end_where_the_camera_falls_silent(
    live: AppTest, player: Player, awaited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    awaited(stream_of(live).process([frame()]))
    monkeypatch.setattr(LiveStream, "flowing", False)
    live.run()
    assert figures(live)["Mask"] == "–"
    assert rates(live) == []


def test_a_snapshot_is_told_of_and_can_be_removed(
    live: AppTest, player: Player, awaited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "ONE_PRESS_SECONDS", 0.0)
    player.playing = True
    awaited(stream_of(live).process([frame()]))
    live.run()
    press(live, "Take a snapshot")
    assert [toast.value for toast in live.toast] == [
        "Snapshot taken: it stands at the end of the page."
    ]
    awaited(stream_of(live).process([frame(level=90)]))
    press(live, "Take a snapshot")
    assert downloads(live).count("With labels") == 2
    assert downloads(live).count("Without labels") == 2

    second, first = stream_of(live).snapshots
    live.button(key=f"remove-{second.name}").click().run()
    assert not live.exception
    assert stream_of(live).snapshots == [first]
    press(live, "Remove")
    assert stream_of(live).snapshots == []
    assert "Remove" not in labels(live)
    assert "Snapshots" not in [header.value for header in live.header]


def log_button(page: AppTest) -> Any:
    (button,) = [item for item in page.download_button if item.label == "Log (CSV)"]
    return button


def test_the_log_can_be_had_once_there_is_something_in_it(
    live: AppTest, player: Player, awaited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    assert log_button(live.run()).disabled
    awaited(stream_of(live).process([frame()]))
    # It came after the page had looked: only the figures, drawn twice a second, meet it.
    answers = [True]
    monkeypatch.setattr(
        SessionLog,
        "is_empty",
        property(lambda log: answers.pop() if answers else log.rows() == []),
    )
    live.run()
    assert not live.exception
    assert not log_button(live).disabled
    press(live, "Start counting anew")
    assert log_button(live).disabled


def test_the_log_is_marked_as_utf_8_for_excel(
    live: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: dict[str, Any] = {}
    download_button = st.download_button

    def note(label: str, data: Any, *rest: Any, **options: Any) -> Any:
        handed[label] = data
        return download_button(label, data, *rest, **options)

    monkeypatch.setattr(st, "download_button", note)
    live.run()
    assert handed["Log (CSV)"]() == stream_of(live).log.csv().encode("utf-8-sig")


def test_snapshots_stand_below_all_that_is_used_with_the_picture(
    live: AppTest, player: Player, awaited: Any
) -> None:
    def types() -> list[str]:
        return [item.type for item in live.main]

    player.playing = True
    stream = stream_of(live)
    for seconds in (2, 1):  # enough for a chart
        nothing = Analysis((400, 120), (), 0.5, 1.0, 1.0)
        stream.log.add(nothing, time.monotonic() - seconds, 0, 0)
    awaited(stream.process([frame()]))
    live.run()
    before = types()
    assert "vega_lite_chart" in before
    press(live, "Take a snapshot")
    assert types()[: len(before)] == before
    assert types()[len(before) :].count("image") == 1


@pytest.mark.parametrize(
    ("way", "is_video"), [("Live video", True), ("Take a photo", False), ("Video file", True)]
)
def test_finders_figures_are_told_to_be_of_a_closer_look_than_video_gets(
    live: AppTest, way: str, is_video: bool
) -> None:
    live.segmented_control(key="way").set_value(way).run()
    quicker = [caption for caption in live.caption if "Video gets a quicker look" in caption.value]
    assert bool(quicker) is is_video


@pytest.mark.parametrize("way", ["Live video", "Take a photo", "Video file"])
def test_settings_are_folded_on_every_way(live: AppTest, player: Player, way: str) -> None:
    def said(part: str) -> bool:
        return any(part in item.proto.body for item in live.get("html"))

    hidden, scrolls = ".st-key-live-settings) { display: none; }", '"nearest"'
    live.segmented_control(key="way").set_value(way).run()
    assert said(hidden) and not said(scrolls)
    press(live, "Settings")
    assert not said(hidden) and said(scrolls)  # they open below many a window
    live.run()
    assert not said(scrolls)
    press(live, "Hide the settings")
    assert said(hidden) and not said(scrolls)


def test_a_snapshot_without_a_picture_is_told_of_as_well(live: AppTest, player: Player) -> None:
    player.playing = True
    live.run()
    press(live, "Take a snapshot")
    assert ["No snapshot" in toast.value for toast in live.toast] == [True]
    assert stream_of(live).snapshots == []


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("Live video", "Press **Start**"),
        ("Take a photo", "press **Take Photo**"),
        ("Video file", "Add a video"),
    ],
)
def test_each_way_says_what_to_do_there(live: AppTest, player: Player, way: str, told: str) -> None:
    live.segmented_control(key="way").set_value(way).run()
    assert not live.exception
    intro = live.markdown[0].value
    assert told in intro
    assert "only to the computer that runs Masklens" in intro and "close or reload" in intro
    assert ("Start" in intro) == (way == "Live video")


def test_the_alert_is_offered_where_it_works_and_remembered(live: AppTest, player: Player) -> None:
    live.toggle(key="alert").set_value(True).run()
    for way in ("Take a photo", "Video file"):
        live.segmented_control(key="way").set_value(way).run()
        assert [toggle.label for toggle in live.toggle] == ["Blur faces"]
        assert not live.number_input
    live.segmented_control(key="way").set_value("Live video").run()
    assert live.toggle(key="alert").value is True
    assert stream_of(live).settings.alert == AlertRule(3.0, 15.0)


def test_nothing_outside_is_asked_and_no_sound_is_recorded(live: AppTest, player: Player) -> None:
    options = player.calls[-1]
    assert options["rtc_configuration"] == {"iceServers": []}
    assert options["media_stream_constraints"]["audio"] is False
    assert options["async_processing"] is True
    assert options["sendback_audio"] is False
    assert options["media_toggle_controls"] is False  # a paused camera's black would be counted
    assert options["video_html_attrs"]["playsInline"] is True  # else iPhones show no picture


def test_servers_from_the_settings_reach_both_ends(
    open_page: OpenPage, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = '[{"urls": ["turn:turn.example:3478"], "username": "u", "credential": "c"}]'
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", value)
    open_page("pages/live.py")
    (server,) = player.calls[-1]["rtc_configuration"]["iceServers"]
    assert (server["username"], server["credential"]) == ("u", "c")


def test_broken_settings_are_a_sentence_without_the_secret(
    open_page: OpenPage, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", '[{"urls": 7, "credential": "hush"}]')
    page = open_page("pages/live.py")
    assert not page.exception
    (error,) = page.error
    assert "ICE" in error.value
    assert "hush" not in error.value
    page.segmented_control(key="way").set_value("Take a photo").run()  # need no servers
    assert not page.error


def test_choices_reach_the_stream_without_a_new_player(live: AppTest, player: Player) -> None:
    process = player.calls[-1]["queued_video_frames_callback"]
    settings = stream_of(live).settings
    assert settings is not None
    assert (settings.threshold, settings.blur, settings.alert) == (0.5, False, None)
    live.slider(key="threshold").set_value(80).run()
    live.toggle(key="blur").set_value(True).run()
    live.toggle(key="alert").set_value(True).run()
    live.number_input(key="alert_after").set_value(7).run()
    settings = stream_of(live).settings
    assert settings is not None
    assert (settings.threshold, settings.blur) == (0.8, True)
    assert settings.alert == AlertRule(7.0, 15.0)
    assert player.calls[-1]["queued_video_frames_callback"] == process
    assert not live.exception


def test_the_library_s_reset_is_kept_off_a_running_stream(live: AppTest, player: Player) -> None:
    context = SimpleNamespace(_last_rendered_run_count=3, _get_worker=lambda: None)
    live.session_state[webrtc.KEY] = context
    live.run()
    assert context._last_rendered_run_count is None


def test_an_offer_that_comes_before_the_stop_was_heard_is_answered(
    live: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    reset: list[Any] = []
    monkeypatch.setattr(webrtc, "_reset_context", reset.append)
    monkeypatch.setattr(webrtc, "generate_frontend_component_key", lambda key: "value")
    states: list[Any] = []
    worker = SimpleNamespace(stop=lambda: None)
    context = SimpleNamespace(_get_worker=lambda: worker, _set_state=states.append)
    live.session_state[webrtc.KEY] = context
    live.session_state["value"] = {"playing": False, "sdpOffer": {"sdp": "second"}}
    live.session_state[f"{webrtc.KEY}-offer"] = {"sdp": "first"}
    live.run()
    assert reset == [context]
    assert (states[-1].playing, states[-1].signalling) == (False, True)
    live.run()  # the same offer again is the same stream
    assert reset == [context]


@pytest.mark.parametrize("way", ["Take a photo", "Video file"])
def test_another_view_stops_the_stream(
    live: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    reset: list[Any] = []
    monkeypatch.setattr(webrtc, "_reset_context", reset.append)
    context = SimpleNamespace(_get_worker=lambda: None)
    live.session_state[webrtc.KEY] = context
    calls = len(player.calls)
    live.segmented_control(key="way").set_value(way).run()
    assert not live.exception
    assert reset == [context]
    assert len(player.calls) == calls


@pytest.mark.parametrize(("url_path", "stops"), [("", True), ("metrics", True), ("live", False)])
def test_another_page_stops_the_stream(
    monkeypatch: pytest.MonkeyPatch, url_path: str, stops: bool
) -> None:
    def script(url_path: str) -> None:
        from ui.entry import leave_other_pages

        leave_other_pages(url_path)

    reset: list[Any] = []
    monkeypatch.setattr(webrtc, "_reset_context", reset.append)
    page = AppTest.from_function(script, kwargs={"url_path": url_path}, default_timeout=60)
    page.session_state["live_stream"] = LiveStream()
    page.session_state[webrtc.KEY] = context = SimpleNamespace(_get_worker=lambda: None)
    page.run()
    assert not page.exception
    assert reset == ([context] if stops else [])


def test_settings_outlive_another_page(live: AppTest, player: Player) -> None:
    live.toggle(key="blur").set_value(True).run()
    live.selectbox(key="model").select("second").run()
    live.slider(key="threshold").set_value(80).run()
    photos = live.switch_page("pages/photo.py").run()
    assert photos.slider(key="threshold").value == 80
    assert photos.selectbox(key="model").value == "second"
    back = photos.switch_page("pages/live.py").run()
    assert back.toggle(key="blur").value is True
    assert stream_of(back).settings.blur is True
    assert not back.exception


def test_a_finder_that_is_not_there_leaves_the_stream_as_it_is(
    live: AppTest, player: Player
) -> None:
    before, calls = stream_of(live).settings, len(player.calls)
    live.selectbox(key="detector").select("yunet").run()
    assert not live.exception
    assert any("YuNet is not installed" in info.value for info in live.info)
    assert stream_of(live).settings == before
    assert len(player.calls) > calls


def test_an_alert_is_not_said_to_be_on_where_nobody_looks(live: AppTest) -> None:
    live.toggle(key="alert").set_value(True).run()
    assert "The alert is on." in texts(live)
    live.session_state.live_stream.settings = None
    live.selectbox(key="detector").select("yunet").run()
    assert "The alert is on." not in texts(live)


def test_faces_can_be_blurred_while_a_finder_is_not_there(live: AppTest) -> None:
    before = stream_of(live).settings
    live.selectbox(key="detector").select("yunet").run()
    live.toggle(key="blur").set_value(True).run()
    settings = stream_of(live).settings
    assert before is not None and settings is not None
    assert settings == replace(before, blur=True)


def test_a_stream_that_cannot_be_set_up_is_a_sentence(
    live: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise TimeoutError("secret")

    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", fail)
    live.run()
    assert not live.exception
    (error,) = live.error
    assert "press **Start** again" in error.value
    assert "secret" not in error.value


def test_a_single_shot_always_works(live: AppTest, player: Player) -> None:
    live.segmented_control(key="way").set_value("Take a photo").run()
    assert "Your labelled photo appears here." in [info.value for info in live.info]
    live.camera_input[0].upload("shot.jpg", grey(128, 200, 120, "JPEG"), "image/jpeg").run()
    assert not live.exception
    assert "2 faces: 1 with mask, 1 without" in [sub.value for sub in live.header]
    live.camera_input[0].upload("shot.jpg", b"no picture", "image/jpeg").run()
    assert not live.exception
    assert len(live.error) == 1


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"permission": "denied"}, "The camera is not allowed"),
        ({"cameras": 0}, "No camera found"),
        ({"secure": False}, "The camera is blocked at this address"),
        ({"permission": "prompt"}, None),
    ],
)
def test_single_shots_say_why_no_camera_opens(
    live: AppTest,
    player: Player,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    title: str | None,
) -> None:
    report = replace(BrowserReport(secure=True, api=True, permission="granted"), **changes)
    monkeypatch.setattr(doctor, "browser_report", lambda request=0: report)
    live.segmented_control(key="way").set_value("Take a photo").run()

    assert not live.exception
    errors = [error.value for error in live.error]
    assert [error.startswith(f"**{title}**") for error in errors] == [True] * bool(title)
    # Start belongs to the other way.
    assert not any("**Start**" in error for error in errors)
    assert ("Your labelled photo appears here." in [info.value for info in live.info]) != bool(
        title
    )


def test_an_alert_is_noted_once_somebody_stays_without_a_mask(
    live: AppTest, player: Player, awaited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(stream_module, "time", SimpleNamespace(monotonic=lambda: seconds[0]))

    def look_for(more: float) -> tuple[list[str], list[str]]:
        """What the page notes after so many more seconds of a bare face."""
        for _ in range(round(more * 10)):
            seconds[0] += 0.1
            awaited(stream_of(live).process([frame()]))
        live.run()
        assert not live.exception
        return [note.value for note in live.error], [note.value for note in live.info]

    on, raised = ["The alert is on."], ["Somebody without a mask is in view."]
    player.playing = True
    assert look_for(5) == ([], [])
    live.toggle(key="alert").set_value(True).run()
    live.number_input(key="alert_after").set_value(2).run()
    assert look_for(1.8) == ([], on)
    assert look_for(0.6) == (raised, [])
    player.playing = False
    assert look_for(0) == ([], on)  # nothing is in view of a camera that is off
    player.playing = True
    assert look_for(6) == ([], on)  # told; the next one comes after the pause


def test_what_comes_and_goes_stands_below_the_buttons(
    live: AppTest, player: Player, awaited: Any
) -> None:
    def below_the_figures() -> list[str]:
        kinds = ("button", "download_button", "caption", "error", "info")
        shown = [item for item in live.main if item.type in ("metric", *kinds)]
        last = max(n for n, item in enumerate(shown) if item.type == "metric")
        return [getattr(item, "label", None) or item.value for item in shown[last + 1 :]]

    still = ["Take a snapshot", "Log (CSV)", "Start counting anew", "The alert is on."]
    live.toggle(key="alert").set_value(True).run()
    assert below_the_figures()[:4] == still
    player.playing = True
    awaited(stream_of(live).process([frame()]))
    live.run()
    below = below_the_figures()
    assert below[:4] == still
    assert " a second" in below[4]


def test_visitors_have_streams_of_their_own(open_page: OpenPage, player: Player) -> None:
    first = open_page("pages/live.py")
    st.cache_data.clear()
    second = open_page("pages/live.py")
    assert stream_of(first) is not stream_of(second)
    assert stream_of(first).settings.pipeline.detector is (
        stream_of(second).settings.pipeline.detector
    )
