"""A video file in, the same video with labelled faces out, as MP4."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av

from maskcore.drawing import draw_faces
from maskcore.errors import VideoError
from maskcore.files import check_results, replacing
from maskcore.live import LiveAnalyzer
from maskcore.pipeline import MaskPipeline
from maskcore.records import FACE_COLUMNS, face_cells, face_record
from maskcore.types import Analysis, ImageRgb, Verdict
from maskcore.video_layout import NO_FRAME, look_at
from maskcore.video_reader import NO_VIDEO, VideoReader, open_video
from maskcore.video_writer import VideoWriter

CSV_COLUMNS = ("seconds", "frame", "track", *FACE_COLUMNS)

# From so many frames a second, faces are looked for in every second one, and moved on in
# between. Unlike in a live stream the machine's speed has no say: a file gives the same
# result everywhere.
_HALF_SEARCHED_FROM = 24


@dataclass(frozen=True)
class VideoProgress:
    """How far a video is, after each frame.

    Attributes:
        frames: done so far.
        seconds: time of this one.
        share: of the whole length, 0..1; None where that is unknown.
        annotated_rgb: the frame as it is written, uint8 (H, W, 3).
    """

    frames: int
    seconds: float
    share: float | None
    annotated_rgb: ImageRgb


@dataclass(frozen=True)
class VideoSummary:
    """What came of a video.

    Attributes:
        frames: written.
        seconds: from the start to the end of the last frame.
        size_wh: pixels of a frame, upright.
        people: different faces.
        faces: how often each verdict was given, summed over the frames.
        stopped: whether ``stop`` ended it.
        problem: what of the file could not be read, in words; None where all could.
    """

    frames: int
    seconds: float
    size_wh: tuple[int, int]
    people: int
    faces: dict[Verdict, int]
    stopped: bool
    problem: str | None


def annotate_video(
    source: Path | BinaryIO,
    target: Path,
    pipeline: MaskPipeline,
    *,
    threshold: float | None = None,
    csv_file: Path | None = None,
    blur: bool = False,
    on_progress: Callable[[VideoProgress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> VideoSummary:
    """Label the faces of a video frame by frame, in the same memory however long it is.

    The result is H.264 in MP4 and upright. Pictures and sound keep their times; the sound is
    copied where browsers play it in MP4, else encoded as AAC. Nothing else is taken over: no
    place, no date. Both files appear at the end, complete, the table just before the video; where
    this raises before, neither does.

    Args:
        source: the file, or its content, seekable.
        target: the MP4 file to write or replace.
        pipeline: one made for live video is fast enough.
        threshold: mask probability in 0..1; by default the one in the model's card.
        csv_file: a table to write, `CSV_COLUMNS`, one row a face and frame.
        blur: whether faces are made unrecognisable.
        on_progress: called after each frame.
        stop: asked after each frame; True ends the video there.

    Returns:
        What came of it; of a damaged file what could be read.

    Raises:
        MasklensError: there is no video to be read, it is refused, or a file to write would
            replace another; the text tells why.
        OSError: the files cannot be written.
    """
    _check_source(source)
    check_results(filter(None, (target, csv_file)), [source] if isinstance(source, Path) else [])
    layout = look_at(source)
    counts: dict[Verdict, int] = {"Mask": 0, "No Mask": 0, "Not sure": 0}
    frames, seconds, stopped = 0, 0.0, False
    with ExitStack() as stack:
        stack.enter_context(_explained())
        temporary = stack.enter_context(replacing(target))
        write_rows = stack.enter_context(_table(csv_file)) if csv_file else None
        reader = VideoReader(stack.enter_context(open_video(source)))
        # The index goes to the front, so that a browser plays it from the first bytes on.
        options = {"movflags": "+faststart"}
        target_file = av.open(str(temporary.absolute()), "w", format="mp4", options=options)
        writer = VideoWriter(stack.enter_context(target_file), reader, layout)
        # Where faces are blurred, none may pass unseen for a single frame.
        analyzer = LiveAnalyzer(1 if blur or reader.rate < _HALF_SEARCHED_FROM else 2)
        for item in reader:
            if isinstance(item, av.Packet):
                writer.add_sound(item)
                continue
            ticks = reader.ticks(item)
            seconds = float(ticks * reader.tick)
            image = layout.upright(item)
            analysis = analyzer.analyze(image, seconds, pipeline, threshold)
            image = draw_faces(image, analysis.faces, blur=blur)
            writer.add_picture(image, ticks)
            if write_rows:
                write_rows(seconds, frames, analysis)
            frames += 1
            for face in analysis.faces:
                counts[face.verdict] += 1
            if on_progress:
                share = min(seconds / reader.length, 1.0) if reader.length else None
                on_progress(VideoProgress(frames, seconds, share, image))
            if stop():
                stopped = True
                break
        if not frames:
            raise VideoError(NO_FRAME)
        writer.finish()
    return VideoSummary(
        frames=frames,
        seconds=seconds + float(reader.step * reader.tick),
        size_wh=layout.upright_wh,
        people=analyzer.tracker.unique,
        faces=counts,
        stopped=stopped,
        problem=" ".join(reader.problems(stopped) + writer.problems()) or None,
    )


def _check_source(source: Path | BinaryIO) -> None:
    """Raise a VideoError where there is nothing to be read."""
    if isinstance(source, Path):
        if os.path.isdir(source):  # unlike Path's, these raise nothing where it may not look
            raise VideoError("This is a folder, not a video. Choose a video inside it.")
        if not os.path.exists(source):
            raise VideoError("This video cannot be found. Check its name and choose it again.")
        if not source.is_file():  # opening a pipe would wait for ever
            raise VideoError(NO_VIDEO)
        if not source.stat().st_size:
            raise VideoError("This file is empty. Choose another video.")


@contextmanager
def _explained() -> Iterator[None]:
    """Put what FFmpeg objects to in words, but not what the system does."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise VideoError("This video cannot be written as MP4. Try another copy of it.") from error


@contextmanager
def _table(path: Path) -> Iterator[Callable[[float, int, Analysis], None]]:
    """Give a function that adds the rows of a frame to a CSV file."""
    with replacing(path) as temporary:
        # With a byte order mark, see maskcore.records.for_spreadsheets.
        with temporary.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(CSV_COLUMNS)

            def write_rows(seconds: float, frame: int, analysis: Analysis) -> None:
                for face in analysis.faces:
                    cells = face_cells(face_record(face))
                    writer.writerow([round(seconds, 3), frame, face.track, *cells])

            yield write_rows
