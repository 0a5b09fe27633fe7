"""``detect``: which photos are looked at, and what is said of them."""

from __future__ import annotations

import csv
import inspect
import io
import os
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


@pytest.mark.parametrize("pattern", ["b.*", "?.JPG", "**/b.JPG", "**/b.*"])
def test_patterns_are_expanded_where_the_shell_left_them(
    photos: Path, capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    copies = photos.parent / "copies"
    assert cli.main(["detect", str(photos / pattern), "--annotated", str(copies)]) == 0
    assert capsys.readouterr().out.startswith(f"{photos}/b.JPG: 2 faces")
    assert len([path for path in copies.rglob("*") if path.is_file()]) == 1


def test_a_photo_whose_name_looks_like_a_pattern_is_that_photo(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        named = (photos / "b.JPG").rename(photos / "[ab]?.JPG")
    except OSError:
        pytest.skip("this file system refuses such names")
    assert cli.main(["detect", str(named)]) == 0
    assert capsys.readouterr().out.startswith(f"{named}: 2 faces")
    assert cli.main(["detect", str(photos / "[ab]*.JPG")]) == 0
    assert capsys.readouterr().out.startswith(f"{named}: 2 faces")
    named.rename(photos / "a.JPG")
    assert cli.main(["detect", str(photos / "[ab].JPG")]) == 1
    assert "[ab].JPG: This file" in capsys.readouterr().out


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


@pytest.mark.parametrize("name", ["missing.jpg", "notes.txt"])
def test_path_that_is_no_photo_is_not_passed_over(
    photos: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert cli.main(["detect", str(photos / name), str(photos / "b.JPG"), "--json", "-"]) == 1

    missing, good = json_lines(capsys.readouterr().out)
    assert missing["error"] and missing["faces"] == []
    assert good["error"] is None and len(good["faces"]) == 2


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("name", ["sub", "."])
def test_folder_that_cannot_be_read_is_not_passed_over(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    copies: bool,
) -> None:
    locked, scandir = photos / name, os.scandir

    def refuse(path: str | Path = ".") -> object:
        if Path(path) == locked:  # an administrator may read it all the same
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    options = ["--annotated", str(tmp_path / "copies")] if copies else []

    assert cli.main(["detect", str(photos), "--json", "-", *options]) == 1

    shown = capsys.readouterr()
    *good, unread = json_lines(shown.out)
    assert [record["image"] for record in good] == [f"{photos.as_posix()}/b.JPG"] * len(good)
    assert len(good) == (name == "sub")
    assert unread["image"] == locked.as_posix() and unread["faces"] == []
    assert str(unread["error"]).startswith("This folder cannot be read")
    assert f"1 could not be read: {locked.as_posix()}\n" in shown.err


@pytest.mark.parametrize("name", ["System Volume Information", ".Trashes"])
def test_folders_that_systems_keep_on_every_drive_are_passed_over(
    photos: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (photos / name).mkdir()
    (photos / "sub" / "broken.png").unlink()
    scandir = os.scandir

    def refuse(path: str | Path = ".") -> object:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert cli.main(["detect", str(photos)]) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_photo_that_may_be_listed_but_not_looked_at_is_not_passed_over(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = photos / "sub" / "deep" / "a.png"

    def refusing(look: Callable[..., object]) -> Callable[..., object]:
        def refuse(path: object, **how: object) -> object:
            if path in (hidden, str(hidden)):  # an administrator may look all the same
                raise PermissionError(13, "Permission denied", str(path))
            return look(path, **how)

        return refuse

    monkeypatch.setattr(os, "stat", refusing(os.stat))
    monkeypatch.setattr(os, "lstat", refusing(os.lstat))

    assert cli.main(["detect", str(photos), "--json", "-"]) == 1

    *_, unread = json_lines(capsys.readouterr().out)
    assert unread["image"] == hidden.as_posix()
    assert str(unread["error"]).startswith("This file cannot be opened")


def test_folders_and_files_that_are_linked(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        for link, target in [("a.jpg", "a.jpg"), ("b.jpg", "lost"), ("c.jpg", "a.png")]:
            (photos / "sub" / "deep" / link).symlink_to(target)
        (photos / "again").symlink_to(photos / "sub")
        (photos / "again.jpg").symlink_to(photos / "sub")
    except OSError:
        pytest.skip("links may not be made here")
    (photos / "sub" / "broken.png").unlink()

    cli.main(["detect", str(photos)])

    shown = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    names = ["b.JPG", "sub/deep/a.png", "sub/deep/c.jpg"]
    assert shown == [f"{photos.as_posix()}/{name}" for name in names]
    circle = photos / "sub" / "deep" / "a.jpg"
    assert cli.main(["detect", str(circle), str(photos / "b.JPG"), "--json", "-"]) == 1
    unread, good = json_lines(capsys.readouterr().out)
    assert unread["error"] and good["error"] is None


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


def test_files_without_a_suffix_are_taken_if_they_begin_as_pictures(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "noext").write_bytes(encode_image(photo()))
    (photos / ".hidden").write_bytes(encode_image(photo(), "PNG"))
    (photos / "LICENSE").write_text("no photo")
    (photos / "photo.backup").write_bytes(encode_image(photo()))

    cli.main(["detect", str(photos)])

    shown = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    names = [".hidden", "b.JPG", "noext", "sub/broken.png", "sub/deep/a.png"]
    assert shown == [f"{photos.as_posix()}/{name}" for name in names]


def test_what_macs_put_beside_each_photo_is_none(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "._b.JPG").write_bytes(b"\0\5\x16\7")
    (photos / "sub" / "broken.png").unlink()
    assert cli.main(["detect", str(photos)]) == 0
    assert "._" not in capsys.readouterr().out


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


def test_without_photos_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["detect", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "There are no photos here.\n")


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
