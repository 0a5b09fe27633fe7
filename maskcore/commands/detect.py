"""``detect``: the faces of photos, as lines, tables and annotated copies."""

from __future__ import annotations

import glob
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maskcore.console import interrupts
from maskcore.drawing import draw_faces
from maskcore.errors import ImageError, MasklensError
from maskcore.files import check_results, identity, in_order, replacing
from maskcore.images import IMAGE_SUFFIXES, JPEG_MAX_SIDE, encode_image, is_picture, read_image
from maskcore.models import check_installed
from maskcore.pipeline import MaskPipeline
from maskcore.records import (
    counted,
    for_spreadsheets,
    in_words,
    legible,
    photo_record,
    record_line,
    records_csv,
)
from maskcore.resizing import reduced
from maskcore.types import Verdict

# Of photos that could not be read so many are named at the end.
_MOST_NAMED = 5
_UNREAD_FOLDER = (
    "This folder cannot be read, so the photos in it are left out. Check that you are allowed to"
    " read it."
)


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
        OSError: the results cannot be written; those that could be are kept.
    """
    paths = list(_expanded(paths))
    photos = list(_photos(paths, annotated))
    lines_file = Path(json_file) if json_file not in (None, "-") else None
    check_results(filter(None, (lines_file, csv_file)), photos)
    root = _common_folder(paths) if annotated else Path()
    if annotated:
        _check_copies(photos, annotated, root)
    check_installed(model)
    pipeline = MaskPipeline.load(detector, model)
    records: list[dict[str, Any]] = []
    failures: list[OSError] = []
    # disable=None: a bar where standard error is a terminal, nothing elsewhere.
    with interrupts() as asked, tqdm(photos, unit="photo", disable=None) as bar:
        for path in bar:
            if asked.is_set():
                break
            try:
                record = _analyze(pipeline, path, threshold, annotated, root, blur)
                records.append(record)
                if not lines_file:
                    tqdm.write(record_line(record) if json_file else _summary(record))
            except OSError as error:  # a copy or a line cannot be written: what is done is kept
                if not records:
                    raise
                failures.append(error)
                break
    lines = "".join(record_line(record) + "\n" for record in records).encode()
    table = for_spreadsheets(records_csv(records).encode())
    for file, content in ((lines_file, lines), (csv_file, table)):
        try:
            if file:
                with replacing(file) as temporary:
                    temporary.write_bytes(content)
        except OSError as error:
            failures.append(error)
    print(_total(records) if photos else "There are no photos here.", file=sys.stderr)
    stopped = len(records) < len(photos)
    if stopped:
        print(f"Stopped after {len(records)} of {len(photos)} photos.", file=sys.stderr)
    if failures:
        raise failures[0]
    return 1 if stopped or any(record["error"] for record in records) else 0


def _photos(paths: Sequence[Path], annotated: Path | None) -> Iterator[Path]:
    """Photos to look at; no photo is left out silently but annotated copies made before.

    A path that is no folder is taken for a photo: if it is none, its record says why. In
    folders a file is one by its suffix or, where it has none, by how it begins. A folder that
    cannot be read stands for the photos in it.
    """
    for path in paths:
        if not os.path.isdir(path):  # Path.is_dir raises where it may not look
            yield path
            continue
        # Who names the folder of copies, or one in it, means the photos there.
        copies = annotated if annotated and not _is_in(path, annotated) else None
        for child in _found_below(path):
            if copies and _is_in(child, copies):
                continue
            if os.path.isdir(child) or _is_taken(child):
                yield child


def _found_below(folder: Path) -> list[Path]:
    """Files in a folder and below, and the folders there that cannot be read."""
    found: list[Path] = []

    def note(error: OSError) -> None:
        unread = Path(error.filename)
        if unread == folder or not _is_system_s(unread):
            found.append(unread)

    for above, _, names in os.walk(folder, onerror=note):
        found.extend(Path(above, name) for name in names)
    return in_order(found)


def _is_system_s(folder: Path) -> bool:
    """Whether it is one that systems keep on every drive, for nobody to read."""
    return folder.name.startswith((".", "$")) or folder.name == "System Volume Information"


def _is_in(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies below it, wherever links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _is_taken(file: Path) -> bool:
    """Whether a file in a folder is taken for a photo."""
    if file.suffix.lower() not in IMAGE_SUFFIXES | {""}:
        return False
    # A pipe or a link to nothing is none; where it may not be looked at, its record says so.
    if os.path.lexists(file) and not os.path.isfile(file):
        return False
    return bool(file.suffix) or is_picture(file)


def _expanded(paths: Sequence[Path]) -> Iterator[Path]:
    """Paths with what "*" and "?" in them stand for: shells of Windows leave that to commands."""
    for path in paths:
        # Brackets stand for themselves, as they do there.
        pattern = str(path).replace("[", "[[]")
        found = [] if os.path.lexists(path) else sorted(glob.glob(pattern, recursive=True))
        if "**" in pattern:  # which stands for files in folders, and for the folders, too
            found = [file for file in found if not os.path.isdir(file)]
        yield from map(Path, found) if found else [path]


def _common_folder(paths: Sequence[Path]) -> Path:
    """The folder below which all paths lie: annotated copies keep their place in it."""
    folders = [path if os.path.isdir(path) else path.parent for path in paths]
    try:
        return Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    except ValueError as error:
        raise MasklensError(
            "Annotated copies need all photos on one drive: run the command once for each."
        ) from error


def _check_copies(photos: Sequence[Path], annotated: Path, root: Path) -> None:
    """Refuse copies in place of photos: beside ``a.jpg`` its copy may be called as another is.

    Raises:
        MasklensError: the text tells which.
    """
    taken = {identity(photo) for photo in photos}
    for photo in photos:
        if os.path.isdir(photo):  # see _photos
            continue
        copy = annotated / _annotated_name(photo, root)
        if identity(copy) in taken:
            raise MasklensError(
                f"The annotated copy of {photo} would replace {copy}, which is one of the photos."
                " Choose another folder for the copies."
            )


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
    if os.path.isdir(path):  # see _photos
        return photo_record(_writable(path), None, _UNREAD_FOLDER)
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


def _summary(record: dict[str, Any]) -> str:
    return f"{legible(record['image'])}: {record['error'] or in_words(_verdicts([record]))}"


def _total(records: Sequence[dict[str, Any]]) -> str:
    """All photos in one line, with the first of those that could not be read by name."""
    faces = in_words(_verdicts(records))
    total = f"{counted(len(records), 'photo')}, {faces[0].lower()}{faces[1:]}"
    unread = [legible(record["image"]) for record in records if record["error"]]
    if unread:
        more = f" and {len(unread) - _MOST_NAMED:,} more" if len(unread) > _MOST_NAMED else ""
        total += f"; {len(unread):,} could not be read: {', '.join(unread[:_MOST_NAMED])}{more}"
    return total


def _verdicts(records: Sequence[dict[str, Any]]) -> list[Verdict]:
    return [face["verdict"] for record in records for face in record["faces"]]
