"""Recording photos of oneself, by the live picture or in single shots."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ui.loading
import ui.training.data_ways
import ui.training.label_check
from maskcore import MasklensError
from tests.ui.files import grey
from tests.ui.pages import Player, press, texts
from tests.ui.training.sections import disabled, go, got, on_disk, use_folder
from training.annotated.recording import FACES_A_CLASS
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from ui import entry
from ui.live import doctor, webrtc
from ui.live.browser import BrowserReport
from ui.training import recorder as module
from ui.training.recorder import FaceRecorder
from ui.training.recorder_view import LEAST

# The recorder's clock while it records: a second passes whenever it looks.
SECONDS = count()


def frame(number: int) -> Any:
    import av

    pixels = np.full((240, 320, 3), 40 + number, np.uint8)
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def record(page: AppTest, label: str, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the button and let the camera send frames, each when it is due."""
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(SECONDS))))
    press(page, label)
    recorder = page.session_state.face_recorder
    recorder._next = float("-inf")
    for number in range(frames):
        take(recorder, number)


def take(recorder: FaceRecorder, number: int) -> None:
    """Let the camera send a frame."""
    # In a thread: after browser tests the main one has a loop of its own.
    with ThreadPoolExecutor(1) as thread:
        (shown,) = thread.submit(asyncio.run, recorder.process([frame(number)])).result()
    assert (shown.width, shown.height) == (320, 240)


def record_and_use(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fewest faces of each class that can be trained on."""
    for name in ("Mask", "No Mask"):
        record(page, f"Record {name}", LEAST, monkeypatch)
        page.run()
        press(page, f"Pause {name}")
    press(page, "Use these faces")
    assert got(page) == f"got {2 * LEAST}"


def bars(page: AppTest) -> list[str]:
    return [element.proto.text for element in page.get("progress")]


def test_a_recording_from_start_to_use(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    go(page, "Record with the camera")
    assert player.calls[-1]["key"] == entry.RECORDER_KEY
    assert disabled(page, "Record Mask")
    assert disabled(page, "Use these faces")
    player.playing = True
    page.run()
    record(page, "Record Mask", FACES_A_CLASS + 5, monkeypatch)
    page.run()
    assert bars(page) == ["Mask: 50 of 50", "No Mask: 0 of 50"]
    assert page.session_state.face_recorder.label is None  # full: it stopped by itself
    assert not disabled(page, "Record Mask again")
    record(page, "Record No Mask", LEAST, monkeypatch)
    page.run()
    assert not disabled(page, "Pause No Mask")
    assert disabled(page, "Use these faces")  # while it records
    press(page, "Pause No Mask")
    press(page, "Use these faces")
    assert got(page) == f"got {FACES_A_CLASS + LEAST}"
    choice = page.session_state.choice
    assert choice.recorded
    assert choice.folder.parent == runs / "data"
    names = sorted(path.name for path in (choice.folder / WITHOUT_MASK).iterdir())
    assert names[0] == "recorded_0001.jpg"
    assert len(names) == LEAST
    press(page, "Other photos")
    assert "face_recorder" not in page.session_state or (
        page.session_state.face_recorder.recording.folder != choice.folder
    )


def test_recording_a_full_class_again_begins_anew(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", FACES_A_CLASS, monkeypatch)
    page.run()
    record(page, "Record Mask again", 3, monkeypatch)
    page.run()
    assert bars(page)[0] == "Mask: 3 of 50"


def test_a_stream_that_ends_pauses_the_recording(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", 2, monkeypatch)
    player.playing = False
    page.run()
    assert page.session_state.face_recorder.label is None
    assert bars(page)[0] == "Mask: 2 of 50"


def test_a_stream_that_is_set_up_once_more_goes_on_recording(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", 2, monkeypatch)
    player.playing, player.signalling = False, True  # as the browser may say for a moment
    page.run()
    assert not disabled(page, "Pause Mask")
    assert page.session_state.face_recorder.label == WITH_MASK
    player.signalling = False
    page.run()
    assert page.session_state.face_recorder.label is None


def test_a_press_that_is_handed_on_twice_records(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: -1.0))
    press(page, "Record Mask")
    press(page, "Pause Mask")  # at once, as Streamlit does at times, or a double click
    assert page.session_state.face_recorder.label == WITH_MASK
    record(page, "Record No Mask", 2, monkeypatch)  # the other button is another press
    assert page.session_state.face_recorder.label == WITHOUT_MASK
    press(page, "Pause No Mask")
    assert page.session_state.face_recorder.label is None


def test_a_press_to_pause_that_comes_too_late_costs_no_faces(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", FACES_A_CLASS - 1, monkeypatch)
    page.run()
    recorder = page.session_state.face_recorder
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 10.0**6))
    take(recorder, FACES_A_CLASS)
    press(page, "Pause Mask")  # as it stands in the browser still
    assert bars(page)[0] == "Mask: 50 of 50"
    assert recorder.label is None


def test_faces_once_used_are_not_brought_again(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    recorder = page.session_state.face_recorder
    record_and_use(page, monkeypatch)
    recorder.finish()  # a double click's second press, which came after that
    press(page, "Other photos")
    go(page, "Record with the camera")
    assert got(page) == "got nothing"
    assert not page.info
    assert bars(page) == ["Mask: 0 of 50", "No Mask: 0 of 50"]


def test_a_recording_that_is_not_done_outlives_other_photos(
    page: AppTest,
    player: Player,
    monkeypatch: pytest.MonkeyPatch,
    photos: dict[str, bytes],
    tmp_path: Path,
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", 3, monkeypatch)
    names = {"Maske": "with_mask", "Gesichter": "without_mask"}
    use_folder(page, on_disk(tmp_path / "own", photos, names))
    press(page, "Other photos")
    go(page, "Record with the camera")
    assert bars(page) == ["Mask: 3 of 50", "No Mask: 0 of 50"]


def test_a_picture_too_large_is_not_unpacked_and_the_recording_goes_on(
    page: AppTest, player: Player, awaited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av

    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", 2, monkeypatch)
    recorder = page.session_state.face_recorder
    (shown,) = awaited(recorder.process([av.VideoFrame(3000, 4000, "yuv420p")]))
    assert (shown.width, shown.height) == (480, 640)
    page.run()
    assert "3000x4000 pixels; at most 9 megapixels" in texts(page)
    assert bars(page)[0] == "Mask: 2 of 50"
    take(recorder, 3)
    page.run()
    assert bars(page)[0] == "Mask: 3 of 50"


def test_recorded_faces_that_are_gone_are_recorded_anew(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record_and_use(page, monkeypatch)
    rmtree(page.session_state.choice.folder)  # a day has passed
    page.run()
    assert [info.value for info in page.info] == [
        "The photos brought last are no longer there. Bring them again."
    ]
    assert bars(page) == ["Mask: 0 of 50", "No Mask: 0 of 50"]


def test_another_way_stops_the_camera(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    reset: list[Any] = []
    monkeypatch.setattr(webrtc, "_reset_context", reset.append)
    go(page, "Record with the camera")
    context = SimpleNamespace(_get_worker=lambda: None)
    page.session_state[entry.RECORDER_KEY] = context
    calls = len(player.calls)
    go(page, "Public photos")
    assert reset == [context]
    assert len(player.calls) == calls


def test_single_shots_work_without_a_stream(
    page: AppTest, player: Player, released: list[str]
) -> None:
    go(page, "Record with the camera")
    calls = len(player.calls)
    page.toggle(key="recorder_shots").set_value(True).run()
    assert len(player.calls) == calls
    page.camera_input[0].upload("shot.jpg", grey(90, 320, 240, "JPEG"), "image/jpeg").run()
    assert bars(page) == ["Mask: 1 of 50", "No Mask: 0 of 50"]
    page.radio[0].set_value(WITHOUT_MASK).run()
    page.camera_input[0].upload("shot.jpg", grey(120, 320, 240, "JPEG"), "image/jpeg").run()
    page.camera_input[0].upload("shot.jpg", grey(0, 320, 240, "JPEG"), "image/jpeg").run()
    assert bars(page) == ["Mask: 1 of 50", "No Mask: 1 of 50"]
    assert any("No face is seen" in caption.value for caption in page.caption)
    assert len(set(released)) == 3  # only the cut-out face is kept
    assert disabled(page, "Use these faces")
    assert not page.exception


def test_single_shots_say_why_no_camera_opens(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = BrowserReport(secure=True, api=True, permission="denied")
    monkeypatch.setattr(doctor, "browser_report", lambda *_: report)
    go(page, "Record with the camera")
    page.toggle(key="recorder_shots").set_value(True).run()
    (said,) = [error.value for error in page.error]
    assert "The camera is not allowed" in said
    assert "choose another way to bring photos" in said  # not what the Live page has instead
    assert not page.exception


def test_a_missing_face_finder_is_a_sentence(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, live: bool = False) -> None:
        raise MasklensError("The face finder is missing.")

    monkeypatch.setattr(ui.loading, "detector", missing)
    go(page, "Record with the camera")
    assert len(page.error) == 1
    assert not page.exception
