"""The Live page's view of a video file: what it starts, shows, hands out and forgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskcore import MasklensError, MaskPipeline
from maskcore.video_layout import look_at
from tests.full_disk import full_disk
from tests.ui.pages import Player, downloads, labels, press
from training.photos.data_folders import data_root
from ui.keys import VIDEO
from ui.live import video, video_view
from ui.live.video import VideoSettings
from ui.words import plain

ANOTHER, STOP = "Another video", "Stop and keep what is done"
AGAIN = "Label it again"
VIDEO_BUTTON, TABLE_BUTTON = "Labelled video (MP4)", "Table (CSV)"


def progress(share: float | None, seconds: float = 12.4) -> Any:
    return SimpleNamespace(
        share=share, seconds=seconds, annotated_rgb=np.full((48, 64, 3), 128, np.uint8)
    )


def summary(**options: Any) -> Any:
    facts = {"people": 2, "seconds": 41.6, "problem": None, "stopped": False}
    facts |= {"frames": 1040, "faces": {"Mask": 1500, "No Mask": 500, "Not sure": 0}}
    return SimpleNamespace(**(facts | options))


class FakeJob:
    """Stands in for ``VideoJob``: is in the state it is told to be in."""

    source_file: Path

    def __init__(self, name: str, content: Any, pipeline: Any, settings: VideoSettings) -> None:
        self.name, self.content, self.pipeline = name, content.read(), pipeline
        self.settings = settings
        self.state = "running"
        self.progress: Any = None
        self.summary: Any = None
        self.problem = ""
        self.stops = self.discards = 0

    def stop(self) -> None:
        self.stops += 1

    def discard(self) -> None:
        self.discards += 1

    def end(self, folder: Path, **options: Any) -> None:
        """Be done, with files."""
        self.video_file, self.csv_file = folder / "video.mp4", folder / "faces.csv"
        self.video_file.write_bytes(b"0123456789")
        self.csv_file.write_bytes(b"seconds,frame\n")
        self.state, self.summary = "ended", summary(**options)


@pytest.fixture
def open_view(
    open_page: Callable[[], AppTest], fake_models: Path, player: Player
) -> Callable[[], AppTest]:
    """Opens the Live page at "Video file" in a new session."""

    def start() -> AppTest:
        return choose_way(open_page("pages/live.py"), "Video file")

    return start


@pytest.fixture
def view(open_view: Callable[[], AppTest], jobs: list[FakeJob]) -> AppTest:
    return open_view()


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeJob]:
    """Every job that was begun, oldest first; any file is taken for a video."""
    begun: list[FakeJob] = []
    monkeypatch.setattr(video_view, "look_at", lambda content: None)

    def begin(*arguments: Any) -> FakeJob:
        job = FakeJob(*arguments)
        job.source_file = tmp_path / f"source-{len(begun)}"
        job.source_file.write_bytes(job.content)
        begun.append(job)
        return job

    monkeypatch.setattr(video_view, "VideoJob", begin)
    return begun


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page handed to its download buttons, by label, and to its player."""
    handed: dict[str, Any] = {}
    download_button, player = st.download_button, st.video

    def note_download(label: str, data: Any, name: str, *rest: Any, **options: Any) -> Any:
        handed[label] = SimpleNamespace(data=data, name=name)
        return download_button(label, data, name, *rest, **options)

    def note_video(data: Any, **options: Any) -> Any:
        handed["player"] = data
        return player(data, **options)

    monkeypatch.setattr(st, "download_button", note_download)
    monkeypatch.setattr(st, "video", note_video)
    return handed


def choose_way(page: AppTest, way: str) -> AppTest:
    page = page.segmented_control(key="way").set_value(way).run()
    assert not page.exception
    return page


def upload(page: AppTest, name: str = "holiday.mp4", content: bytes = b"moving") -> AppTest:
    page = page.file_uploader[0].upload(name, content, "video/mp4").run()
    assert not page.exception
    return page


def shown(page: AppTest) -> list[tuple[int, str]]:
    """Of the progress bars, percent and text."""
    return [(bar.value, bar.text) for bar in page.progress]


def headers(page: AppTest) -> list[str]:
    return [sub.value for sub in page.header]


def test_it_waits_for_a_video(view: AppTest, jobs: list[FakeJob]) -> None:
    (uploader,) = view.file_uploader
    assert not uploader.allowed_type  # what the widget refuses vanishes without a word
    (style,) = [item.proto.body for item in view.get("html") if "drop a video" in item.proto.body]
    assert "MP4, MOV, WEBM, MKV, AVI; up to 500\N{NO-BREAK SPACE}MB" in style
    assert uploader.proto.max_upload_size_mb == 500
    assert not uploader.accept_multiple_files
    assert any("choose them first" in caption.value for caption in view.caption)
    assert not {ANOTHER, STOP} & {*labels(view)} and downloads(view) == []
    assert (shown(view), headers(view), jobs) == ([], [], [])


def test_an_upload_is_begun_as_chosen(
    view: AppTest, jobs: list[FakeJob], fake_pipeline: MaskPipeline
) -> None:
    view.slider(key="threshold").set_value(80).run()
    view.toggle(key="blur").set_value(True).run()

    upload(view, "holiday.mov", b"moving pictures")

    (job,) = jobs
    assert (job.name, job.content) == ("holiday.mov", b"moving pictures")
    assert job.settings == VideoSettings("fcos", "first", 0.8, True)
    assert job.pipeline is fake_pipeline
    assert not view.file_uploader
    assert STOP in labels(view) and ANOTHER not in labels(view)


@pytest.mark.parametrize("is_video", [True, False])
def test_an_upload_does_not_stay_in_memory(
    view: AppTest,
    jobs: list[FakeJob],
    released: list[str],
    monkeypatch: pytest.MonkeyPatch,
    is_video: bool,
) -> None:
    if not is_video:
        monkeypatch.setattr(video_view, "look_at", look_at)
    upload(view)
    assert len(released) == 1
    assert (len(jobs), len(view.error)) == ((1, 0) if is_video else (0, 1))
    view.run()
    assert not view.exception


def test_a_press_while_a_video_is_taken_in_does_not_lose_it(
    view: AppTest, jobs: list[FakeJob], released: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    presses = iter([True])

    @contextmanager
    def interrupted(text: str) -> Iterator[None]:
        """The spinner goes, and Streamlit begins the run that was asked for meanwhile."""
        yield
        if text == "Taking the video in" and next(presses, False):
            st.rerun()

    monkeypatch.setattr(st, "spinner", interrupted)
    upload(view)
    assert [job.content for job in jobs][-1] == b"moving"
    assert STOP in labels(view)
    assert len(released) == 1


@pytest.mark.parametrize("name", ["t.jpg", "t.mp4"])
def test_a_file_that_is_no_video_is_refused_in_words(
    view: AppTest,
    jobs: list[FakeJob],
    photo_file: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(video_view, "look_at", look_at)
        upload(view, name, photo_file(200, format="JPEG"))

    (error,) = view.error
    assert error.value.startswith(f"**{plain(name)}**: ")
    assert "MP4, MOV, WEBM, MKV or AVI" in error.value
    assert (jobs, view.file_uploader[0].value) == ([], None)
    upload(view)
    assert ([job.name for job in jobs], len(view.error)) == (["holiday.mp4"], 0)


def test_choices_made_later_begin_nothing_anew(view: AppTest, jobs: list[FakeJob]) -> None:
    upload(view)
    view.slider(key="threshold").set_value(80).run()
    view.toggle(key="blur").set_value(True).run()

    (job,) = jobs
    assert (job.settings.threshold, job.settings.blur) == (0.5, False)
    assert (job.stops, job.discards) == (0, 0)


def made_with(page: AppTest) -> str:
    (line,) = [item.value for item in page.caption if item.value.startswith("Made with")]
    return str(line)


def again(page: AppTest) -> Any:
    (button,) = [item for item in page.button if item.label == AGAIN]
    return button


@pytest.mark.parametrize("ended", [False, True])
def test_it_can_be_labelled_again_with_other_settings(
    view: AppTest, jobs: list[FakeJob], tmp_path: Path, ended: bool
) -> None:
    upload(view)
    if ended:
        jobs[0].end(tmp_path)
    view.run()
    assert "Masklens, first, a mask from 50\N{NO-BREAK SPACE}%, faces not blurred." in made_with(
        view
    )
    assert again(view).disabled  # it would come out as it is

    view.slider(key="threshold").set_value(80).run()
    view.toggle(key="blur").set_value(True).run()
    assert "50\N{NO-BREAK SPACE}%, faces not blurred." in made_with(view)
    press(view, AGAIN)

    first, second = jobs
    assert (second.name, second.content) == ("holiday.mp4", b"moving")
    assert second.settings == VideoSettings("fcos", "first", 0.8, True)
    assert (first.discards, second.discards) == (1, 0)
    assert "80\N{NO-BREAK SPACE}%, faces blurred." in made_with(view)
    assert again(view).disabled
    assert shown(view) == [(0, "holiday.mp4: opening")]


def test_a_full_disk_leaves_the_result_that_is_there(
    view: AppTest, jobs: list[FakeJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(view)
    jobs[0].end(tmp_path)
    view.toggle(key="blur").set_value(True).run()
    monkeypatch.setattr(video_view, "VideoJob", full_disk)
    press(view, AGAIN)

    assert "disk may be full" in view.error[0].value
    assert (jobs[0].discards, headers(view)) == (0, ["2 people in 42 s of video"])


def test_where_there_is_little_room_it_is_said(
    view: AppTest, jobs: list[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> FakeJob:
        raise MasklensError("Less than 2 GB are free.")

    monkeypatch.setattr(video_view, "VideoJob", refuse)
    upload(view)
    assert [error.value for error in view.error] == [
        f"**{plain('holiday.mp4')}**: Less than 2 GB are free."
    ]
    assert view.file_uploader


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "done"])
def test_a_video_that_was_cleared_away_after_a_day_has_to_be_brought_again(
    view: AppTest, jobs: list[FakeJob], tmp_path: Path, state: str
) -> None:
    upload(view)
    if state == "done":
        jobs[0].end(tmp_path)
        jobs[0].video_file.unlink()
    else:
        jobs[0].state = "ended" if state == "failed" else state
    jobs[0].source_file.unlink()
    view.toggle(key="blur").set_value(True)  # so that it could be labelled again
    view.run()
    assert not view.exception
    assert "is after a day. Bring it again." in view.error[0].value
    assert (jobs[0].discards, headers(view)) == (1, [])
    upload(view)
    assert (len(jobs), len(view.error)) == (2, 0)


def test_a_finder_that_is_not_there_labels_nothing_again(
    view: AppTest, jobs: list[FakeJob]
) -> None:
    upload(view)
    view.selectbox(key="detector").select("yunet").run()
    assert again(view).disabled
    assert made_with(view).startswith("Made with Masklens")


@pytest.mark.parametrize(
    ("state", "now", "bar"),
    [
        ("waiting", None, (0, "holiday.mp4: waiting for its turn")),
        ("running", None, (0, "holiday.mp4: opening")),
        ("running", progress(0.4), (40, "holiday.mp4: 12 of 31 s of video done")),
        (
            "waiting",
            progress(0.4),
            (40, "holiday.mp4: 12 of 31 s of video done, waiting for its turn"),
        ),
        ("running", progress(0.0, 0.0), (0, "holiday.mp4: 0 s of video done")),
        ("running", progress(1.0), (100, "holiday.mp4: 12 of 12 s of video done")),
        ("running", progress(None), (0, "holiday.mp4: 12 s of video done")),
    ],
)
def test_it_tells_how_far_it_is(
    view: AppTest, jobs: list[FakeJob], state: str, now: Any, bar: tuple[int, str]
) -> None:
    upload(view)
    jobs[0].state, jobs[0].progress = state, now
    view.run()

    assert not view.exception
    assert shown(view) == [bar]
    assert len(view.get("image")) == (now is not None)
    assert STOP in labels(view)
    assert headers(view) == []


def test_a_name_is_no_markdown_and_not_long(view: AppTest, jobs: list[FakeJob]) -> None:
    upload(view, "**a**" + "b" * 80 + ".mp4")

    ((_, text),) = shown(view)
    assert text.startswith(r"\*\*a\*\*bbb") and text.endswith(".mp4: opening")
    assert len(text) < 90


def test_the_stop_button_stops(view: AppTest, jobs: list[FakeJob]) -> None:
    upload(view)
    assert jobs[0].stops == 0

    press(view, STOP)

    assert (jobs[0].stops, jobs[0].discards) == (1, 0)


def test_the_result_comes_by_itself(
    view: AppTest, jobs: list[FakeJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(view)
    jobs[0].end(tmp_path)
    # It ends after the page has looked, so that only the watching part meets the end.
    answers = ["running"]
    monkeypatch.setattr(
        FakeJob,
        "state",
        property(lambda job: answers.pop() if answers else "ended", lambda job, state: None),
        raising=False,
    )

    view.run()

    assert not view.exception
    assert (answers, shown(view)) == ([], [])
    assert headers(view) == ["2 people in 42 s of video"]


def faces(mask: int, bare: int, unsure: int) -> dict[str, int]:
    return {"Mask": mask, "No Mask": bare, "Not sure": unsure}


@pytest.mark.parametrize(
    ("facts", "heading", "line"),
    [
        (
            {"people": 1, "faces": faces(1500, 500, 0)},
            "1 person in 42 s of video",
            "with a mask 75 % of the time, without a mask 25 %."
            " Faces in all pictures: 1,500 with a mask, 500 without.",
        ),
        (
            {"people": 3, "faces": faces(30, 50, 20)},
            "3 people in 42 s of video",
            "with a mask 38 % of the time, without a mask 62 %."
            " Faces in all pictures: 30 with a mask, 50 without, 20 not sure.",
        ),
        (
            {"people": 0, "faces": faces(0, 0, 0)},
            "No face found in 42 s of video",
            "there is nobody whose mask could be checked.",
        ),
        (
            {"people": 2, "faces": faces(0, 0, 9)},
            "2 people in 42 s of video",
            "whether masks are worn could not be told for any face.",
        ),
        (
            {"people": 0, "faces": faces(2, 0, 0)},
            "Faces too briefly seen to count people in 42 s of video",
            "with a mask 100 % of the time, without a mask 0 %."
            " Faces in all pictures: 2 with a mask, 0 without.",
        ),
        (
            {"people": 0, "faces": faces(1, 1, 0), "frames": 1, "seconds": 0.04},
            "2 faces in 1 picture",
            "with a mask 50 % of the time, without a mask 50 %."
            " Faces in all pictures: 1 with a mask, 1 without.",
        ),
        (
            {"people": 0, "faces": faces(0, 0, 0), "frames": 9, "seconds": 0.4},
            "No face found in 9 pictures",
            "there is nobody whose mask could be checked.",
        ),
    ],
)
def test_the_result_answers_who_wears_a_mask(
    facts: dict[str, Any], heading: str, line: str
) -> None:
    done = summary(**facts)
    assert video_view._found(done) == heading
    assert video_view._shares(done).replace("\N{NO-BREAK SPACE}", " ") == line


def test_the_result_is_a_sentence_a_player_and_downloads(
    view: AppTest, jobs: list[FakeJob], given: dict[str, Any], tmp_path: Path
) -> None:
    upload(view, "my holiday.mov")
    jobs[0].end(tmp_path, people=3)
    view.run()

    assert not view.exception
    assert headers(view) == ["3 people in 42 s of video"]
    assert "**my holiday.mov**: with a mask 75\xa0% of the time" in view.markdown[-1].value
    assert len(view.get("video")) == 1
    assert given["player"] == b"0123456789"
    assert given[VIDEO_BUTTON].name == "my holiday-masklens.mp4"
    assert given[TABLE_BUTTON].name == "my holiday-masklens.csv"
    assert {VIDEO_BUTTON, TABLE_BUTTON} <= {*downloads(view)} and ANOTHER in labels(view)
    assert STOP not in labels(view)
    assert (len(view.warning), len(view.info), len(view.error), shown(view)) == (0, 0, 0, [])


def test_files_are_read_when_they_are_asked_for(
    view: AppTest, jobs: list[FakeJob], given: dict[str, Any], tmp_path: Path
) -> None:
    upload(view)
    jobs[0].end(tmp_path)
    view.run()

    (tmp_path / "video.mp4").write_bytes(b"later")
    (tmp_path / "faces.csv").write_bytes(b"later,too")

    assert given[VIDEO_BUTTON].data() == b"later"
    assert given[TABLE_BUTTON].data() == b"later,too"


@pytest.mark.parametrize(("size", "played"), [(2**20, True), (2**20 + 1, False)])
def test_a_large_result_is_not_read_by_the_page(
    view: AppTest,
    jobs: list[FakeJob],
    given: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    played: bool,
) -> None:
    monkeypatch.setattr(video_view, "PLAYED_MEGABYTES", 1)
    upload(view)
    jobs[0].end(tmp_path)
    jobs[0].video_file.write_bytes(bytes(size))
    read = []
    read_bytes = Path.read_bytes

    def note(path: Path) -> bytes:
        read.append(path.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", note)
    view.run()

    assert not view.exception
    assert len(view.get("video")) == played
    assert ("video.mp4" in read) == played
    assert "faces.csv" not in read
    assert len(given[VIDEO_BUTTON].data()) == size


@pytest.mark.parametrize(
    ("facts", "warnings", "notes"),
    [
        ({"problem": "Its sound *cannot* be read."}, [r"Its sound \*cannot\* be read."], []),
        ({"stopped": True}, [], ["Stopped: this is what was done until then."]),
        (
            {"problem": "Cut.", "stopped": True},
            ["Cut."],
            ["Stopped: this is what was done until then."],
        ),
    ],
)
def test_what_is_missing_is_noted_beside_the_result(
    view: AppTest,
    jobs: list[FakeJob],
    tmp_path: Path,
    facts: dict[str, Any],
    warnings: list[str],
    notes: list[str],
) -> None:
    upload(view)
    jobs[0].end(tmp_path, **facts)
    view.run()

    assert [item.value for item in view.warning] == warnings
    assert [item.value for item in view.info] == notes
    assert headers(view) == ["2 people in 42 s of video"]
    assert {VIDEO_BUTTON, TABLE_BUTTON} <= {*downloads(view)}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("This is no *video*.", r"This is no \*video\*."),
        ("", "This video could not be processed."),
    ],
)
def test_a_failure_is_a_sentence_and_a_way_on(
    view: AppTest, jobs: list[FakeJob], problem: str, said: str
) -> None:
    upload(view)
    jobs[0].state, jobs[0].problem = "ended", problem
    view.run()

    assert not view.exception
    assert [error.value for error in view.error] == [f"**holiday.mp4**: {said}"]
    assert headers(view) == []
    assert not {STOP, AGAIN} & {*labels(view)} and downloads(view) == []
    press(view, ANOTHER)
    assert jobs[0].discards == 1
    assert len(view.file_uploader) == 1


def test_a_full_disk_is_a_sentence_and_the_next_video_is_taken(
    view: AppTest, jobs: list[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(video_view, "VideoJob", full_disk)
        upload(view)

    (error,) = view.error
    assert "disk may be full" in error.value and "secret" not in error.value
    assert view.file_uploader[0].value is None  # one that is full would lose the next file
    view.run()
    assert (len(view.error), jobs) == (0, [])
    upload(view, "second.mp4")
    assert [job.name for job in jobs] == ["second.mp4"]


def test_another_video_may_follow(view: AppTest, jobs: list[FakeJob], tmp_path: Path) -> None:
    upload(view)
    jobs[0].end(tmp_path)
    view.run()

    press(view, ANOTHER)

    assert jobs[0].discards == 1
    (uploader,) = view.file_uploader
    assert uploader.value is None
    assert headers(view) == []
    view.run()  # the video before is not taken again
    assert len(jobs) == 1
    upload(view, "second.mp4", b"second")
    assert [job.content for job in jobs] == [b"moving", b"second"]
    assert shown(view) == [(0, "second.mp4: opening")]
    assert (jobs[0].discards, jobs[1].discards) == (1, 0)


@pytest.mark.parametrize("way", ["Live video", "Take a photo"])
def test_another_view_leaves_the_job_alone(
    view: AppTest, jobs: list[FakeJob], tmp_path: Path, way: str
) -> None:
    upload(view)
    choose_way(view, way)
    assert (shown(view), STOP in labels(view)) == ([], False)
    choose_way(view, "Video file")
    assert shown(view) == [(0, "holiday.mp4: opening")]

    choose_way(view, way)
    jobs[0].end(tmp_path)
    assert headers(choose_way(view, "Video file")) == ["2 people in 42 s of video"]
    assert (len(jobs), jobs[0].stops, jobs[0].discards) == (1, 0, 0)


def test_another_page_leaves_the_job_alone(view: AppTest, jobs: list[FakeJob]) -> None:
    upload(view)
    view.switch_page("pages/photo.py").run()
    assert shown(view) == []
    view.switch_page("pages/live.py").run()

    assert view.segmented_control(key="way").value == "Video file"
    assert shown(view) == [(0, "holiday.mp4: opening")]
    assert (len(jobs), jobs[0].stops, jobs[0].discards) == (1, 0, 0)


def test_visitors_have_jobs_of_their_own(
    open_view: Callable[[], AppTest], jobs: list[FakeJob], tmp_path: Path
) -> None:
    first, second = open_view(), open_view()
    upload(first, "first.mp4")
    second.run()
    assert (len(second.file_uploader), shown(second)) == (1, [])
    upload(second, "second.mp4")
    assert [job.name for job in jobs] == ["first.mp4", "second.mp4"]

    press(second, STOP)
    jobs[1].end(tmp_path)
    assert headers(second.run()) == ["2 people in 42 s of video"]
    press(second, ANOTHER)

    assert shown(first.run()) == [(0, "first.mp4: opening")]
    assert [(job.stops, job.discards) for job in jobs] == [(0, 0), (1, 1)]


def test_a_real_job_leaves_nothing_behind(
    open_view: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def annotate(source: Path, target: Path, pipeline: Any, **options: Any) -> Any:
        target.write_bytes(source.read_bytes())
        options["csv_file"].write_text("table")
        return summary(people=1)

    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path))
    monkeypatch.setattr(video, "annotate_video", annotate)
    monkeypatch.setattr(video_view, "look_at", lambda content: None)
    page = upload(open_view())
    job = page.session_state[VIDEO]
    deadline = time.monotonic() + 60
    while job.state != "ended":
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert headers(page.run()) == ["1 person in 42 s of video"]
    assert job.video_file.read_bytes() == b"moving"
    assert len(list(data_root().iterdir())) == 1
    press(page, ANOTHER)

    assert list(data_root().iterdir()) == []
    assert len(page.file_uploader) == 1
