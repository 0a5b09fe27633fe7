from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore import MasklensError, MaskPipeline, read_image
from maskcore.types import NotSure
from tests.ui.photos.galleries import CHOICE, look
from ui.photos import export as module
from ui.photos.export import results_csv, results_json, results_zip
from ui.photos.gallery import Gallery

PhotoFile = Callable[..., bytes]


def table_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_tables_hold_every_photo_and_face(looked: Gallery) -> None:
    results = looked.results(CHOICE, 0.5)
    lines = [json.loads(line) for line in results_json(results, []).splitlines()]
    assert [line["image"] for line in lines] == ["two.png", "one.png", "none.png"]
    assert [len(line["faces"]) for line in lines] == [2, 1, 0]
    assert (lines[0]["width"], lines[0]["height"]) == (200, 120)
    assert {line["threshold"] for line in lines} == {0.5}
    face = lines[0]["faces"][1]
    assert face["box"] == [60, 10, 100, 50]
    assert (face["label"], face["mask_probability"]) == ("No Mask", 0.2)
    assert {line["error"] for line in lines} == {None}
    rows = table_rows(results_csv(results, []))
    assert [(row["image"], row["label"]) for row in rows] == [
        ("two.png", "Mask"),
        ("two.png", "No Mask"),
        ("one.png", "Mask"),
        ("none.png", ""),
    ]


def test_spreadsheets_read_names_in_every_script(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    gallery.add("Größe 2 – 日本.png", photo_file(300))
    look(gallery, CHOICE, fake_pipeline)
    table = results_csv(gallery.results(CHOICE, 0.5), [])
    # Excel on Windows reads UTF-8 only where this mark comes first.
    assert table.startswith(b"\xef\xbb\xbfimage,face,")
    assert table.count(b"\xef\xbb\xbf") == 1
    assert [row["image"] for row in table_rows(table)] == ["Größe 2 – 日本.png"]


def test_tables_tell_what_was_refused_and_photos_of_one_name_apart(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    for content in (photo_file(200), b"no picture", photo_file(300)):
        gallery.add("same.png", content)
    look(gallery, CHOICE, fake_pipeline)
    given = gallery.results(CHOICE, 0.35), gallery.problems
    lines = [json.loads(line) for line in results_json(*given).splitlines()]
    rows = table_rows(results_csv(*given))
    with zipfile.ZipFile(io.BytesIO(results_zip(*given))) as archive:
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert archive.read("faces.csv") == results_csv(*given)
        assert archive.read("faces.jsonl").decode() == results_json(*given)
    assert [line["annotated"] for line in lines] == [*pictures, None]
    assert [row["annotated"] for row in rows] == [pictures[0], pictures[0], pictures[1], ""]
    for refused in (lines[-1], rows[-1]):
        assert refused["image"] == "same.png"
        assert "not a picture" in refused["error"]
        assert not refused["threshold"]


def test_tables_keep_the_label_and_say_whether_it_is_sure(
    photo_file: PhotoFile, fake: Any, fake_pipeline: MaskPipeline
) -> None:
    fake.not_sure = NotSure(margin=1.0)
    gallery = Gallery()
    for name, width in (("two.png", 200), ("one.png", 300), ("none.png", 250)):
        gallery.add(name, photo_file(width))
    look(gallery, CHOICE, fake_pipeline)
    for threshold, expected in (
        (0.5, [("Mask", True), ("No Mask", True), ("Mask", False)]),
        (0.8, [("Mask", False), ("No Mask", True), ("No Mask", False)]),
    ):
        results = gallery.results(CHOICE, threshold)
        lines = [json.loads(line) for line in results_json(results, []).splitlines()]
        faces = [face for line in lines for face in line["faces"]]
        assert [(face["label"], face["sure"]) for face in faces] == expected
        verdicts = [label if sure else "Not sure" for label, sure in expected]
        assert [face["verdict"] for face in faces] == verdicts
        rows = table_rows(results_csv(results, []))
        assert [row["verdict"] for row in rows] == [*verdicts, ""]
        said = [(label, "yes" if sure else "no") for label, sure in expected]
        assert [(row["label"], row["sure"]) for row in rows] == [*said, ("", "")]


def test_zip_holds_the_annotated_photos_and_both_tables(looked: Gallery) -> None:
    results = looked.results(CHOICE, 0.95)
    with zipfile.ZipFile(io.BytesIO(results_zip(results, []))) as archive:
        assert archive.testzip() is None
        assert archive.read("faces.csv") == results_csv(results, [])
        assert archive.read("faces.jsonl").decode() == results_json(results, [])
        assert '"label": "Mask"' not in results_json(results, [])  # nothing reaches 0.95
        pictures = sorted(set(archive.namelist()) - {"faces.csv", "faces.jsonl"})
        assert [name[4:] for name in pictures] == [
            "two-masklens.jpg",
            "one-masklens.jpg",
            "none-masklens.jpg",
        ]
        for name, (photo, analysis) in zip(pictures, results, strict=True):
            assert archive.read(name) == photo.annotated(analysis, blur=False)
            with Image.open(io.BytesIO(archive.read(name))) as image:
                assert (image.format, image.size) == ("JPEG", analysis.size_wh)


NAMES = [
    "photo.jpg",
    "photo.jpg",
    "photo.png",
    "../../x.jpg",
    "../../../etc/passwd",
    "C:\\a\\b.jpg",
    "..\\..\\b.jpg",
    "/abs/c.jpg",
    "a/../d.jpg",
    "",
    ".",
    "..",
    ".jpg",
    "Größe 2 – 日本.jpeg",
    "x" * 300 + ".jpg",
    "faces.csv",
    'a*b?c:d"e|f<g>h.jpg',
    "tab\tline\nnull\x00.jpg",
    "CON.jpg",
    "dots and space. . .jpg",
]


def test_names_in_the_zip_are_unique_and_stay_in_their_folder(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    for name in NAMES:
        gallery.add(name, photo_file(200))
    look(gallery, CHOICE, fake_pipeline)
    results = gallery.results(CHOICE, 0.5)
    assert len(results) == len(NAMES)
    with zipfile.ZipFile(io.BytesIO(results_zip(results, []))) as archive:
        names = archive.namelist()
    assert len(names) == len(set(name.casefold() for name in names)) == len(NAMES) + 2
    for name in names:
        assert PurePosixPath(name).name == name  # no folder, not absolute
        assert not set(name) & {*'<>:"|?*\\', *map(chr, range(32)), "\x7f"}
        assert name not in (".", "..")
        assert 0 < len(name) <= 110
        assert name.endswith((".jpg", ".csv", ".jsonl"))
    expected = {"photo", "x", "passwd", "b", "c", "d", "Größe 2 – 日本", "x" * 80}
    expected |= {"a_b_c_d_e_f_g_h", "tab_line_null_", "CON", "dots and space. . "}
    assert expected <= {name.partition("-")[2].removesuffix("-masklens.jpg") for name in names}
    assert [json.loads(line)["image"] for line in results_json(results, []).splitlines()] == NAMES


def test_a_photo_wider_than_a_jpeg_can_be_does_not_cost_the_others_their_zip(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    gallery.add("strip.png", photo_file(66_000, 3))
    gallery.add("two.png", photo_file(200))
    look(gallery, CHOICE, fake_pipeline)
    results = gallery.results(CHOICE, 0.5)
    assert len(results) == 2
    with zipfile.ZipFile(io.BytesIO(results_zip(results, []))) as archive:
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert len(pictures) == 2
        for name in pictures:
            read_image(archive.read(name))


def test_the_zip_is_the_same_each_time_and_may_be_read_where_it_is_unpacked(
    looked: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = looked.results(CHOICE, 0.5)
    packed = []
    for seconds in (1e9, 2e9):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: seconds)
        packed.append(results_zip(results, []))
    assert packed[0] == packed[1]
    with zipfile.ZipFile(io.BytesIO(packed[0])) as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}


def test_a_session_packs_its_photos_once_at_a_time(
    looked: Gallery,
    photo_file: PhotoFile,
    fake_pipeline: MaskPipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Gallery()
    other.add("two.png", photo_file(200))
    look(other, CHOICE, fake_pipeline)
    results, others = looked.results(CHOICE, 0.5), other.results(CHOICE, 0.5)
    photo = results[0][0]
    annotated, packed = type(photo).annotated_within, []

    def press_again(*args: Any) -> bytes:
        monkeypatch.setattr(type(photo), "annotated_within", annotated)
        with pytest.raises(MasklensError, match="packed already"):
            results_zip(results[1:], [])
        packed.append(results_zip(others, []))
        raise MemoryError

    monkeypatch.setattr(type(photo), "annotated_within", press_again)
    with pytest.raises(MemoryError):
        results_zip(results, [])
    assert len(packed) == 1
    assert results_zip(results, [])


@pytest.fixture
def noisy(fake_pipeline: MaskPipeline) -> Gallery:
    """Four photos that do not get small by packing."""
    gallery = Gallery()
    for seed in range(4):
        stream = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 256, (300, 3000, 3), np.uint8)
        Image.fromarray(pixels).save(stream, "PNG", compress_level=0)
        gallery.add(f"{seed}.png", stream.getvalue())
    look(gallery, CHOICE, fake_pipeline)
    return gallery


def test_photos_too_large_for_one_zip_are_packed_with_less_detail(
    noisy: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = noisy.results(CHOICE, 0.5)
    full = len(results_zip(results, []))
    wide = []
    for room in (full, full // 2, full // 5, full // 10):
        monkeypatch.setattr(module, "MAX_ZIP_BYTES", room)
        packed = results_zip(results, [])
        assert len(packed) <= room + 2000  # what archives add
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
            assert len(pictures) == 4
            wide.append([read_image(archive.read(name)).shape[1] for name in pictures])
            note = archive.read("note.txt") if "note.txt" in archive.namelist() else b""
        assert (b"less detail" in note) == (room < full)
    assert wide[0] == [3000] * 4
    assert sum(wide[1]) > sum(wide[2]) > sum(wide[3])
    assert {width for widths in wide for width in widths} == {3000, 2560, 1024}


def test_a_photo_of_more_detail_than_others_keeps_it_where_there_is_room(
    noisy: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = noisy.results(CHOICE, 0.5)
    first = len(results[0][0].annotated(results[0][1], blur=False))
    annotated_within = type(results[0][0]).annotated_within
    rooms = []

    def note(photo: Any, analysis: Any, blur: bool, most_bytes: float) -> tuple[bytes, bool]:
        rooms.append(most_bytes)
        if photo is results[0][0]:
            return annotated_within(photo, analysis, blur, most_bytes)
        return b"small", False

    monkeypatch.setattr(type(results[0][0]), "annotated_within", note)
    monkeypatch.setattr(module, "MAX_ZIP_BYTES", 3 * first)
    with zipfile.ZipFile(io.BytesIO(results_zip(results, []))) as archive:
        assert "note.txt" not in archive.namelist()
        assert archive.infolist()[0].file_size == first
    assert rooms[1] < rooms[2] and rooms[3] < 2 * first  # never more than is left


def test_photos_too_large_in_any_size_are_refused_with_a_sentence(
    noisy: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = noisy.results(CHOICE, 0.5)
    monkeypatch.setattr(module, "MAX_ZIP_BYTES", 20_000)
    with pytest.raises(MasklensError, match="too many for one ZIP file"):
        results_zip(results, [])
    monkeypatch.undo()
    assert results_zip(results, [])
