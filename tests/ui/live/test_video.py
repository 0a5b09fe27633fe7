"""A visitor's video in the background: its states, its files, its end."""

from __future__ import annotations

import errno
import gc
import io
import stat
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maskcore import MasklensError
from training.photos import data_folders
from training.photos.data_folders import KEPT_SECONDS, clean_up, data_root
from ui.live import video
from ui.live.video import VideoJob, VideoSettings


class Labelling:
    """Stands in for ``annotate_video``: goes on when let, and heeds ``stop``."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.options: dict[str, Any] = {}
        self.content = b""
        self.fault: Exception | None = None
        self.stopped = False

    def __call__(self, source: Path, target: Path, pipeline: Any, **options: Any) -> Any:
        self.options = options
        self.content = source.read_bytes()
        self.begun.set()
        while not self.go.is_set() and not options["stop"]():
            time.sleep(0.01)
        self.stopped = options["stop"]()
        if self.fault:
            raise self.fault
        options["on_progress"](SimpleNamespace(share=0.5))
        target.write_bytes(b"video")
        options["csv_file"].write_text("table")
        return SimpleNamespace(stopped=self.stopped)


@pytest.fixture
def labelling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Labelling]:
    work = Labelling()
    monkeypatch.setattr(video, "annotate_video", work)
    yield work
    work.go.set()


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, labelling: Labelling
) -> Callable[..., VideoJob]:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path))

    def make(content: bytes = b"content", blur: bool = False) -> VideoJob:
        settings = VideoSettings("fcos", "mobilenet_v2", 0.7, blur)
        return VideoJob("a.mp4", io.BytesIO(content), None, settings)  # type: ignore[arg-type]

    return make


def wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(job: VideoJob) -> None:
    wait(lambda: job.state == "ended")


def test_it_runs_to_its_end_and_leaves_the_upload_and_the_results(
    start: Callable[..., VideoJob], labelling: Labelling, tmp_path: Path
) -> None:
    job = start(blur=True)
    assert labelling.begun.wait(20)
    assert (job.state, job.summary, job.progress) == ("running", None, None)
    assert labelling.content == b"content"
    assert (labelling.options["threshold"], labelling.options["blur"]) == (0.7, True)
    labelling.go.set()
    ended(job)
    assert job.summary is not None
    assert job.problem == ""
    assert job.video_file.read_bytes() == b"video"
    assert job.csv_file.read_text() == "table"
    (folder,) = data_root().iterdir()
    assert {path.name for path in folder.iterdir()} == {"source", "video.mp4", "faces.csv"}
    assert job.source_file.read_bytes() == b"content"  # to be labelled again


def test_stop_keeps_what_is_done(start: Callable[..., VideoJob], labelling: Labelling) -> None:
    job = start()
    assert labelling.begun.wait(20)
    job.stop()
    ended(job)
    assert job.summary.stopped
    assert job.video_file.exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (MasklensError("This is no video."), "This is no video."),
        (OSError(errno.ENOSPC, "secret"), "Make room on the disk"),
        (RuntimeError("secret"), "MP4"),
    ],
)
def test_a_fault_is_a_sentence(
    start: Callable[..., VideoJob], labelling: Labelling, fault: Exception, said: str
) -> None:
    labelling.fault = fault
    labelling.go.set()
    job = start()
    ended(job)
    assert job.summary is None
    assert said in job.problem
    assert "secret" not in job.problem


def test_a_disk_that_gets_full_ends_it_and_keeps_what_is_done(
    start: Callable[..., VideoJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(source: Path, target: Path, pipeline: Any, **options: Any) -> Any:
        while not options["stop"]():
            options["on_progress"](SimpleNamespace(share=None))
        return SimpleNamespace(stopped=True)

    def nearly_full() -> None:
        raise MasklensError("Less than 2 GB are free.")

    monkeypatch.setattr(video, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(video, "annotate_video", endless)
    job = start()
    monkeypatch.setattr(video, "check_room", nearly_full)
    ended(job)
    assert job.summary is not None and job.summary.stopped
    assert job.problem == "Less than 2 GB are free."


def test_one_video_at_a_time(start: Callable[..., VideoJob], labelling: Labelling) -> None:
    first = start()
    assert labelling.begun.wait(20)
    second = start(b"second")
    assert (first.state, second.state) == ("running", "waiting")
    labelling.go.set()
    ended(first)
    ended(second)
    assert labelling.content == b"second"


def endless(
    monkeypatch: pytest.MonkeyPatch, awaited: dict[str, Callable[[], bool]] | None = None
) -> dict[str, int]:
    """Let videos, called by their content, go on until they are stopped.

    Args:
        monkeypatch: takes labelling's place.
        awaited: by name, what must be so before the video begins.

    Returns:
        How many frames of each are done.
    """
    frames: dict[str, int] = {}

    def annotate(source: Path, target: Path, pipeline: Any, **options: Any) -> Any:
        name = source.read_bytes().decode()
        wait((awaited or {}).get(name, lambda: True))
        while not options["stop"]():
            frames[name] = frames.get(name, 0) + 1
            options["on_progress"](SimpleNamespace(share=None))
        return SimpleNamespace(stopped=True)

    monkeypatch.setattr(video, "annotate_video", annotate)
    return frames


def test_a_long_video_lets_others_have_their_turn(
    start: Callable[..., VideoJob], labelling: Labelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four take turns; a fifth begins when one of them ends, and all can be stopped meanwhile."""
    monkeypatch.setattr(video, "TURN_SECONDS", 0.0)
    frames = endless(monkeypatch)
    jobs = {}
    for name in "abcd":
        jobs[name] = start(name.encode())
        wait(lambda name=name: frames.get(name, 0) > 0)  # type: ignore[misc]
    jobs["e"] = start(b"e")
    before = dict(frames)
    wait(lambda: all(frames[name] > before[name] + 1 for name in "abcd"))
    assert "e" not in frames
    assert jobs["e"].state == "waiting"
    jobs["b"].stop()
    ended(jobs["b"])
    assert jobs["b"].summary.stopped
    wait(lambda: frames.get("e", 0) > 0)
    for job in jobs.values():
        job.stop()
    for job in jobs.values():
        ended(job)


def test_videos_that_had_their_share_give_way_to_those_that_wait(
    start: Callable[..., VideoJob], labelling: Labelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(video, "SHARE_SECONDS", 0.0)
    frames = endless(monkeypatch)
    jobs = {name: start(name.encode()) for name in "abcd"}
    wait(lambda: all(frames.get(name, 0) > 2 for name in "abcd"))
    assert "ended" not in {job.state for job in jobs.values()}  # nobody waits
    jobs["e"] = start(b"e")
    wait(lambda: frames.get("e", 0) > 2)
    (gone,) = [name for name, job in jobs.items() if job.problem]
    ended(jobs[gone])
    assert jobs[gone].summary is not None and jobs[gone].summary.stopped
    assert "Other videos are waiting" in jobs[gone].problem
    before = dict(frames)
    wait(lambda: all(frames[name] > before[name] + 1 for name in frames if name != gone))
    for job in jobs.values():
        job.stop()
    for job in jobs.values():
        ended(job)


def test_a_video_keeps_its_place_until_it_had_its_share(
    start: Callable[..., VideoJob], labelling: Labelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = count(0, 10)
    monkeypatch.setattr(video, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    monkeypatch.setattr(video, "BEGUN_AT_MOST", 1)
    frames = endless(monkeypatch, {"a": lambda: len(video._turns._line) == 2})
    jobs = {name: start(name.encode()) for name in "ab"}
    ended(jobs["a"])
    assert frames["a"] == 360  # of 10 seconds each
    wait(lambda: frames.get("b", 0) > 0)
    jobs["b"].stop()
    ended(jobs["b"])


def test_one_that_waits_can_be_stopped(
    start: Callable[..., VideoJob], labelling: Labelling, tmp_path: Path
) -> None:
    first = start()
    assert labelling.begun.wait(20)
    second = start(b"second")
    second.stop()
    ended(second)
    assert second.summary is None
    assert second.problem == "Stopped before anything was done."
    assert first.state == "running"
    assert labelling.content == b"content"
    second.discard()
    assert len(list(data_root().iterdir())) == 1


def test_discarding_deletes_every_file(
    start: Callable[..., VideoJob], labelling: Labelling, tmp_path: Path
) -> None:
    labelling.go.set()
    job = start()
    ended(job)
    job.discard()
    assert list(data_root().iterdir()) == []


def test_a_session_s_end_stops_the_work_and_deletes_every_file(
    start: Callable[..., VideoJob], labelling: Labelling, tmp_path: Path
) -> None:
    job = start()
    assert labelling.begun.wait(20)
    del job
    gc.collect()
    wait(lambda: not list(data_root().iterdir()))
    assert labelling.stopped


def test_an_upload_that_cannot_be_stored_leaves_nothing(
    start: Callable[..., VideoJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(video.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="no space"):
        start()
    assert list(data_root().iterdir()) == []


def test_where_there_is_little_room_nothing_is_stored(
    start: Callable[..., VideoJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folders.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    with pytest.raises(MasklensError, match="Less than 2 GB are free"):
        start()
    assert not data_root().exists()


def test_what_a_killed_server_left_goes_after_a_day(
    start: Callable[..., VideoJob], labelling: Labelling
) -> None:
    labelling.go.set()
    job = start()
    ended(job)
    assert job.source_file.parent.parent == data_root()
    assert stat.S_IMODE(job.source_file.parent.stat().st_mode) == 0o700
    clean_up(time.time() + KEPT_SECONDS - 60)
    assert job.video_file.is_file()
    clean_up(time.time() + 2 * KEPT_SECONDS)
    assert list(data_root().iterdir()) == []
