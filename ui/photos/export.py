"""What was found in a visitor's photos, to take along: annotated copies and tables."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath
from typing import Any

from maskcore.records import for_spreadsheets, photo_record, record_line, records_csv
from ui.photos.gallery import Problems
from ui.photos.photo import Photo, Results


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
    """The annotated photos, their faces blurred if asked for, with both tables, as a ZIP file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # JPEGs do not get smaller by packing
        for photo, analysis in results:
            archive.writestr(annotated_name(photo), photo.annotated(analysis, blur))
        archive.writestr("faces.csv", results_csv(results, problems))
        archive.writestr("faces.jsonl", results_json(results, problems))
    return stream.getvalue()


def annotated_name(photo: Photo) -> str:
    """A name for the annotated copy, unique in the session and good for every system's files."""
    stem = PurePath(photo.name.replace("\\", "/")).stem
    # Windows takes none of these, and would leave the file in its ZIP.
    stem = re.sub(r'[<>:"|?*\x00-\x1f\x7f]', "_", stem)[:80] or "photo"
    return f"{photo.number + 1:03d}-{stem}-masklens.jpg"
