from __future__ import annotations

import csv
import io
import json

import pytest

from maskcore.records import legible, photo_record, records_csv
from maskcore.types import Analysis, Face

ANALYSIS = Analysis(
    size_wh=(640, 480),
    faces=(
        Face((10.126, 20.0, 110.5, 120.25), 0.98765, 0.91239, "Mask"),
        Face((300.0, 20.0, 400.0, 120.0), 0.5, 0.00004, "No Mask", sure=False),
    ),
    threshold=0.5,
    detect_ms=1.0,
    classify_ms=2.0,
)
EMPTY = Analysis((640, 480), (), 0.5, 1.0, 2.0)
HEADER = (
    "image,face,label,sure,mask_probability,x0,y0,x1,y1,score,verdict,error,threshold,annotated"
)


def test_photo_becomes_json() -> None:
    record = photo_record("holiday/a.jpg", ANALYSIS, annotated="001-a.jpg")

    assert json.loads(json.dumps(record)) == {
        "image": "holiday/a.jpg",
        "width": 640,
        "height": 480,
        "faces": [
            {
                "box": [10.13, 20.0, 110.5, 120.25],
                "score": 0.9877,
                "mask_probability": 0.9124,
                "label": "Mask",
                "sure": True,
                "verdict": "Mask",
            },
            {
                "box": [300.0, 20.0, 400.0, 120.0],
                "score": 0.5,
                "mask_probability": 0.0,
                "label": "No Mask",
                "sure": False,
                "verdict": "Not sure",
            },
        ],
        "error": None,
        "threshold": 0.5,
        "annotated": "001-a.jpg",
    }


def test_photo_without_faces_keeps_its_size() -> None:
    assert photo_record("a.jpg", EMPTY) == {
        "image": "a.jpg",
        "width": 640,
        "height": 480,
        "faces": [],
        "error": None,
        "threshold": 0.5,
        "annotated": None,
    }


def test_unread_photo_has_an_error_and_size_0() -> None:
    assert photo_record("a.jpg", None, "This file is empty.") == {
        "image": "a.jpg",
        "width": 0,
        "height": 0,
        "faces": [],
        "error": "This file is empty.",
        "threshold": None,
        "annotated": None,
    }


def test_csv_has_a_row_a_face_and_one_for_a_photo_without() -> None:
    records = [
        photo_record("a.jpg", ANALYSIS, annotated="001-a.jpg"),
        photo_record("b.jpg", EMPTY),
        photo_record("c.jpg", None, "This file is empty. Choose another photo."),
    ]

    assert records_csv(records) == (
        f"{HEADER}\n"
        "a.jpg,1,Mask,yes,0.9124,10.13,20.0,110.5,120.25,0.9877,Mask,,0.5,001-a.jpg\n"
        "a.jpg,2,No Mask,no,0.0,300.0,20.0,400.0,120.0,0.5,Not sure,,0.5,001-a.jpg\n"
        "b.jpg,,,,,,,,,,,,0.5,\n"
        "c.jpg,,,,,,,,,,,This file is empty. Choose another photo.,,\n"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë, größer.jpg", "Zoë, größer.jpg"),
        ("\udcffa.jpg", "?a.jpg"),
        ("a\x1b[2Jb\x07\r.jpg", "a[2Jb .jpg"),
        ("a\x9b2Jb.jpg", "a2Jb.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("two\nlines\tand\xa0more", "two\nlines\tand\xa0more"),
        ("\u05ea\u05de.jpg", "\u05ea\u05de.jpg"),
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}", "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}"),
    ],
)
def test_names_are_legible_and_change_nothing_around_them(name: str, shown: str) -> None:
    assert legible(name) == shown


def test_csv_of_nothing_is_its_header() -> None:
    assert records_csv([]) == f"{HEADER}\n"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('=HYPERLINK("http://evil","click")', '\'=HYPERLINK("http://evil","click")'),
        ("+1.jpg", "'+1.jpg"),
        ("-1.jpg", "'-1.jpg"),
        ("@SUM(A1).jpg", "'@SUM(A1).jpg"),
        ("\t=1.jpg", "'\t=1.jpg"),
        ("\r=1.jpg", "' =1.jpg"),
        ("a;=1+1;.jpg", "a;'=1+1;.jpg"),  # a cell of its own, where commas are decimal ones
        (";-1;;@b.jpg", ";'-1;;'@b.jpg"),
        ("a;b.jpg", "a;b.jpg"),
        ("a\r=1.jpg", "a =1.jpg"),  # a row of its own, to a spreadsheet
        ("a=1.jpg", "a=1.jpg"),
        ("'a.jpg", "'a.jpg"),
        ("", ""),
        ("a, b.jpg", "a, b.jpg"),
        ('say "cheese".jpg', 'say "cheese".jpg'),
        ("two\nlines.jpg", "two\nlines.jpg"),
        ("\u05ea\u05de\u05d5\u05e0\u05d4.jpg", "\u05ea\u05de\u05d5\u05e0\u05d4.jpg"),
    ],
)
@pytest.mark.parametrize("analysis", [ANALYSIS, EMPTY, None])
def test_names_are_quoted_and_never_formulas(
    name: str, written: str, analysis: Analysis | None
) -> None:
    text = records_csv([photo_record(name, analysis)])

    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {row[0] for row in rows[1:]} == {written}
    assert {len(row) for row in rows} == {14}
