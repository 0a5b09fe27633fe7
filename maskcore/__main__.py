"""``python -m maskcore``: label the faces of photos and videos; fetch the YuNet detector."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from maskcore.commands.detect import label_photos
from maskcore.console import speak_utf8
from maskcore.detection import DETECTOR_NAMES
from maskcore.detection.yunet import fetch_yunet
from maskcore.errors import MasklensError


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


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text!r}")


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
            print(f"YuNet is installed: {fetch_yunet().name}")
            return 0
        if command == "video":
            from maskcore.commands.video import label_video  # loads FFmpeg: photos do without

            return label_video(**options)
        return label_photos(**options)
    except MasklensError as error:
        print(error, file=sys.stderr)
    except OSError as error:  # reading raises ImageError or VideoError
        print(f"The results cannot be written: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
