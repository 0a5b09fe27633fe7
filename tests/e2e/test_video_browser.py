"""A video file in Chromium: uploaded, labelled, played and taken along."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.clips import HEIGHT, RATE, WIDTH
from benchmarks.video import write_clip
from maskcore.drawing import COLOURS
from maskcore.types import Verdict
from tests.e2e.steps import download, settled

pytestmark = pytest.mark.e2e

SECONDS = 2
FRAMES = SECONDS * RATE
# Labelling takes seconds where nothing else runs; minutes are for busy machines.
PATIENCE_MS = 300_000
LABELS: tuple[Verdict, ...] = ("Mask", "No Mask")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A masked and a bare face that move, and a tone."""
    path = tmp_path_factory.mktemp("clips") / "two faces.mp4"
    write_clip(path, SECONDS, 2)
    return path


def images_of(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def edge_share(before: NDArray[np.uint8], after: NDArray[np.uint8], row: dict[str, str]) -> float:
    """How much of the box's left and right edge took on the label's colour.

    H.264 stores colours at half resolution: a line of two pixels comes near its colour only.
    """
    x0, y0, x1, y1 = (round(float(row[name])) for name in ("x0", "y0", "x1", "y1"))
    colour = COLOURS["Mask" if row["label"] == "Mask" else "No Mask"]
    shares = []
    for x in (x0, x1):
        strip = np.s_[max(y0, 0) : y1, max(x - 3, 0) : x + 4]
        was, now = (
            abs(image[strip].astype(int) - colour).sum(axis=2).min(axis=1)
            for image in (before, after)
        )
        shares.append((now < was - 30).mean())
    return float(min(shares))


def test_an_uploaded_video_comes_out_labelled(
    live: Callable[..., Any], clip: Path, tmp_path: Path
) -> None:
    page = live(viewport={"width": 1366, "height": 768})
    settled(page)
    page.get_by_text("Video file", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").locator("button").click()
    assert not chooser.value.is_multiple()
    chooser.value.set_files(clip)
    # Nothing is pressed: the page notices the end by itself.
    heading = page.get_by_role("heading", name=f"2 people in {SECONDS} s of video", exact=True)
    heading.wait_for(timeout=PATIENCE_MS)
    assert page.get_by_test_id("stProgress").count() == 0
    player = page.locator("video")
    player.wait_for()
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    size = player.evaluate("video => [video.videoWidth, video.videoHeight, video.duration]")
    assert size == [WIDTH, HEIGHT, pytest.approx(SECONDS, abs=0.1)]
    shown = player.bounding_box()
    assert shown["width"] <= WIDTH and shown["height"] <= 0.61 * 768
    assert shown["width"] / shown["height"] == pytest.approx(WIDTH / HEIGHT, rel=0.01)
    another = page.get_by_role("button", name="Another video")
    assert another.bounding_box()["y"] < shown["y"] < 768

    name, content = download(page, "Labelled video (MP4)")
    table_name, table = download(page, "Table (CSV)")

    assert (name, table_name) == ("two faces-masklens.mp4", "two faces-masklens.csv")
    (labelled := tmp_path / name).write_bytes(content)
    with av.open(labelled) as container:
        (video,), (sound,) = container.streams.video, container.streams.audio
        assert video.codec_context.name == "h264"
        assert (video.width, video.height) == (WIDTH, HEIGHT)
        assert float(sound.duration * sound.time_base) == pytest.approx(SECONDS, abs=0.1)
        loudness = max(abs(frame.to_ndarray()).max() for frame in container.decode(sound))
        assert loudness > 0.2
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert {row["label"] for row in rows} == set(LABELS)
    assert len({row["track"] for row in rows}) == 2
    before, after = images_of(clip), images_of(labelled)
    assert len(after) == len(before) == FRAMES
    for label in LABELS:
        sure = [row for row in rows if row["label"] == label and row["sure"] == "yes"]
        assert len(sure) > FRAMES // 2
        shares = [
            edge_share(before[frame], after[frame], row)
            for row, frame in ((row, int(row["frame"])) for row in sure)
        ]
        assert min(shares) > 0.8, (label, shares)

    another.click()
    page.get_by_test_id("stFileUploaderDropzone").wait_for()
    assert heading.count() == 0
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.content()
