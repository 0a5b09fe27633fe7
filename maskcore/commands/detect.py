"""``detect``: the faces of photos, as lines, tables and annotated copies."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maskcore.console import interrupts
from maskcore.drawing import draw_faces
from maskcore.errors import ImageError, MasklensError
from maskcore.files import has_place, replacing, write_text
from maskcore.images import IMAGE_SUFFIXES, JPEG_MAX_SIDE, encode_image, is_picture, read_image
from maskcore.models import check_installed
from maskcore.pipeline import MaskPipeline
from maskcore.records import for_spreadsheets, in_words, photo_record, records_csv
from maskcore.resizing import reduced
from maskcore.types import Verdict

# Of photos that could not be read so many are named at the end.
_MOST_NAMED = 5


def label_photos(
    paths: list[Path],
    detector: str,
    model: str,
    threshold: float | None,
    json_file: str | None,
    csv_file: Path | None,
    annotated: Path | None,
    blur: bool,
) -> int:
    """Look at photos and write what was asked for; Ctrl-C ends it early and keeps what is done.

    Args:
        paths: photos, and folders that are searched for them.
        detector, model, threshold: see ``MaskPipeline``.
        json_file: for JSON lines, one a photo; "-" prints them, None prints sentences.
        csv_file: for a table, one row a face.
        annotated: folder for copies with boxes and labels.
        blur: whether faces are unrecognisable in these copies.

    Returns:
        Exit code: 1 when photos could not be read or were not looked at, else 0.

    Raises:
        MasklensError: the text tells why.
        OSError: the results cannot be written.
    """
    photos = list(_photos(paths, annotated))
    lines_file = Path(json_file) if json_file not in (None, "-") else None
    _check_tables([file for file in (lines_file, csv_file) if file], photos)
    check_installed(model)
    pipeline = MaskPipeline.load(detector, model)
    root = _common_folder(paths) if annotated else Path()
    records: list[dict[str, Any]] = []
    # disable=None: a bar where standard error is a terminal, nothing elsewhere.
    with interrupts() as asked, tqdm(photos, unit="photo", disable=None) as bar:
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


def _common_folder(paths: Sequence[Path]) -> Path:
    """The folder below which all paths lie: annotated copies keep their place in it."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    except ValueError as error:
        raise MasklensError(
            "Annotated copies need all photos on one drive: run the command once for each."
        ) from error


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
    copy = _annotated_name(path, root)
    with replacing(annotated / copy) as temporary:
        drawn = draw_faces(image, analysis.faces, blur=blur)
        temporary.write_bytes(encode_image(reduced(drawn, JPEG_MAX_SIDE)))
    return photo_record(_writable(path), analysis, annotated=_writable(copy))


def _annotated_name(path: Path, root: Path) -> Path:
    place = Path(os.path.abspath(path)).relative_to(root)
    # The suffix stays in the name: a.jpg and a.png in one folder are two photos. File
    # systems end at 255 bytes, of which replacing a file takes some.
    short = place.name.encode(errors="replace")[-200:].decode(errors="ignore")
    if short != place.name:  # what is left may be left of other names, too
        short += f"-{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:8]}"
    return place.with_name(f"{short}.jpg")


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
