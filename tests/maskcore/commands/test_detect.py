"""``detect``: what is said of photos."""

from __future__ import annotations

import csv
import inspect
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maskcore import __main__ as cli
from maskcore.images import encode_image
from maskcore.pipeline import MaskPipeline
from maskcore.types import NotSure
from tests.maskcore.commands.three_photos import BOXES, EMPTY_FILE, TOTAL, json_lines, photo

pytestmark = pytest.mark.usefixtures("loaded")
DEFAULTS = [p.default for p in inspect.signature(MaskPipeline.load).parameters.values()]


def test_folder_is_searched_and_a_broken_photo_stops_nothing(
    photos: Path, capsys: pytest.CaptureFixture[str], loaded: list[tuple[str, str]]
) -> None:
    assert cli.main(["detect", str(photos)]) == 1

    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        f"{photos}/b.JPG: 2 faces: 1 with mask, 1 without",
        f"{photos}/sub/broken.png: {EMPTY_FILE}",
        f"{photos}/sub/deep/a.png: 2 faces: 1 with mask, 1 without",
    ]
    assert shown.err == TOTAL.format(photos)
    assert loaded == [tuple(DEFAULTS)[:2]]


def test_detector_and_model_can_be_chosen(photos: Path, loaded: list[tuple[str, str]]) -> None:
    arguments = ["--detector", "yunet", "--model", "inception_v3"]

    assert cli.main(["detect", str(photos / "b.JPG"), *arguments]) == 0
    assert loaded == [("yunet", "inception_v3")]


@pytest.mark.parametrize(
    ("threshold", "summary"),
    [
        ("0.1", "2 with mask, 0 without"),
        ("0.95", "0 with mask, 2 without"),
        ("0.2", "2 with mask, 0 without"),
    ],
)
def test_threshold_decides(
    photos: Path, capsys: pytest.CaptureFixture[str], threshold: str, summary: str
) -> None:
    assert cli.main(["detect", str(photos / "b.JPG"), "--threshold", threshold]) == 0

    assert capsys.readouterr().out == f"{photos}/b.JPG: 2 faces: {summary}\n"


@pytest.mark.parametrize(
    ("probabilities", "summary", "total"),
    [
        ([], "No face found", "no face found"),
        ([0.1], "1 face: without mask", "1 face: without mask"),
        ([0.8], "1 face: with mask", "1 face: with mask"),
    ],
)
def test_faces_are_counted(
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fake_pipeline: Callable[..., MaskPipeline],
    probabilities: list[float],
    summary: str,
    total: str,
) -> None:
    pipeline = fake_pipeline(BOXES[: len(probabilities)], probabilities)
    monkeypatch.setattr(MaskPipeline, "load", lambda *_: pipeline)

    assert cli.main(["detect", str(photos / "b.JPG")]) == 0
    assert capsys.readouterr() == (f"{photos}/b.JPG: {summary}\n", f"1 photo, {total}\n")


def test_faces_not_sure_of_keep_their_label_and_say_so(
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fake_pipeline: Callable[..., MaskPipeline],
) -> None:
    pipeline = fake_pipeline(BOXES, [0.6, 0.1])
    pipeline.classifier.not_sure = NotSure(margin=1.0)
    monkeypatch.setattr(MaskPipeline, "load", lambda *_: pipeline)
    table = photos.parent / "faces.csv"

    assert cli.main(["detect", str(photos / "b.JPG"), "--csv", str(table)]) == 0

    said = "2 faces: 0 with mask, 1 without, 1 not sure\n"  # as on the page
    assert capsys.readouterr() == (f"{photos}/b.JPG: {said}", f"1 photo, {said}")
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["label"], row["sure"]) for row in rows] == [("Mask", "no"), ("No Mask", "yes")]


def test_json_on_standard_output_is_json_alone(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "\u05e4\u05e0\u05d9\u05dd.jpg").write_bytes(encode_image(photo()))

    assert cli.main(["detect", str(photos), "--json", "-"]) == 1

    shown = capsys.readouterr()
    assert "\u05e4\u05e0\u05d9\u05dd.jpg" in shown.out  # readable, not escaped
    assert shown.err.startswith("4 photos, 6 faces: ")
    good, broken, deep, hebrew = json_lines(shown.out)
    assert good == {
        "image": f"{photos.as_posix()}/b.JPG",
        "width": 100,
        "height": 80,
        "faces": [
            {
                "box": [10, 20, 40, 50],
                "score": 0.9,
                "mask_probability": 0.9,
                "label": "Mask",
                "sure": True,
                "verdict": "Mask",
            },
            {
                "box": [50, 20, 80, 50],
                "score": 0.6,
                "mask_probability": 0.2,
                "label": "No Mask",
                "sure": True,
                "verdict": "No Mask",
            },
        ],
        "error": None,
        "threshold": 0.5,
        "annotated": None,
    }
    assert (broken["width"], broken["faces"], broken["error"]) == (0, [], EMPTY_FILE)
    assert deep["width"] == 120 and hebrew["error"] is None


@pytest.mark.parametrize("name", ["\u4f60", "face-\xe9"])
def test_json_is_utf_8_where_the_system_writes_otherwise(
    photos: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # As under Windows, redirected into a file.
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "cp1252"))
    (photos / name).mkdir()
    path = photos / name / f"{name}.png"
    path.write_bytes(encode_image(photo(), "PNG"))

    assert cli.main(["detect", str(photos / name), "--json", "-"]) == 0

    sys.stdout.flush()
    (record,) = json_lines(printed.getvalue().decode("utf-8"))
    assert (record["image"], record["error"]) == (path.as_posix(), None)


def test_names_of_photos_do_not_reach_the_terminal_raw(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        (photos / "b.JPG").rename(photos / "a\x1b[2J.jpg")
    except OSError:
        pytest.skip("this file system refuses such names")
    cli.main(["detect", str(photos)])
    out = capsys.readouterr().out
    assert "/a[2J.jpg: 2 faces" in out and "\x1b" not in out


def test_a_few_of_many_that_cannot_be_read_are_named(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = [str(photos / f"{number}.jpg") for number in range(5)]

    assert cli.main(["detect", *broken, "--csv", str(photos.parent / "a.csv")]) == 1
    named = ", ".join(broken)
    assert capsys.readouterr().err == (f"5 photos, no face found; 5 could not be read: {named}\n")
    more = [str(photos / "b.JPG"), str(photos / "5.jpg"), str(photos / "6.jpg")]
    assert cli.main(["detect", *broken, *more, "--json", "-"]) == 1
    assert capsys.readouterr().err == (
        f"8 photos, 2 faces: 1 with mask, 1 without; 7 could not be read: {named} and 2 more\n"
    )


def test_unknown_model_is_told_in_one_line(
    models_folder: Path,
    photos: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()  # the real load
    monkeypatch.setenv("MASKLENS_MODELS", str(models_folder))
    command = ["detect", str(photos), "--detector", "haar", "--model", "net"]

    assert cli.main(command) == 1

    assert capsys.readouterr() == ("", "There is no model net. Installed are: none.\n")
    (models_folder / "net").mkdir(parents=True)
    assert cli.main(command) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("installed/net/card.json is missing. Bring it back with: ")
    assert shown.err.count("\n") == 1
