"""What was found in a visitor's photos, to take along: annotated copies and tables."""

from __future__ import annotations

import io
import math
import re
import zipfile
from pathlib import PurePath
from threading import Lock
from typing import Any

from maskcore.errors import MasklensError
from maskcore.records import for_spreadsheets, photo_record, record_line, records_csv
from ui.photos.gallery import Problems
from ui.photos.photo import Photo, Results

# It is made and fetched in memory.
MAX_ZIP_BYTES = 2**30
_NOTE = (
    "Some of these photos are stored with less detail, for all together would have been too large"
    " for one file. On the page each can be had with all of it.\n"
)


def _records(results: Results, problems: Problems) -> list[dict[str, Any]]:
    found = [photo_record(p.name, a, annotated=annotated_name(p)) for p, a in results]
    return found + [photo_record(name, None, problem) for name, problem in problems]


def results_json(results: Results, problems: Problems) -> str:
    """JSON lines, one a photo or refused file, as the command line writes them."""
    records = _records(results, problems)
    return "".join(record_line(record) + "\n" for record in records)


def results_csv(results: Results, problems: Problems) -> bytes:
    """A table for spreadsheets: one row a face or refused file, as the command line writes it."""
    return for_spreadsheets(records_csv(_records(results, problems)).encode())


def results_zip(results: Results, problems: Problems, blur: bool = False) -> bytes:
    """The annotated photos, their faces blurred if asked for, with both tables, as a ZIP file.

    Where it would be larger than ``MAX_ZIP_BYTES``, photos have less detail, which a note says.

    Raises:
        MasklensError: photos of the session are being packed already, or are too many even so.
    """
    # Each press is worked on by a thread of its own.
    lock = results[0][0].packing if results else Lock()
    if not lock.acquire(blocking=False):
        raise MasklensError("Your photos are being packed already. Wait until they have come.")
    try:
        return _packed(results, problems, blur)
    finally:
        lock.release()


def _packed(results: Results, problems: Problems, blur: bool) -> bytes:
    texts = {
        "faces.csv": results_csv(results, problems),
        "faces.jsonl": results_json(results, problems).encode(),
    }
    stream = io.BytesIO()
    room = MAX_ZIP_BYTES - sum(map(len, texts.values()))
    pixels_left = sum(math.prod(analysis.size_wh) for _, analysis in results)
    with zipfile.ZipFile(stream, "w") as archive:  # JPEGs do not get smaller by packing
        for photo, analysis in results:
            # Twice its share of the room: some photos have more detail than others.
            share = room * math.prod(analysis.size_wh) / pixels_left
            jpeg, has_less = photo.annotated_within(analysis, blur, min(2 * share, room))
            if has_less:
                texts["note.txt"] = _NOTE.encode()
            room -= len(jpeg)
            pixels_left -= math.prod(analysis.size_wh)
            if room < 0:
                raise MasklensError(
                    "These photos are too many for one ZIP file. Remove some of them first."
                )
            archive.writestr(_entry(annotated_name(photo)), jpeg)
        for name, text in texts.items():
            archive.writestr(_entry(name), text)
    return stream.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """A file in a ZIP file, without a time: packed again, it is the same, and held once."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16  # else some systems let nobody read what is unpacked
    return entry


def annotated_name(photo: Photo) -> str:
    """A name for the annotated copy, unique in the session and good for every system's files."""
    stem = PurePath(photo.name.replace("\\", "/")).stem
    # Windows takes none of these, and would leave the file in its ZIP.
    stem = re.sub(r'[<>:"|?*\x00-\x1f\x7f]', "_", stem)[:80] or "photo"
    return f"{photo.number + 1:03d}-{stem}-masklens.jpg"
