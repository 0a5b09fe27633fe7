"""``video``: a labelled copy of a video."""

from __future__ import annotations

import sys
from pathlib import Path

from tqdm import tqdm

from maskcore.console import interrupts
from maskcore.errors import MasklensError
from maskcore.models import check_installed
from maskcore.pipeline import MaskPipeline
from maskcore.records import counted
from maskcore.video import VideoProgress, VideoSummary, annotate_video

_MP4_SUFFIXES = (".mp4", ".m4v")


def label_video(
    source: Path,
    out: Path,
    csv_file: Path | None,
    detector: str,
    model: str,
    threshold: float | None,
    blur: bool,
) -> int:
    """Write a labelled copy; Ctrl-C ends it early and keeps what is done.

    Args:
        source: the video.
        out: the MP4 file to write.
        csv_file: for a table, one row a face and frame.
        detector, model, threshold: see ``MaskPipeline``.
        blur: whether faces are made unrecognisable.

    Returns:
        Exit code: 1 when parts could not be read or it was stopped, else 0.

    Raises:
        MasklensError: the text tells why.
        OSError: the results cannot be written.
    """
    if out.suffix.lower() not in _MP4_SUFFIXES:
        raise MasklensError(f"Videos are written as MP4: name a file that ends in .mp4, not {out}.")
    check_installed(model)
    pipeline = MaskPipeline.load(detector, model, live=True)
    with interrupts() as asked, tqdm(unit="frame", disable=None) as bar:

        def note(progress: VideoProgress) -> None:
            if progress.share:
                bar.total = round(progress.frames / progress.share)
            bar.update()

        summary = annotate_video(
            source,
            out,
            pipeline,
            threshold=threshold,
            csv_file=csv_file,
            blur=blur,
            on_progress=note,
            stop=asked.is_set,
        )
    print(f"{out}: {_summary(summary)}")
    if summary.problem:
        print(summary.problem, file=sys.stderr)
    return 1 if summary.problem or summary.stopped else 0


def _summary(summary: VideoSummary) -> str:
    parts = [counted(summary.frames, "frame"), counted(summary.people, "person", "people")]
    called = summary.faces["Mask"] + summary.faces["No Mask"]
    if called:
        parts.append(f"{summary.faces['Mask'] / called:.0%} with mask")
    if summary.stopped:
        parts.append("stopped early")
    return ", ".join(parts)
