"""The Live page with a made-up pipeline and player: what it shows, and what it hands over."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskcore.alert import AlertRule
from ui import webrtc
from ui.stream import LiveStream

OpenPage = Callable[[], AppTest]


class Player:
    """Stands in for the library's player and remembers what it was given."""

    def __init__(self) -> None:
        self.playing = False
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **options: Any) -> Any:
        self.calls.append(options)
        return SimpleNamespace(state=SimpleNamespace(playing=self.playing, signalling=False))


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Player:
    player = Player()
    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", player)
    monkeypatch.delenv("MASKLENS_ICE_SERVERS", raising=False)
    return player


@pytest.fixture
def live(open_page: OpenPage, fake_models: Path, player: Player) -> AppTest:
    return open_page().switch_page("pages/live.py").run()


def stream_of(page: AppTest) -> LiveStream:
    stream: LiveStream = page.session_state.live_stream
    return stream


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_it_waits_for_start_with_empty_figures(live: AppTest, player: Player) -> None:
    assert not live.exception
    assert [title.value for title in live.title] == ["Live"]
    assert figures(live) == {
        "With mask": "0",
        "Without": "0",
        "Not sure": "0",
        "People so far": "0",
        "Time with mask": "–",
    }
    (snapshot,) = [button for button in live.button if button.label == "Take a snapshot"]
    assert snapshot.disabled


def test_nothing_outside_is_asked_and_no_sound_is_recorded(live: AppTest, player: Player) -> None:
    options = player.calls[-1]
    assert options["rtc_configuration"] == {"iceServers": []}
    assert options["media_stream_constraints"]["audio"] is False
    assert options["async_processing"] is True
    assert options["sendback_audio"] is False


def test_servers_from_the_settings_reach_both_ends(
    open_page: OpenPage, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = '[{"urls": ["turn:turn.example:3478"], "username": "u", "credential": "c"}]'
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", value)
    open_page().switch_page("pages/live.py").run()
    (server,) = player.calls[-1]["rtc_configuration"]["iceServers"]
    assert (server["username"], server["credential"]) == ("u", "c")


def test_broken_settings_are_a_sentence_without_the_secret(
    open_page: OpenPage, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", '[{"urls": 7, "credential": "hush"}]')
    page = open_page().switch_page("pages/live.py").run()
    assert not page.exception
    (error,) = page.error
    assert "ICE" in error.value
    assert "hush" not in error.value
    page.segmented_control(key="way").set_value("Snapshots").run()  # need no servers
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


@pytest.mark.parametrize("way", ["Snapshots", "Video file"])
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
    page = AppTest.from_function(script, kwargs={"url_path": url_path})
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
    assert stream_of(live).settings is before
    assert len(player.calls) > calls


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


def shot(width: int) -> io.BytesIO:
    stream = io.BytesIO()
    Image.fromarray(np.full((120, width, 3), 128, np.uint8)).save(stream, "JPEG")
    return stream


def test_a_single_shot_always_works(live: AppTest, player: Player) -> None:
    live.segmented_control(key="way").set_value("Snapshots").run()
    assert any("Take Photo" in info.value for info in live.info)
    live.camera_input[0].upload("shot.jpg", shot(200).getvalue(), "image/jpeg").run()
    assert not live.exception
    assert "2 faces: 1 with mask, 1 without" in [sub.value for sub in live.subheader]
    live.camera_input[0].upload("shot.jpg", b"no picture", "image/jpeg").run()
    assert not live.exception
    assert len(live.error) == 1


def test_an_alert_is_noted(live: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    live.toggle(key="alert").set_value(True).run()
    assert not live.error
    monkeypatch.setattr(LiveStream, "alerted", True)
    live.run()
    assert [error.value for error in live.error] == ["Somebody without a mask is in view."]


def test_visitors_have_streams_of_their_own(open_page: OpenPage, player: Player) -> None:
    first = open_page().switch_page("pages/live.py").run()
    st.cache_data.clear()
    second = open_page().switch_page("pages/live.py").run()
    assert stream_of(first) is not stream_of(second)
    assert stream_of(first).settings.pipeline.detector is (
        stream_of(second).settings.pipeline.detector
    )
