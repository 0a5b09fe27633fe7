from __future__ import annotations

import codecs
import csv
import inspect
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore import __main__ as cli
from maskcore.commands import detect
from maskcore.drawing import blur_faces, draw_faces
from maskcore.images import encode_image, read_image
from maskcore.pipeline import MaskPipeline
from maskcore.types import NotSure
from tests.full_disk import full_disk

DEFAULTS = [p.default for p in inspect.signature(MaskPipeline.load).parameters.values()]
EMPTY_FILE = "This file is empty. Choose another photo."
TOTAL = "3 photos, 4 faces: 2 with mask, 2 without; 1 could not be read: {}/sub/broken.png\n"
BOXES = [(10, 20, 40, 50), (50, 20, 80, 50)]


def photo(width: int = 100, level: int = 128) -> NDArray[np.uint8]:
    return np.full((80, width, 3), level, np.uint8)


@pytest.fixture(autouse=True)
def loaded(
    monkeypatch: pytest.MonkeyPatch, fake_pipeline: Callable[..., MaskPipeline]
) -> list[tuple[str, str]]:
    """Every load gives a pipeline that finds BOXES, 0.9 and 0.2; (detector, model) are noted."""
    asked: list[tuple[str, str]] = []

    def load(detector: str, model: str) -> MaskPipeline:
        asked.append((detector, model))
        return fake_pipeline(BOXES, [0.9, 0.2])

    monkeypatch.setattr(MaskPipeline, "load", load)
    return asked


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos, one of them unreadable, and what is no photo."""
    folder = tmp_path / "photos"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "b.JPG").write_bytes(encode_image(photo()))
    (folder / "sub" / "broken.png").write_bytes(b"")
    (folder / "sub" / "deep" / "a.png").write_bytes(encode_image(photo(120), "PNG"))
    (folder / "notes.txt").write_text("no photo")
    (folder / "folder.jpg").mkdir()
    return folder


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


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


def test_files_are_written_instead(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = photos.parent / "new folder"
    files = ["--json", str(target / "faces.jsonl"), "--csv", str(target / "faces.csv")]

    assert cli.main(["detect", str(photos), *files]) == 1

    assert capsys.readouterr() == ("", TOTAL.format(photos))
    # Excel on Windows needs a byte order mark to read names, JSON must have none.
    assert (target / "faces.csv").read_bytes().startswith(codecs.BOM_UTF8 + b"image,")
    lines = json_lines((target / "faces.jsonl").read_text(encoding="utf-8"))
    assert [line["image"] for line in lines] == [
        f"{photos.as_posix()}/{name}" for name in ("b.JPG", "sub/broken.png", "sub/deep/a.png")
    ]
    with (target / "faces.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["face"], row["label"], row["sure"], row["error"]) for row in rows] == [
        ("1", "Mask", "yes", ""),
        ("2", "No Mask", "yes", ""),
        ("", "", "", EMPTY_FILE),
        ("1", "Mask", "yes", ""),
        ("2", "No Mask", "yes", ""),
    ]
    assert sorted(path.name for path in target.iterdir()) == ["faces.csv", "faces.jsonl"]


def test_annotated_copies_keep_folders_and_names(photos: Path) -> None:
    # Two photos that differ by their suffix alone.
    (photos / "sub" / "deep" / "a.jpg").write_bytes(encode_image(photo(140)))
    target, table = photos.parent / "drawn", photos.parent / "faces.jsonl"

    cli.main(["detect", str(photos), "--annotated", str(target), "--json", str(table)])

    copies = {
        path.relative_to(target).as_posix(): read_image(path)
        for path in target.rglob("*")
        if path.is_file()
    }
    widths = {name: image.shape[1] for name, image in copies.items()}
    assert widths == {"b.JPG.jpg": 100, "sub/deep/a.png.jpg": 120, "sub/deep/a.jpg.jpg": 140}
    # Its record tells which copy is whose; a photo that cannot be read has none.
    named = {
        Path(line["image"]): line["annotated"] for line in json_lines(table.read_text("utf-8"))
    }
    assert named.pop(photos / "sub" / "broken.png") is None
    shown = {path.relative_to(photos).as_posix(): name for path, name in named.items()}
    assert shown == {name.removesuffix(".jpg"): name for name in copies}
    pipeline = MaskPipeline.load("haar", "mobilenet_v2")
    drawn = draw_faces(photo(120), pipeline.analyze(photo(120)).faces)
    np.testing.assert_array_equal(copies["sub/deep/a.png.jpg"], read_image(encode_image(drawn)))
    np.testing.assert_array_equal(read_image(photos / "sub" / "deep" / "a.png"), photo(120))


def test_blur_hides_the_faces_in_the_copies_alone(photos: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 100, 3), dtype=np.uint8)
    source, target = photos / "noise.png", photos.parent / "drawn"
    source.write_bytes(encode_image(noise, "PNG"))

    assert cli.main(["detect", str(source), "--annotated", str(target), "--blur"]) == 0

    faces = MaskPipeline.load("haar", "mobilenet_v2").analyze(noise).faces
    drawn = draw_faces(blur_faces(noise, BOXES), faces)
    copy = read_image(target / "noise.png.jpg")
    np.testing.assert_array_equal(copy, read_image(encode_image(drawn)))
    np.testing.assert_array_equal(read_image(source), noise)


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


def test_single_photo_is_annotated_by_its_name(photos: Path) -> None:
    target = photos.parent / "drawn"

    assert cli.main(["detect", str(photos / "b.JPG"), "--annotated", str(target)]) == 0

    assert [path.name for path in target.iterdir()] == ["b.JPG.jpg"]


@pytest.mark.parametrize(
    "names",
    [
        [f"{first}{'x' * 230}.jpg" for first in "ab"],  # cut, at their beginnings
        ["\u05d0" * 110 + ".jpg", "\u05d1" + "\u05d0" * 109 + ".jpg"],
        ["caf\udce8.jpg", "caf\udce9.jpg", "caf?.jpg"],  # two that are not UTF-8
    ],
)
def test_every_photo_has_an_annotated_copy_of_its_own(
    tmp_path: Path, photos: Path, names: list[str]
) -> None:
    widths = range(100, 100 + len(names))
    folder, target = tmp_path / "alike", tmp_path / "drawn"
    folder.mkdir()
    try:
        for name, width in zip(names, widths, strict=True):
            (folder / name).write_bytes(encode_image(photo(width)))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes other names only")

    assert cli.main(["detect", str(folder), "--annotated", str(target)]) == 0

    copies = sorted(read_image(path).shape[1] for path in target.iterdir())
    assert copies == list(widths)
    for path in target.iterdir():
        assert path.suffix == ".jpg"
        path.name.encode()


def test_annotated_copy_of_a_photo_wider_than_a_jpeg_can_be_is_smaller(
    tmp_path: Path, photos: Path
) -> None:
    wide = np.full((40, 65_600, 3), 128, np.uint8)
    (photos / "a.png").write_bytes(encode_image(wide, "PNG"))
    table, target = tmp_path / "faces.csv", tmp_path / "drawn"

    cli.main(["detect", str(photos), "--annotated", str(target), "--csv", str(table)])

    assert read_image(target / "a.png.jpg").shape == (40, 65_500, 3)
    assert read_image(target / "b.JPG.jpg").shape == (80, 100, 3)
    assert table.read_text(encoding="utf-8-sig").count("/photos/a.png,") == len(BOXES)


def test_name_that_is_not_utf_8_is_written_with_a_question_mark(
    tmp_path: Path, photos: Path
) -> None:
    try:
        (photos / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encode_image(photo()))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names only")
    files = ["--json", str(tmp_path / "o.jsonl"), "--csv", str(tmp_path / "o.csv")]

    cli.main(["detect", str(photos), *files])

    assert "/caf?.jpg" in (tmp_path / "o.jsonl").read_text(encoding="utf-8")
    assert "/caf?.jpg,1,Mask,yes," in (tmp_path / "o.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("option", ["--json", "--csv", "--annotated"])
def test_results_that_cannot_be_written_are_reported(
    photos: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    in_the_way = photos / "notes.txt"

    arguments = ["detect", str(photos / "b.JPG"), option, str(in_the_way / "result")]

    assert cli.main(arguments) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("The results cannot be written: ") and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--json", "{photo}"], "would replace {photo}, which is read"),
        (["--csv", "{photo}"], "would replace {photo}, which is read"),
        (["--json", "{folder}/a", "--csv", "{folder}/a"], "would replace {folder}/a, which is"),
        (["--csv", "{folder}"], "is a folder"),
        (["--csv", "{folder}/new/tree/a.csv"], "there is no folder"),
    ],
)
def test_results_never_replace_a_photo_nor_each_other(
    photos: Path,
    loaded: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    complaint: str,
) -> None:
    photo = photos / "b.JPG"
    before = photo.read_bytes()
    named = [option.format(photo=photo, folder=photos) for option in options]

    assert cli.main(["detect", str(photos), *named]) == 1

    assert complaint.format(photo=photo, folder=photos) in capsys.readouterr().err
    assert photo.read_bytes() == before
    assert loaded == []  # told before any work
    assert sorted(path.name for path in photos.iterdir()) == [
        "b.JPG",
        "folder.jpg",
        "notes.txt",
        "sub",
    ]


def test_an_interrupt_keeps_what_is_done(
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    analyze = detect._analyze

    def interrupted(*arguments: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return analyze(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(detect, "_analyze", interrupted)
    usual = signal.getsignal(signal.SIGINT)
    table = photos.parent / "faces.csv"

    assert cli.main(["detect", str(photos), "--csv", str(table)]) == 1

    shown = capsys.readouterr()
    said = "2 faces: 1 with mask, 1 without\n"
    assert shown.out == f"{photos}/b.JPG: {said}"
    assert shown.err == f"1 photo, {said}Stopped after 1 of 3 photos.\n"
    assert len(table.read_text(encoding="utf-8").splitlines()) == 3
    assert signal.getsignal(signal.SIGINT) is usual


def test_a_disk_that_gets_full_keeps_what_is_done(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = [b"a copy"]
    monkeypatch.setattr(detect, "encode_image", lambda image: left.pop() if left else full_disk())
    table, lines = photos.parent / "faces.csv", photos.parent / "faces.jsonl"
    options = ["--csv", str(table), "--json", str(lines), "--annotated", str(photos.parent / "c")]

    assert cli.main(["detect", str(photos), *options]) == 1

    *said, stopped, failure = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("2 photos, 2 faces: 1 with mask, 1 without; 1 ")
    assert stopped == "Stopped after 2 of 3 photos."
    assert failure.startswith("The results cannot be written: ")
    assert len(table.read_text(encoding="utf-8").splitlines()) == 4
    assert len(lines.read_text(encoding="utf-8").splitlines()) == 2


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


def test_annotated_copies_are_not_annotated_again(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["detect", str(photos), "--annotated", str(photos / "labelled")]
    assert cli.main(command) == 1
    first = capsys.readouterr().out
    assert cli.main(command) == 1
    assert capsys.readouterr().out == first
    copies = sorted(path.name for path in (photos / "labelled").rglob("*.jpg"))
    assert copies == ["a.png.jpg", "b.JPG.jpg"]


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
