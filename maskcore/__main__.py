"""``python -m maskcore``: label the faces of photos and videos; fetch the YuNet detector."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from maskcore.console import speak_utf8
from maskcore.detection import DETECTOR_NAMES
from maskcore.detection.yunet import fetch_yunet
from maskcore.drawing import blur_faces, draw_faces
from maskcore.errors import ImageError, MasklensError
from maskcore.files import has_place, replacing, write_text
from maskcore.images import IMAGE_SUFFIXES, encode_image, is_picture, read_image
from maskcore.models import installed_models, models_dir
from maskcore.pipeline import MaskPipeline
from maskcore.records import for_spreadsheets, in_words, photo_record, records_csv
from maskcore.types import Verdict

if TYPE_CHECKING:
    from maskcore.video import VideoProgress, VideoSummary

_MP4_SUFFIXES = (".mp4", ".m4v")
# Of photos that could not be read so many are named at the end.
_MOST_NAMED = 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m maskcore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    detect = commands.add_parser(
        "detect",
        help="find faces in photos and tell masks",
        description="Find faces in photos and tell masks. Ctrl-C stops early and keeps what is"
        " done.",
    )
    detect.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a photo or a folder")
    _add_choices(detect)
    detect.add_argument(
        "--json",
        dest="json_file",
        metavar="FILE",
        help="JSON lines, one a photo; - for standard output",
    )
    detect.add_argument(
        "--csv", dest="csv_file", type=Path, metavar="FILE", help="a table, one row a face"
    )
    detect.add_argument(
        "--annotated", type=Path, metavar="DIR", help="folder for copies with boxes and labels"
    )
    detect.add_argument(
        "--blur", action="store_true", help="make the faces in these copies unrecognisable"
    )
    video = commands.add_parser(
        "video",
        help="label the faces of a video file",
        description="Write a copy of a video with a box and a label at every face, as MP4 with"
        " its sound. Ctrl-C stops early and keeps what is done.",
        epilog="Exit code: 0; 1 when all or parts of the video could not be read, or it was"
        " stopped.",
    )
    video.add_argument(
        "source", type=Path, metavar="VIDEO", help="MP4, MOV, WEBM, MKV, AVI and the like"
    )
    video.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help="the MP4 file to write"
    )
    video.add_argument(
        "--csv",
        dest="csv_file",
        type=Path,
        metavar="FILE",
        help="a table, a row a face and frame",
    )
    _add_choices(video)
    video.add_argument("--blur", action="store_true", help="make the faces unrecognisable")
    fetch = commands.add_parser("fetch", help="download a detector that is not shipped")
    fetch.add_argument("what", choices=["yunet"])
    return parser


def _add_choices(command: argparse.ArgumentParser) -> None:
    command.add_argument("--detector", choices=DETECTOR_NAMES, default="fcos")
    command.add_argument("--model", default="mobilenet_v2", help="an installed model's name")
    command.add_argument(
        "--threshold", type=_share, help="mask probability from which a face counts as masked, 0..1"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit code: 0, or 1 when not all could be read, a video was stopped or the command failed.
    """
    speak_utf8()
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    command = options.pop("command")
    if command == "detect" and options["blur"] and not options["annotated"]:
        parser.error("--blur is for the copies that --annotated DIR makes")
    try:
        if command == "fetch":
            path = fetch_yunet()
            print(f"YuNet is installed: {path.name}")
            return 0
        return _video(**options) if command == "video" else _detect(**options)
    except MasklensError as error:
        print(error, file=sys.stderr)
    except OSError as error:  # reading raises ImageError or VideoError
        print(f"The results cannot be written: {error}", file=sys.stderr)
    return 1


def _detect(
    paths: list[Path],
    detector: str,
    model: str,
    threshold: float | None,
    json_file: str | None,
    csv_file: Path | None,
    annotated: Path | None,
    blur: bool,
) -> int:
    photos = list(_photos(paths, annotated))
    lines_file = Path(json_file) if json_file not in (None, "-") else None
    _check_tables([file for file in (lines_file, csv_file) if file], photos)
    _check_model(model)
    pipeline = MaskPipeline.load(detector, model)
    root = _common_folder(paths) if annotated else Path()
    records: list[dict[str, Any]] = []
    # disable=None: a bar where standard error is a terminal, nothing elsewhere.
    with _interrupts() as asked, tqdm(photos, unit="photo", disable=None) as bar:
        for path in bar:
            if asked.is_set():
                break
            record = _analyze(pipeline, path, threshold, annotated, root, blur)
            records.append(record)
            if not lines_file:
                tqdm.write(_line(record) if json_file else _summary(record))
    if lines_file:
        write_text(lines_file, "".join(_line(record) + "\n" for record in records))
    if csv_file:
        with replacing(csv_file) as temporary:
            temporary.write_bytes(for_spreadsheets(records_csv(records).encode()))
    print(_total(records) if photos else "There are no photos here.", file=sys.stderr)
    stopped = len(records) < len(photos)
    if stopped:
        print(f"Stopped after {len(records)} of {len(photos)} photos.", file=sys.stderr)
    return 1 if stopped or any(record["error"] for record in records) else 0


def _photos(paths: Sequence[Path], annotated: Path | None) -> Iterator[Path]:
    """Photos to look at; no photo is left out silently but annotated copies made before.

    A path that is no folder is taken for a photo: if it is none, its record says why. In
    folders a file is one by its suffix or, where it has none, by how it begins.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        copies = annotated if annotated and annotated.resolve() != path.resolve() else None
        for child in sorted(path.rglob("*")):
            if child.suffix.lower() not in IMAGE_SUFFIXES | {""} or not child.is_file():
                continue
            if copies and child.resolve().is_relative_to(copies.resolve()):
                continue
            if child.suffix or is_picture(child):
                yield child


def _check_tables(tables: Sequence[Path], photos: Sequence[Path]) -> None:
    """Refuse at once what would fail at the end, or destroy a photo.

    Raises:
        MasklensError: the text tells why.
    """
    taken = {photo.resolve() for photo in photos}
    for table in tables:
        if table.is_dir():
            raise MasklensError(f"The results cannot be written: {table} is a folder.")
        if table.resolve() in taken:
            raise MasklensError(
                f"The results would replace the photo {table} or another table. Choose another"
                " name."
            )
        if not has_place(table):
            raise MasklensError(
                f"The results cannot be written: there is no folder {table.parent}."
            )
        taken.add(table.resolve())


def _check_model(name: str) -> None:
    if not (models_dir() / name).is_dir():
        known = ", ".join(installed_models("classifier"))
        raise MasklensError(f"There is no model {name}. Installed are: {known or 'none'}.")


def _common_folder(paths: Sequence[Path]) -> Path:
    """The folder below which all paths lie: annotated copies keep their place in it."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    except ValueError as error:
        raise MasklensError(
            "Annotated copies need all photos on one drive: run the command once for each."
        ) from error


def _annotated_name(path: Path, root: Path) -> Path:
    place = Path(os.path.abspath(path)).relative_to(root)
    # The suffix stays in the name: a.jpg and a.png in one folder are two photos. File
    # systems end at 255 bytes, of which replacing a file takes some.
    short = place.name.encode(errors="replace")[-200:].decode(errors="ignore")
    if short != place.name:  # what is left may be left of other names, too
        short += f"-{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:8]}"
    return place.with_name(f"{short}.jpg")


def _analyze(
    pipeline: MaskPipeline,
    path: Path,
    threshold: float | None,
    annotated: Path | None,
    root: Path,
    blur: bool,
) -> dict[str, Any]:
    """Look at a photo; its annotated copy, in which ``blur`` hides the faces, goes to the place
    below ``annotated`` that the photo has below ``root``.
    """
    try:
        image = read_image(path)
    except ImageError as error:
        return photo_record(_writable(path), None, str(error))
    analysis = pipeline.analyze(image, threshold)
    if not annotated:
        return photo_record(_writable(path), analysis)
    if blur:
        image = blur_faces(image, [face.box_xyxy for face in analysis.faces])
    copy = _annotated_name(path, root)
    with replacing(annotated / copy) as temporary:
        temporary.write_bytes(encode_image(draw_faces(image, analysis.faces)))
    return photo_record(_writable(path), analysis, annotated=_writable(copy))


def _writable(path: Path) -> str:
    """A path as text; a name that is not UTF-8, which cannot be written, gets "?"."""
    return path.as_posix().encode(errors="replace").decode()


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)


def _summary(record: dict[str, Any]) -> str:
    return f"{record['image']}: {record['error'] or in_words(_verdicts([record]))}"


def _total(records: Sequence[dict[str, Any]]) -> str:
    """All photos in one line, with the first of those that could not be read by name."""
    photos = "1 photo" if len(records) == 1 else f"{len(records)} photos"
    faces = in_words(_verdicts(records))
    total = f"{photos}, {faces[0].lower()}{faces[1:]}"
    unread = [record["image"] for record in records if record["error"]]
    if unread:
        more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
        total += f"; {len(unread)} could not be read: {', '.join(unread[:_MOST_NAMED])}{more}"
    return total


def _verdicts(records: Sequence[dict[str, Any]]) -> list[Verdict]:
    return [face["verdict"] for record in records for face in record["faces"]]


def _video(
    source: Path,
    out: Path,
    csv_file: Path | None,
    detector: str,
    model: str,
    threshold: float | None,
    blur: bool,
) -> int:
    from maskcore.video import annotate_video  # loads FFmpeg, which photos do without

    if out.suffix.lower() not in _MP4_SUFFIXES:
        raise MasklensError(f"Videos are written as MP4: name {out.with_suffix('.mp4')}.")
    _check_model(model)
    pipeline = MaskPipeline.load(detector, model, live=True)
    with _interrupts() as asked, tqdm(unit="frame", disable=None) as bar:

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
    print(f"{out}: {_video_summary(summary)}")
    if summary.problem:
        print(summary.problem, file=sys.stderr)
    return 1 if summary.problem or summary.stopped else 0


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets; pressed again, it ends the command as ever."""
    asked = threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, usual)

    usual = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)


def _video_summary(summary: VideoSummary) -> str:
    frames = "1 frame" if summary.frames == 1 else f"{summary.frames} frames"
    people = "1 person" if summary.people == 1 else f"{summary.people} people"
    parts = [frames, people]
    called = summary.faces["Mask"] + summary.faces["No Mask"]
    if called:
        parts.append(f"{summary.faces['Mask'] / called:.0%} with mask")
    if summary.stopped:
        parts.append("stopped early")
    return ", ".join(parts)


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text!r}")


if __name__ == "__main__":
    sys.exit(main())
