"""``detect``: lines, tables and annotated copies, and what is in their way."""

from __future__ import annotations

import codecs
import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from maskcore import __main__ as cli
from maskcore.commands import detect
from maskcore.drawing import blur_faces, draw_faces
from maskcore.images import encode_image, read_image
from maskcore.pipeline import MaskPipeline
from tests.full_disk import full_disk
from tests.maskcore.commands.three_photos import BOXES, EMPTY_FILE, TOTAL, json_lines, photo

pytestmark = pytest.mark.usefixtures("loaded")


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


def test_lines_that_cannot_be_printed_keep_what_is_done(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(_: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(tqdm, "write", closed)
    table = photos.parent / "faces.csv"

    assert cli.main(["detect", str(photos), "--csv", str(table)]) == 1

    total, stopped, failure = capsys.readouterr().err.splitlines()
    assert total == "1 photo, 2 faces: 1 with mask, 1 without"
    assert stopped == "Stopped after 1 of 3 photos."
    assert failure == "The results cannot be written: [Errno 32] Broken pipe"
    assert len(table.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("refused", [{"faces.jsonl"}, {"faces.csv"}, {"faces.jsonl", "faces.csv"}])
def test_a_result_that_cannot_be_written_leaves_the_other(
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: set[str],
) -> None:
    replace, target = os.replace, photos.parent / "results"

    def refuse(source: Path, path: Path) -> None:
        if path.name in refused:
            raise OSError(28, f"No space left for {path.name}")
        replace(source, path)

    monkeypatch.setattr(os, "replace", refuse)
    options = ["--json", str(target / "faces.jsonl"), "--csv", str(target / "faces.csv")]

    assert cli.main(["detect", str(photos), *options]) == 1

    assert {path.name for path in target.iterdir()} == {"faces.jsonl", "faces.csv"} - refused
    first = "faces.jsonl" if "faces.jsonl" in refused else "faces.csv"
    assert capsys.readouterr().err == TOTAL.format(photos) + (
        f"The results cannot be written: [Errno 28] No space left for {first}\n"
    )


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["a.jpg", "a.jpg.jpg"], "copy of {0}/a.jpg would replace {0}/a.jpg.jpg, "),
        (["b", "b.jpg"], "copy of {0}/b would replace {0}/b.jpg, "),
    ],
)
def test_annotated_copies_never_replace_a_photo(
    tmp_path: Path,
    loaded: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    complaint: str,
) -> None:
    folder = tmp_path / "alike"
    folder.mkdir()
    for width, name in enumerate(names, start=100):
        (folder / name).write_bytes(encode_image(photo(width)))
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert cli.main(["detect", str(folder), "--annotated", str(folder)]) == 1

    shown = capsys.readouterr()
    assert complaint.format(folder) in shown.err and shown.err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert loaded == []  # told before any work


def test_annotated_copies_among_the_photos_are_not_taken_for_photos(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["detect", str(photos), "--annotated", str(photos)]
    assert cli.main(command) == 1
    assert (photos / "b.JPG.jpg").exists()
    assert capsys.readouterr().err == TOTAL.format(photos)
    assert cli.main(command) == 1
    assert f"would replace {photos / 'b.JPG.jpg'}, which" in capsys.readouterr().err


def test_photos_in_a_folder_of_the_one_for_copies_are_looked_at(photos: Path) -> None:
    assert cli.main(["detect", str(photos / "sub" / "deep"), "--annotated", str(photos)]) == 0
    assert (photos / "a.png.jpg").exists()


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
