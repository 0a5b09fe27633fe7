from __future__ import annotations

import codecs
import csv
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from maskcore import __main__ as cli
from maskcore.commands import video
from maskcore.errors import MasklensError
from maskcore.pipeline import MaskPipeline
from maskcore.types import Detections, NotSure
from tests.maskcore.made_clips import frames_of, write_clip

RATE, FRAMES = 10, 12
BOXES = np.array([(4, 4, 24, 24), (60, 20, 90, 50)], np.float32)


class Finder:
    """Finds BOXES in every frame, and does something else besides."""

    def __init__(self, besides: Callable[[int], None]) -> None:
        self.besides = besides
        self.calls = 0

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        self.calls += 1
        self.besides(self.calls)
        return Detections(BOXES, np.array([0.9, 0.8], np.float32))


class Judge:
    """0.9 for faces at the left, else 0.2."""

    threshold = 0.5
    not_sure = NotSure()

    def mask_probabilities(self, _: NDArray[np.uint8], boxes: ArrayLike) -> NDArray[np.float32]:
        return np.where(np.asarray(boxes)[:, 0] < 30, 0.9, 0.2).astype(np.float32)


@pytest.fixture
def besides(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What is loaded; "call" is called with each search's number."""
    state: dict[str, object] = {"call": lambda number: None, "loaded": []}

    def load(detector: str, model: str, live: bool) -> MaskPipeline:
        state["loaded"].append((detector, model, live))
        return MaskPipeline(Finder(state["call"]), Judge())

    monkeypatch.setattr(MaskPipeline, "load", load)
    return state


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """12 frames in 1.2 seconds, with the index at the front."""
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, 64, 96, 3), np.uint8)
    return write_clip(
        tmp_path / "clip.mp4",
        list(noise),
        sound_codec=None,
        rate=RATE,
        options={"movflags": "+faststart"},
    )


def test_video_is_labelled_and_summed_up(
    clip: Path, tmp_path: Path, besides: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    out, table = tmp_path / "new" / "out.mp4", tmp_path / "new" / "faces.csv"

    assert cli.main(["video", str(clip), "--out", str(out), "--csv", str(table)]) == 0

    shown = capsys.readouterr()
    assert shown.out == f"{out}: 12 frames, 2 people, 50% with mask\n"
    assert shown.err == ""
    assert besides["loaded"] == [("fcos", "mobilenet_v2", True)]
    assert len(frames_of(out)) == FRAMES
    assert table.read_bytes().count(codecs.BOM_UTF8) == 1
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["frame"], row["label"]) for row in rows[:4]] == [
        ("0", "Mask"),
        ("0", "No Mask"),
        ("1", "Mask"),
        ("1", "No Mask"),
    ]
    assert len(rows) == 2 * FRAMES


def test_choices_are_passed_on(
    clip: Path, tmp_path: Path, besides: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}

    def annotate(source: Path, target: Path, pipeline: MaskPipeline, **options: object) -> None:
        given.update(options, source=source, target=target)
        raise MasklensError("Enough.")

    monkeypatch.setattr(video, "annotate_video", annotate)
    choices = ["--detector", "haar", "--model", "inception_v3", "--threshold", "0.3", "--blur"]

    assert cli.main(["video", str(clip), "--out", "o.mp4", *choices]) == 1

    assert besides["loaded"] == [("haar", "inception_v3", True)]
    assert (given["source"], given["target"]) == (clip, Path("o.mp4"))
    assert (given["threshold"], given["blur"], given["csv_file"]) == (0.3, True, None)


def test_cut_off_video_is_written_and_told(
    clip: Path, tmp_path: Path, besides: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    out = tmp_path / "out.mp4"

    assert cli.main(["video", str(clip), "--out", str(out)]) == 1

    shown = capsys.readouterr()
    assert 0 < len(frames_of(out)) < FRAMES
    assert shown.out.startswith(f"{out}: {len(frames_of(out))} frames, ")
    assert shown.err.startswith("This file is damaged or incomplete: of 1.2 seconds of video, ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "out", "sentence"),
    [
        ("missing.mp4", "out.mp4", "This video cannot be found."),
        ("words.mp4", "out.mp4", "This is not a video Masklens can read."),
        ("clip.mp4", "clip.mp4", "The results would replace "),
        ("clip.mp4", "words.mp4/out.mp4", "The results cannot be written: "),
    ],
)
def test_failure_is_told_in_one_line(
    clip: Path,
    tmp_path: Path,
    besides: dict[str, object],
    capsys: pytest.CaptureFixture[str],
    source: str,
    out: str,
    sentence: str,
) -> None:
    (tmp_path / "words.mp4").write_text("no video")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    assert cli.main(["video", str(tmp_path / source), "--out", str(tmp_path / out)]) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(sentence) and shown.err.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_control_c_keeps_what_is_done(
    clip: Path, tmp_path: Path, besides: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    usual = signal.getsignal(signal.SIGINT)
    besides["call"] = lambda number: signal.raise_signal(signal.SIGINT) if number == 5 else None
    out = tmp_path / "out.mp4"

    assert cli.main(["video", str(clip), "--out", str(out)]) == 1

    assert len(frames_of(out)) == 5
    assert capsys.readouterr().out.endswith("5 frames, 0 people, 50% with mask, stopped early\n")
    assert signal.getsignal(signal.SIGINT) is usual


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_second_control_c_ends_it_at_once(
    clip: Path, tmp_path: Path, besides: dict[str, object], interruptible: None
) -> None:
    def press_twice(number: int) -> None:
        first = signal.getsignal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        # Two that come before the first was heard are one.
        deadline = time.monotonic() + 60
        while signal.getsignal(signal.SIGINT) is first and time.monotonic() < deadline:
            time.sleep(0.001)
        signal.raise_signal(signal.SIGINT)

    besides["call"] = press_twice

    with pytest.raises(KeyboardInterrupt):
        cli.main(["video", str(clip), "--out", str(tmp_path / "out.mp4")])

    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("out", ["b.avi", "b", ".", "/"])
def test_a_video_is_not_written_under_another_kind_of_name(
    out: str, besides: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["video", "a.avi", "--out", out]) == 1
    said = f"Videos are written as MP4: name a file that ends in .mp4, not {Path(out)}.\n"
    assert capsys.readouterr().err == said
    assert besides["loaded"] == []
