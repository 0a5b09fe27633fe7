"""Results as JSON lines and CSV, the same from the command line and from the page."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from maskcore.types import Analysis, Face, Verdict

# A face's columns, in tables of photos and of videos.
FACE_COLUMNS = ("label", "sure", "mask_probability", "x0", "y0", "x1", "y1", "score", "verdict")
CSV_COLUMNS = ("image", "face", *FACE_COLUMNS, "error", "threshold", "annotated")
_FORMULA = re.compile(r"(?:^|(?<=;))(?=[=+\-@\t\r])")
# Control characters but tabs and ends of lines, and those that turn the direction of reading.
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_IN_WORDS: dict[Verdict, str] = {
    "Mask": "with mask",
    "No Mask": "without mask",
    "Not sure": "not sure",
}


def photo_record(
    name: str, analysis: Analysis | None, error: str | None = None, annotated: str | None = None
) -> dict[str, Any]:
    """One photo as a JSON value.

    Args:
        name: the photo's path or name.
        analysis: what was found; None for a photo that could not be read.
        error: why not, in a sentence.
        annotated: the copy with boxes and labels, where there is one, as a path within the
            folder of copies; it tells photos of one name apart.

    Returns:
        image, width, height (pixels), faces (box in pixels, score, mask_probability,
        label, sure, verdict), error, threshold and annotated; an unread photo has size 0,
        no faces and no threshold.
    """
    width, height = analysis.size_wh if analysis else (0, 0)
    return {
        "image": name,
        "width": width,
        "height": height,
        "faces": [face_record(face) for face in (analysis.faces if analysis else ())],
        "error": error,
        "threshold": analysis.threshold if analysis else None,
        "annotated": annotated,
    }


def face_record(face: Face) -> dict[str, Any]:
    """One face as a JSON value, its numbers rounded."""
    return {
        "box": [round(edge, 2) for edge in face.box_xyxy],
        "score": round(face.score, 4),
        "mask_probability": round(face.mask_probability, 4),
        "label": face.label,
        "sure": face.sure,
        "verdict": face.verdict,
    }


def counted(count: int, thing: str, things: str = "") -> str:
    """E.g. "1 photo" and "1,200 photos"; ``things`` where an "s" does not do."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def in_words(verdicts: Sequence[Verdict]) -> str:
    """Count faces, e.g. "3 faces: 1 with mask, 1 without, 1 not sure" or "No face found"."""
    if not verdicts:
        return "No face found"
    if len(verdicts) == 1:
        return f"1 face: {_IN_WORDS[verdicts[0]]}"
    masked, bare, unsure = map(verdicts.count, _IN_WORDS)
    doubtful = f", {unsure:,} not sure" if unsure else ""
    return f"{counted(len(verdicts), 'face')}: {masked:,} with mask, {bare:,} without{doubtful}"


def face_cells(record: dict[str, Any]) -> list[Any]:
    """A face's record as the cells of ``FACE_COLUMNS``."""
    sure = "yes" if record["sure"] else "no"
    found = (*record["box"], record["score"], record["verdict"])
    return [record["label"], sure, record["mask_probability"], *found]


def record_line(record: dict[str, Any]) -> str:
    """A record as a line of JSON lines, without its end."""
    return json.dumps(record, ensure_ascii=False)


def records_csv(records: Iterable[dict[str, Any]]) -> str:
    """Records as CSV text: one row a face, and one for a photo without faces or with an error."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for record in records:
        image = spreadsheet_safe(record["image"])
        last = [record["error"], record["threshold"], spreadsheet_safe(record["annotated"] or "")]
        for number, face in enumerate(record["faces"], start=1):
            writer.writerow([image, number, *face_cells(face), *last])
        if not record["faces"]:
            writer.writerow([image, "", *[""] * len(FACE_COLUMNS), *last])
    return stream.getvalue()


def legible(text: str) -> str:
    """A name as people read it: its letters that are not UTF-8 are question marks.

    Neither a page nor a file can hold them. What is never seen but changes how the rest is shown
    is left out: terminals obey control characters, and some make a line run backwards.
    """
    return _UNSEEN.sub("", text.encode(errors="replace").decode().replace("\r", " "))


def for_spreadsheets(table: bytes) -> bytes:
    """A CSV table in UTF-8 that begins with a byte order mark.

    Without one Excel on Windows takes "ü" for two letters; programs do better without.
    """
    return codecs.BOM_UTF8 + table


def spreadsheet_safe(text: str) -> str:
    """A file's name as a cell of a table: never a formula, and never two rows.

    A file may be called "=HYPERLINK(...)", which spreadsheets would run. Where commas are decimal
    ones they begin another cell at a semicolon.
    """
    guarded = _FORMULA.sub("'", text)
    # csv leaves a bare carriage return unquoted; spreadsheets would begin a row there.
    return guarded.replace("\r", " ")
