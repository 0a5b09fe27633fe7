from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore import MaskPipeline, read_image
from maskcore.types import Face, ImageRgb, NotSure
from ui.photos import gallery as module
from ui.photos.gallery import (
    PREVIEW_SIDE,
    THUMBNAIL_SIDE,
    Gallery,
    Photo,
    annotated_name,
    results_csv,
    results_json,
    results_zip,
)

PhotoFile = Callable[..., bytes]

CHOICE, OTHER = ("haar", "first"), ("haar", "second")


def look(
    gallery: Gallery, choice: tuple[str, str], pipeline: MaskPipeline, installation: str = ""
) -> None:
    """At every photo that waits."""
    for photo in gallery.waiting(choice, installation):
        gallery.look_at(photo, choice, pipeline)


def table_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture
def looked(photo_file: PhotoFile, fake_pipeline: MaskPipeline) -> Gallery:
    """Two faces (0.9, 0.2), one face (0.6) and none."""
    gallery = Gallery()
    for name, width in (("two.png", 200), ("one.png", 300), ("none.png", 250)):
        gallery.add(name, photo_file(width))
    look(gallery, CHOICE, fake_pipeline)
    return gallery


# --- room


def test_photos_keep_their_order_and_get_numbers_of_their_own(photo_file: PhotoFile) -> None:
    gallery = Gallery()
    for name in ("b.png", "a.png", "b.png"):
        gallery.add(name, photo_file(200))
    assert [photo.name for photo in gallery.photos] == ["b.png", "a.png", "b.png"]
    gallery.remove(gallery.photos[2])
    gallery.add("c.png", photo_file(200))
    assert len({photo.number for photo in gallery.photos}) == 3
    assert gallery.photos[-1].number == 3  # numbers are never used again


def test_one_photo_too_many_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 2)
    gallery = Gallery()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        gallery.add(name, name.encode())
    assert [photo.name for photo in gallery.photos] == ["a.jpg", "b.jpg"]
    ((name, problem),) = gallery.problems
    assert name == "c.jpg"
    assert "room for 2 photos" in problem
    gallery.remove(gallery.photos[0])
    gallery.add("d.jpg", b"d")
    assert [photo.name for photo in gallery.photos] == ["b.jpg", "d.jpg"]


def test_what_found_no_room_stays_named_when_a_broken_photo_leaves(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 2)
    gallery = Gallery()
    files = {"a.png": photo_file(200), "b.txt": b"text", "c.png": photo_file(300)}
    for name, content in files.items():
        gallery.add(name, content)
    look(gallery, CHOICE, fake_pipeline)
    assert [name for name, _ in gallery.problems] == ["c.png", "b.txt"]


def test_bytes_are_limited_over_all_photos_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSION_BYTES", 2 * 2**20)
    gallery = Gallery()
    gallery.add("a.jpg", bytes(2**20))
    gallery.add("b.jpg", bytes(2**20 - 1) + b"1")  # just fits
    gallery.add("c.jpg", b"1")
    assert [photo.name for photo in gallery.photos] == ["a.jpg", "b.jpg"]
    assert "2 MB at a time" in gallery.problems[0][1]
    gallery.remove(gallery.photos[0])
    gallery.add("d.jpg", b"1")
    assert [photo.name for photo in gallery.photos] == ["b.jpg", "d.jpg"]


def test_previews_take_up_room_too(looked: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    held = sum(len(photo.content) for photo in looked.photos)
    previews = sum(len(photo.preview) for photo in looked.photos)
    monkeypatch.setattr(module, "MAX_SESSION_BYTES", held + 2 * previews + 5)
    assert looked.add("large.jpg", bytes(6)) is None
    assert looked.add("small.jpg", bytes(5))


def test_what_broke_is_counted_until_all_that_wait_are_gone(
    looked: Gallery, fake_pipeline: MaskPipeline
) -> None:
    broken = looked.add("a.jpg", b"text")
    assert broken
    looked.add("b.jpg", b"waits")
    looked.look_at(broken, CHOICE, fake_pipeline)
    looked.remove(looked.photos[0])
    assert looked.left == 1
    looked.remove(looked.photos[-1])
    assert looked.left == 0


def test_the_same_file_is_held_once_but_every_shot_is_new(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery, content = Gallery(), photo_file(200)
    for name in ("a.png", "b.png"):
        gallery.add(name, content)
    gallery.add("shot.png", content, is_shot=True)
    for name in ("a.txt", "b.txt"):
        gallery.add(name, b"text")
    assert [name for name, _ in gallery.doubles] == ["b.png", "b.txt"]
    look(gallery, CHOICE, fake_pipeline)
    assert [photo.name for photo in gallery.photos] == ["a.png", "shot.png"]
    # What is like a broken file is not here, but broken.
    assert [name for name, _ in gallery.doubles] == ["b.png"]
    assert [name for name, _ in gallery.problems] == ["a.txt", "b.txt"]
    assert len({problem for _, problem in gallery.problems}) == 1
    gallery.remove(gallery.photos[0])
    gallery.remove(gallery.photos[0])
    gallery.add("b.png", content)
    assert [photo.name for photo in gallery.photos] == ["b.png"]


def test_clear_forgets_everything(looked: Gallery) -> None:
    looked.problems.append(("a.jpg", "broken"))
    looked.add("again.png", looked.photos[0].content)
    looked.clear()
    assert looked.photos == []
    assert looked.problems == looked.doubles == []
    assert looked.results(CHOICE, 0.5) == []


def test_removing_a_photo_twice_is_no_error(looked: Gallery) -> None:
    """A double click on its button asks twice."""
    photo = looked.photos[0]
    looked.remove(photo)
    looked.remove(photo)
    assert [photo.name for photo in looked.photos] == ["one.png", "none.png"]


# --- looking


def test_each_photo_is_looked_at_once_for_each_choice(
    looked: Gallery, fake: Any, fake_pipeline: MaskPipeline, photo_file: PhotoFile
) -> None:
    assert len(fake.detected) == 3
    look(looked, CHOICE, fake_pipeline)
    assert len(fake.detected) == 3
    looked.add("new.png", photo_file(400))
    look(looked, CHOICE, fake_pipeline)
    assert fake.detected[3:] == [(400, 120)]
    look(looked, OTHER, fake_pipeline)
    assert len(fake.detected) == 8
    look(looked, CHOICE, fake_pipeline)
    assert len(fake.detected) == 8


def test_photos_are_looked_at_anew_after_a_model_was_installed_anew(
    looked: Gallery, fake_pipeline: MaskPipeline, fake: Any
) -> None:
    look(looked, OTHER, fake_pipeline, "old")
    look(looked, CHOICE, fake_pipeline, "old")
    before = len(fake.detected)
    look(looked, CHOICE, fake_pipeline, "old")
    assert len(fake.detected) == before
    look(looked, CHOICE, fake_pipeline, "new")
    assert len(fake.detected) == before + 3
    look(looked, OTHER, fake_pipeline, "old")  # another model's results stay
    assert len(fake.detected) == before + 3


def test_what_cannot_be_read_leaves_with_a_reason_and_the_rest_is_looked_at(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline
) -> None:
    gallery = Gallery()
    half = photo_file(400)[:60]
    files = {"a.jpg": b"text", "b.png": photo_file(200), "c.png": half, "d.png": b""}
    for name, content in files.items():
        gallery.add(name, content)
    gallery.add("e.png", photo_file(300))
    look(gallery, CHOICE, fake_pipeline)
    assert [photo.name for photo in gallery.photos] == ["b.png", "e.png"]
    assert [name for name, _ in gallery.problems] == ["a.jpg", "c.png", "d.png"]
    for _, problem in gallery.problems:
        assert problem.endswith(".")
        assert "Error" not in problem
    assert len(gallery.results(CHOICE, 0.5)) == 2


def test_results_are_those_of_the_choice_alone(
    looked: Gallery, fake_pipeline: MaskPipeline
) -> None:
    assert looked.results(OTHER, 0.5) == []
    looked.photos[1].look(OTHER, fake_pipeline)
    assert [photo.name for photo, _ in looked.results(OTHER, 0.5)] == ["one.png"]
    assert len(looked.results(CHOICE, 0.5)) == 3


def test_results_are_relabelled_by_the_threshold(looked: Gallery, fake: Any) -> None:
    for threshold, masked in ((0.1, [2, 1, 0]), (0.5, [1, 1, 0]), (0.7, [1, 0, 0]), (1, [0, 0, 0])):
        results = looked.results(CHOICE, threshold)
        assert [analysis.count("Mask") for _, analysis in results] == masked
        assert [len(analysis.faces) for _, analysis in results] == [2, 1, 0]
        assert {analysis.threshold for _, analysis in results} == {threshold}
    assert len(fake.detected) == 3


def test_thumbnails_show_each_face(looked: Gallery) -> None:
    two, one, none = (photo.thumbnails[CHOICE] for photo in looked.photos)
    assert (len(two), len(one), len(none)) == (2, 1, 0)
    head, _, body = two[0].partition(",")
    assert head == "data:image/jpeg;base64"
    assert read_image(base64.b64decode(body)).shape == (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)


# --- previews


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], list[Face]]]:
    """Shape and faces of everything drawn."""
    calls = []
    draw_faces = module.draw_faces

    def draw(image_rgb: ImageRgb, faces: Any) -> ImageRgb:
        calls.append((image_rgb.shape, list(faces)))
        return draw_faces(image_rgb, faces)

    monkeypatch.setattr(module, "draw_faces", draw)
    return calls


def test_preview_is_drawn_anew_only_when_a_label_changes(looked: Gallery, drawn: Any) -> None:
    photo, previews = looked.photos[0], {}  # faces at 0.9 and 0.2
    steps = ((0.5, 1), (0.5, 1), (0.6, 1), (0.85, 1), (0.95, 2), (0.99, 2), (0.15, 3), (0.5, 4))
    for threshold, times in steps:
        analysis = photo.analyses[CHOICE].relabelled(threshold)
        previews[threshold] = photo.annotated_preview(analysis, blur=False)
        assert len(drawn) == times
        labels = ["Mask" if p >= threshold else "No Mask" for p in (0.9, 0.2)]
        assert [face.label for face in drawn[-1][1]] == labels
    assert previews[0.5] == previews[0.6] != previews[0.95]


def test_preview_is_drawn_anew_when_a_face_becomes_unsure_and_keeps_its_label(
    photo_file: PhotoFile, fake: Any, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    fake.not_sure = NotSure(margin=1.0)
    photo = Photo(0, "two.png", photo_file(200))
    photo.look(CHOICE, fake_pipeline)
    previews = []
    for threshold, times, verdicts in (
        (0.5, 1, ["Mask", "No Mask"]),
        (0.6, 1, ["Mask", "No Mask"]),
        (0.85, 2, ["Not sure", "No Mask"]),  # log odds of 0.9 and 0.85: 2.2 and 1.7
        (0.5, 3, ["Mask", "No Mask"]),
    ):
        previews.append(
            photo.annotated_preview(photo.analyses[CHOICE].relabelled(threshold), blur=False)
        )
        assert len(drawn) == times
        assert [face.verdict for face in drawn[-1][1]] == verdicts
        assert [face.label for face in drawn[-1][1]] == ["Mask", "No Mask"]
    assert previews[0] == previews[1] == previews[3] != previews[2]


def test_a_preview_smaller_than_its_photo_does_not_make_a_face_too_small(
    photo_file: PhotoFile, fake: Any, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    fake.not_sure = NotSure(smallest_side=30)
    photo = Photo(0, "large.png", photo_file(2560, 1800))
    photo.look(CHOICE, fake_pipeline)
    photo.annotated_preview(photo.analyses[CHOICE], blur=False)
    ((_, (face,)),) = drawn
    assert face.longer_side == pytest.approx(20)
    assert face.verdict == "Mask"


def test_preview_of_another_choice_is_drawn(
    looked: Gallery, drawn: Any, fake_pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = looked.photos[0]
    photo.annotated_preview(photo.analyses[CHOICE], blur=False)
    found = fake_pipeline.detector.mask_probabilities  # type: ignore[attr-defined]
    monkeypatch.setattr(
        fake_pipeline.classifier, "mask_probabilities", lambda i, b: 0.9 * found(i, b)
    )
    photo.look(OTHER, fake_pipeline)
    photo.annotated_preview(photo.analyses[OTHER], blur=False)
    assert len(drawn) == 2


def test_a_large_photo_is_previewed_small_with_its_boxes_scaled(
    photo_file: PhotoFile, fake_pipeline: MaskPipeline, drawn: Any
) -> None:
    photo = Photo(0, "large.png", photo_file(2560, 1800))
    photo.look(CHOICE, fake_pipeline)
    analysis = photo.analyses[CHOICE]
    preview = read_image(photo.annotated_preview(analysis, blur=False))
    assert preview.shape == (900, PREVIEW_SIDE, 3)
    assert drawn[0][1][0].box_xyxy == pytest.approx((0, 5, 20, 25))
    assert read_image(photo.annotated(analysis, blur=False)).shape == (1800, 2560, 3)
    assert drawn[1][1][0].box_xyxy == pytest.approx((0, 10, 40, 50))


@pytest.mark.parametrize(
    ("size_wh", "expected"),
    [
        ((2560, 1800), (1280, 900)),
        ((1800, 2560), (900, 1280)),
        ((4000, 1500), (1280, 480)),
        ((8000, 600), (6400, 480)),
        ((600, 8000), (480, 6400)),
        ((4000, 1000), (1920, 480)),
        ((9000, 300), (6400, 213)),  # at most so long
        ((2000, 100), (2000, 100)),  # not enlarged
    ],
    ids=str,
)
def test_of_a_panorama_the_preview_keeps_what_faces_need(
    photo_file: PhotoFile,
    fake_pipeline: MaskPipeline,
    size_wh: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    photo = Photo(0, "a.png", photo_file(*size_wh))
    photo.look(CHOICE, fake_pipeline)
    assert read_image(photo.preview).shape[1::-1] == expected


def test_a_small_photo_is_not_enlarged_and_shows_the_boxes(looked: Gallery) -> None:
    photo = looked.photos[0]
    plain = read_image(photo.preview)
    annotated = read_image(photo.annotated_preview(photo.analyses[CHOICE], blur=False))
    assert plain.shape == annotated.shape == (120, 200, 3)
    change = np.abs(plain.astype(int) - annotated).max(axis=2)
    assert change[8:54, 0:105].max() > 60
    assert change[60:, 120:].max() < 30


# --- blurred faces


@pytest.fixture
def noisy(fake_pipeline: MaskPipeline) -> Photo:
    """A photo of noise, twice as wide as its preview; its face is at (0, 10, 40, 50)."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (1000, 2560, 3), np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    photo = Photo(0, "noise.png", stream.getvalue())
    photo.look(CHOICE, fake_pipeline)
    return photo


def detail(image_rgb: ImageRgb) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(image_rgb.astype(int), axis=1)).mean())


def test_blurred_faces_leave_the_photo_in_no_form(noisy: Photo) -> None:
    analysis = noisy.analyses[CHOICE]
    with zipfile.ZipFile(io.BytesIO(results_zip([(noisy, analysis)], [], blur=True))) as archive:
        packed = archive.read(annotated_name(noisy))
    assert packed == noisy.annotated(analysis, blur=True)
    for jpeg, plain, scale in (
        (packed, noisy.annotated(analysis, blur=False), 1),
        (
            noisy.annotated_preview(analysis, blur=True),
            noisy.annotated_preview(analysis, blur=False),
            2,
        ),
        (noisy.unlabelled_preview(blur=True), noisy.unlabelled_preview(blur=False), 2),
    ):
        # Inside the box, whose lines are sharp, and far from its label.
        face = np.s_[24 // scale : 36 // scale, 16 // scale : 30 // scale]
        blurred, sharp = read_image(jpeg), read_image(plain)
        assert detail(blurred[face]) < detail(sharp[face]) / 2
        rest = np.s_[80 // scale :, 400 // scale :]
        assert detail(blurred[rest]) > detail(sharp[rest]) * 0.9
    (shown,), (hidden,) = (
        noisy.faces_shown(CHOICE, blur=False),
        noisy.faces_shown(CHOICE, blur=True),
    )
    sharp, blurred = (
        read_image(base64.b64decode(url.partition(",")[2])) for url in (shown, hidden)
    )
    assert blurred.shape == sharp.shape
    assert detail(blurred) < detail(sharp) / 2


def test_blurring_goes_as_it_came(noisy: Photo, drawn: Any) -> None:
    analysis = noisy.analyses[CHOICE]
    sharp = noisy.annotated_preview(analysis, blur=False)
    blurred = noisy.annotated_preview(analysis, blur=True)
    assert noisy.annotated_preview(analysis, blur=True) == blurred != sharp
    assert noisy.annotated_preview(analysis, blur=False) == sharp
    assert len(drawn) == 3


def test_where_faces_are_not_known_all_of_a_photo_is_blurred(noisy: Photo) -> None:
    noisy.analyses.clear()
    whole = read_image(noisy.unlabelled_preview(blur=True))
    assert detail(whole) < detail(read_image(noisy.preview)) / 4


# --- taking along


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
