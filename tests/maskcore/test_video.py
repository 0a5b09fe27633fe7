from __future__ import annotations

import codecs
import csv
import gc
import io
import weakref
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore.drawing import blur_faces, draw_faces
from maskcore.errors import MasklensError, VideoError
from maskcore.live import LiveAnalyzer
from maskcore.pipeline import MaskPipeline
from maskcore.types import Detections, NotSure
from maskcore.video import CSV_COLUMNS, VideoProgress, annotate_video
from tests.maskcore.made_clips import (
    BARE,
    MASKED,
    NO_VIDEO,
    RATE,
    ColourJudge,
    Image,
    SquareFinder,
    assert_plays_everywhere,
    frames_of,
    images_of,
    moving,
    picture,
    sound_of,
    tone,
    write_clip,
)


def test_labels_stand_where_the_faces_are(tmp_path: Path, pipeline: MaskPipeline) -> None:
    faces = picture((10, 30, BARE), (60, 30, MASKED))
    clip = write_clip(tmp_path / "a.mp4", [faces] * 6, sound_codec=None)
    shown: list[VideoProgress] = []

    annotate_video(clip, tmp_path / "b.mp4", pipeline, on_progress=shown.append)

    analyzer = LiveAnalyzer(1)
    for before, after, progress in zip(
        images_of(clip), images_of(tmp_path / "b.mp4"), shown, strict=True
    ):
        bare, masked = analyzer.analyze(before, progress.seconds, pipeline).faces
        assert (bare.label, masked.label) == ("No Mask", "Mask")
        np.testing.assert_allclose(bare.box_xyxy, (10, 30, 30, 50), atol=2)
        np.testing.assert_array_equal(progress.annotated_rgb, draw_faces(before, (bare, masked)))
        # H.264 with halved colours blurs thin lines: this is near, not equal.
        off, drawn = (abs(progress.annotated_rgb.astype(int) - x).mean() for x in (after, before))
        assert off < drawn / 3


@pytest.mark.parametrize("count", [1, 7])
def test_stopped_video_is_kept_so_far(tmp_path: Path, pipeline: MaskPipeline, count: int) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(40), sound=tone(2))
    shown: list[VideoProgress] = []

    summary = annotate_video(
        clip,
        tmp_path / "b.mp4",
        pipeline,
        csv_file=tmp_path / "b.csv",
        on_progress=shown.append,
        stop=lambda: len(shown) == count,
    )

    assert summary.stopped and summary.problem is None
    assert summary.frames == len(shown) == len(frames_of(tmp_path / "b.mp4")) == count
    assert summary.seconds == pytest.approx(count / RATE)
    assert_plays_everywhere(tmp_path / "b.mp4")
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 1 + count


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(
    tmp_path: Path, pipeline: MaskPipeline, error: type[BaseException]
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.mp4").write_bytes(b"an older one")

    def fail(progress: VideoProgress) -> None:
        if progress.frames == 5:
            raise error

    with pytest.raises(error):
        annotate_video(
            clip,
            tmp_path / "out" / "b.mp4",
            pipeline,
            csv_file=tmp_path / "out" / "b.csv",
            on_progress=fail,
        )

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.mp4"]
    assert (tmp_path / "out" / "b.mp4").read_bytes() == b"an older one"


def test_results_appear_when_they_are_complete(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    target, table = tmp_path / "out" / "b.mp4", tmp_path / "out" / "b.csv"
    there: set[bool] = set()

    annotate_video(
        clip,
        target,
        pipeline,
        csv_file=table,
        on_progress=lambda _: there.add(target.exists() or table.exists()),
    )

    assert there == {False}
    assert sorted(path.name for path in target.parent.iterdir()) == ["b.csv", "b.mp4"]


def test_memory_does_not_grow_with_the_video(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(80))
    most = 0
    refs: list[weakref.ref[Any]] = []
    find = pipeline.detector.detect

    def detect(image_rgb: Image) -> Detections:
        nonlocal most
        gc.collect()
        refs.append(weakref.ref(image_rgb))
        most = max(most, sum(ref() is not None for ref in refs))
        return find(image_rgb)

    pipeline.detector.detect = detect
    gc.collect()
    gc.freeze()  # what other tests have loaded would be looked through for each frame
    try:
        annotate_video(clip, tmp_path / "b.mp4", pipeline)
    finally:
        gc.unfreeze()

    assert len(refs) == 80
    assert most <= 4


def rows_of(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    assert b"\r" not in content
    assert content.startswith(codecs.BOM_UTF8)  # for Excel on Windows
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_table_has_a_row_for_each_face_and_frame(tmp_path: Path) -> None:
    class Judge(ColourJudge):
        not_sure = NotSure(margin=1.5)  # log odds of 0.2: 1.39, of 0.9: 2.2

    both, none = picture((10, 30, BARE), (60, 30, MASKED)), picture()
    times = [Fraction(at, 1000) for at in (0, 33, 67, 1100)]
    clip = write_clip(
        tmp_path / "a.mkv", [both, both, both, none], "ffv1", None, pix_fmt="bgra", times=times
    )
    pipeline = MaskPipeline(SquareFinder(), Judge())

    annotate_video(clip, tmp_path / "b.mp4", pipeline, csv_file=tmp_path / "b.csv")

    header, *rows = rows_of(tmp_path / "b.csv")
    assert tuple(header) == CSV_COLUMNS
    assert rows == [
        [seconds, frame, *face]
        for seconds, frame in (("0.0", "0"), ("0.033", "1"), ("0.067", "2"))
        for face in (
            ["1", "No Mask", "no", "0.2", "10.0", "30.0", "30.0", "50.0", "0.75", "Not sure"],
            ["2", "Mask", "yes", "0.9", "60.0", "30.0", "80.0", "50.0", "0.75", "Mask"],
        )
    ]


def test_video_without_faces_gives_a_table_without_rows(
    tmp_path: Path, pipeline: MaskPipeline
) -> None:
    clip = write_clip(tmp_path / "a.mp4", [picture()] * 3, sound_codec=None)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline, csv_file=tmp_path / "b.csv")

    assert rows_of(tmp_path / "b.csv") == [list(CSV_COLUMNS)]
    assert summary.people == 0 and set(summary.faces.values()) == {0}
    np.testing.assert_allclose(images_of(tmp_path / "b.mp4")[2], picture(), atol=3)


def test_summary_counts_people_and_verdicts(tmp_path: Path, pipeline: MaskPipeline) -> None:
    one, two = picture((10, 30, BARE)), picture((10, 30, BARE), (60, 30, MASKED))
    clip = write_clip(tmp_path / "a.mp4", [one] * 10 + [two] * 20, sound_codec=None)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.people == 2
    assert summary.faces == {"Mask": 20, "No Mask": 30, "Not sure": 0}


@pytest.mark.parametrize(
    ("threshold", "label"), [(None, "Mask"), (0.95, "No Mask"), (0.85, "Mask")]
)
def test_threshold_decides(
    tmp_path: Path, pipeline: MaskPipeline, threshold: float | None, label: str
) -> None:
    clip = write_clip(tmp_path / "a.mp4", [picture((10, 30, MASKED))] * 4, sound_codec=None)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline, threshold=threshold)

    assert summary.faces[label] == 4 and sum(summary.faces.values()) == 4


@pytest.mark.parametrize(
    ("rate", "blur", "searched"),
    [(20, False, 24), (23, False, 24), (24, False, 12), (60, False, 12), (60, True, 24)],
)
def test_faces_are_searched_as_often_as_they_move(
    tmp_path: Path, pipeline: MaskPipeline, rate: int, blur: bool, searched: int
) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(24), sound_codec=None, rate=rate)

    annotate_video(clip, tmp_path / "b.mp4", pipeline, blur=blur)

    assert len(pipeline.detector.boxes) == searched


def test_blurred_faces_are_labelled_on_top(tmp_path: Path, pipeline: MaskPipeline) -> None:
    image = picture((40, 30, BARE))
    image[34:46:2, 44:56] = (250, 60, 60)
    clip = write_clip(tmp_path / "a.mkv", [image] * 3, "ffv1", None, pix_fmt="bgra")
    shown: list[VideoProgress] = []

    annotate_video(clip, tmp_path / "b.mp4", pipeline, blur=True, on_progress=shown.append)

    analyzer = LiveAnalyzer(1)
    faces = [analyzer.analyze(image, each.seconds, pipeline) for each in shown][2].faces
    blurred = blur_faces(image, [face.box_xyxy for face in faces])
    assert (blurred != image).any()
    np.testing.assert_array_equal(shown[2].annotated_rgb, draw_faces(blurred, faces))
    assert abs(images_of(tmp_path / "b.mp4")[2].astype(int) - shown[2].annotated_rgb).mean() < 6


def test_progress_goes_from_start_to_end(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(20))
    shown: list[VideoProgress] = []

    annotate_video(clip, tmp_path / "b.mp4", pipeline, on_progress=shown.append)

    assert [progress.frames for progress in shown] == list(range(1, 21))
    np.testing.assert_allclose([progress.seconds for progress in shown], np.arange(20) / 20)
    np.testing.assert_allclose(
        [progress.share for progress in shown], np.arange(20) / 20, atol=0.03
    )


def test_content_is_taken_as_well_as_a_path(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    content = io.BytesIO(clip.read_bytes())

    summary = annotate_video(content, tmp_path / "b.mp4", pipeline)

    assert summary.frames == 30 and sound_of(tmp_path / "b.mp4")[0] == "aac"
    with pytest.raises(VideoError, match=NO_VIDEO):
        annotate_video(io.BytesIO(b"words"), tmp_path / "c.mp4", pipeline)


@pytest.mark.parametrize(
    ("target", "table", "sentence"),
    [
        ("a.mp4", None, "would replace .*a.mp4, which is read"),
        ("sub/../a.mp4", None, "would replace .*a.mp4, which is read"),
        ("b.mp4", "a.mp4", "would replace .*a.mp4, which is read"),
        ("b.mp4", "sub/../b.mp4", "would replace .*b.mp4, which is read or written besides"),
        ("a slip/of the pen/b.mp4", None, "there is no folder .*of the pen"),
        ("sub", None, "sub is a folder"),
        ("b.mp4", "sub", "sub is a folder"),
    ],
)
def test_results_in_the_way_of_others_are_refused(
    tmp_path: Path, pipeline: MaskPipeline, target: str, table: str | None, sentence: str
) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(3))
    content = clip.read_bytes()
    (tmp_path / "sub").mkdir()

    with pytest.raises(MasklensError, match=sentence):
        annotate_video(
            clip, tmp_path / target, pipeline, csv_file=tmp_path / table if table else None
        )

    assert clip.read_bytes() == content
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.mp4", "sub"]


def test_result_that_cannot_be_written_is_an_os_error(
    tmp_path: Path, pipeline: MaskPipeline
) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving(3))

    with pytest.raises(OSError):
        annotate_video(clip, tmp_path / f"{'b' * 250}.mp4", pipeline)
    with pytest.raises(MasklensError, match="there is no folder"):
        annotate_video(clip, clip / "b.mp4", pipeline)
