from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from tests.training.voc import voc
from training.annotated import scenes
from training.annotated.scenes import Scene, SceneFace, read_scenes

Face = tuple[str, tuple[float, float, float, float]]

MASK, BARE, WRONG = "with_mask", "without_mask", "mask_weared_incorrect"


def add_scene(root: Path, name: str, image: ImageRgb | None, faces: list[Face]) -> None:
    for folder in ("images", "annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if image is not None:
        Image.fromarray(image).save(root / "images" / f"{name}.png")
    (root / "annotations" / f"{name}.xml").write_text(voc(faces))


def test_boxes_and_classes_are_read_as_written(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    faces = [(MASK, (1, 20, 33, 44)), (BARE, (50, 5, 60.5, 21)), (WRONG, (2, 3, 4, 5))]
    add_scene(tmp_path, "b", make_photo(1), faces)
    add_scene(tmp_path, "a", make_photo(2), [])
    first, second = read_scenes(tmp_path)
    assert first == Scene(tmp_path / "images" / "a.png", ())
    assert second.image_path == tmp_path / "images" / "b.png"
    assert second.faces == (
        SceneFace((1, 20, 33, 44), 1),
        SceneFace((50, 5, 60.5, 21), 0),
        SceneFace((2, 3, 4, 5), None),
    )
    assert [face.longer_side for face in second.faces] == [32, 16, 2]


@pytest.mark.parametrize(
    "annotation",
    [
        voc([("with_hat", (1, 1, 9, 9))]),
        "<annotation><object><name>with_mask</name></object></annotation>",
        voc([("with_mask", ("one", 1, 9, 9))]),
        "<annotation><object><name>with_mask</name><bndbox><xmin/><ymin>1</ymin>"
        "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>",
        "<annotation><object>",
        "",
    ],
    ids=["unknown class", "no box", "no number", "no value", "cut off", "empty"],
)
def test_an_annotation_that_does_not_fit_is_named(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], annotation: str
) -> None:
    add_scene(tmp_path, "good", make_photo(0), [])
    add_scene(tmp_path, "scene7", make_photo(1), [])
    (tmp_path / "annotations" / "scene7.xml").write_text(annotation)
    with pytest.raises(MasklensError, match=r"^annotations/scene7\.xml .* with_mask, without_mask"):
        read_scenes(tmp_path)


def test_classes_may_be_called_by_other_words(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    names = ["mask", "no-mask", "With Mask", "incorrect_mask", MASK, BARE, WRONG]
    add_scene(tmp_path, "a", make_photo(1), [(name, (1, 2, 3, 4)) for name in names])
    (scene,) = read_scenes(tmp_path)
    assert [face.label for face in scene.faces] == [1, 0, 1, None, 1, 0, None]


def test_a_class_that_is_not_known_is_named_with_those_that_are(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_scene(tmp_path, "a", make_photo(1), [("a  hat\n" + "x" * 99, (1, 2, 3, 4))])
    with pytest.raises(MasklensError) as raised:
        read_scenes(tmp_path)
    assert str(raised.value) == (
        "annotations/a.xml is not a Pascal VOC file with the classes with_mask, without_mask,"
        " mask_weared_incorrect or other words for them, such as mask, no mask and incorrect; its"
        f' class "a hat {"x" * 54}" is not known.'
    )


def test_a_missing_photo_is_an_error_that_names_the_annotation(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_scene(tmp_path, "a", make_photo(0), [])
    add_scene(tmp_path, "b", None, [])
    with pytest.raises(MasklensError, match=r"no photo for annotations/b\.xml"):
        read_scenes(tmp_path)


def test_what_is_no_photo_in_the_photos_folder_is_passed_over(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_scene(tmp_path, "a", make_photo(0), [])
    (tmp_path / "images" / "a.txt").write_text("0 0.5 0.5 0.1 0.1")
    add_scene(tmp_path, "b", None, [])
    (tmp_path / "images" / "b.JPG").touch()
    assert [scene.image_path.name for scene in read_scenes(tmp_path)] == ["a.png", "b.JPG"]


def test_what_macs_put_beside_each_file_is_passed_over(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_scene(tmp_path, "a", make_photo(0), [])
    for name in ("annotations/._a.xml", "images/._a.png", "labels/._a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    assert [scene.image_path.name for scene in read_scenes(tmp_path)] == ["a.png"]


def test_a_folder_without_annotations_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="No annotations were found"):
        read_scenes(tmp_path)


def add_yolo_scene(root: Path, name: str, image: ImageRgb, lines: str) -> None:
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(root / "images" / f"{name}.png")
    (root / "labels" / f"{name}.txt").write_text(lines)


@pytest.mark.parametrize("where", ["classes.txt", "labels/classes.txt"])
def test_yolo_shares_become_pixels_of_the_photo(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], where: str
) -> None:
    image = make_photo(0, size_wh=(200, 100))
    add_yolo_scene(tmp_path, "b", image, "1 0.5 0.25 0.1 0.5\n\n0 0.05 0.5 0.1 0.2\n")
    add_yolo_scene(tmp_path, "a", make_photo(1), "")
    (tmp_path / where).write_text(f"{BARE}\n{MASK}\n{WRONG}\n")
    first, second = read_scenes(tmp_path)
    assert first == Scene(tmp_path / "images" / "a.png", ())
    assert [face.label for face in second.faces] == [1, 0]
    assert second.faces[0].box_xyxy == pytest.approx((90, 0, 110, 50))
    assert second.faces[1].box_xyxy == pytest.approx((0, 40, 20, 60))


@pytest.mark.parametrize("line", ["3 0.5 0.5 0.1 0.1", "-1 0.5 0.5 0.1 0.1", "0 0.5 0.5", "mask"])
def test_a_yolo_file_that_does_not_fit_is_named(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], line: str
) -> None:
    add_yolo_scene(tmp_path, "scene7", make_photo(0), f"0 0.5 0.5 0.1 0.1\n{line}\n")
    (tmp_path / "classes.txt").write_text(f"{BARE}\n{MASK}\n{WRONG}\n")
    with pytest.raises(MasklensError, match=r"^labels/scene7\.txt is not a YOLO file"):
        read_scenes(tmp_path)


def test_yolo_files_need_the_names_of_the_classes(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_yolo_scene(tmp_path, "a", make_photo(0), "0 0.5 0.5 0.1 0.1")
    with pytest.raises(MasklensError, match=r"classes\.txt is missing"):
        read_scenes(tmp_path)


def test_photos_of_both_kinds_are_read_and_one_with_both_by_pascal_voc(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    for name in ("d", "a", "c"):
        add_yolo_scene(tmp_path, name, make_photo(1, size_wh=(200, 100)), "0 0.5 0.5 0.5 0.5")
    for name in ("e", "b", "c"):
        add_scene(tmp_path, name, make_photo(2), [(MASK, (1, 2, 3, 4))])
    (tmp_path / "classes.txt").write_text(BARE)
    scenes = read_scenes(tmp_path)
    assert [scene.image_path.stem for scene in scenes] == ["b", "c", "e", "a", "d"]
    voc, yolo = SceneFace((1, 2, 3, 4), 1), SceneFace((50, 25, 150, 75), 0)
    assert [scene.faces for scene in scenes] == [(voc,)] * 3 + [(yolo,)] * 2


def test_labels_that_pascal_voc_takes_the_place_of_need_no_names(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    add_yolo_scene(tmp_path, "a", make_photo(1), "7 0.5 0.5 0.5 0.5")
    add_scene(tmp_path, "a", make_photo(1), [(MASK, (1, 2, 3, 4))])
    (scene,) = read_scenes(tmp_path)
    assert scene.faces == (SceneFace((1, 2, 3, 4), 1),)


@pytest.mark.parametrize(
    ("broken", "kind"), [("annotations/a.xml", "Pascal VOC"), ("labels/b.txt", "YOLO")]
)
def test_of_two_kinds_that_which_does_not_fit_is_named(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], broken: str, kind: str
) -> None:
    add_scene(tmp_path, "a", make_photo(1), [])
    add_yolo_scene(tmp_path, "b", make_photo(2), "")
    (tmp_path / "classes.txt").write_text(BARE)
    (tmp_path / broken).write_text("what")
    with pytest.raises(MasklensError, match=f"^{broken} is not a {kind} file"):
        read_scenes(tmp_path)


def test_a_document_type_is_refused(tmp_path: Path, make_photo: Callable[..., ImageRgb]) -> None:
    """Entities of entities of entities would end the process by overflowing its stack."""
    add_scene(tmp_path, "a", make_photo(1), [(MASK, (1, 2, 33, 44))])
    path = tmp_path / "annotations" / "a.xml"
    before = path.read_text()
    path.write_text(f'<!DOCTYPE a [<!ENTITY mask "{MASK}">]>{before.replace(MASK, "&mask;")}')
    with pytest.raises(MasklensError, match=r"annotations/a\.xml is not a Pascal VOC file"):
        read_scenes(tmp_path)


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_more_faces_than_memory_may_hold_are_refused(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name in ("a", "b"):
        add_scene(tmp_path, name, make_photo(1), 2 * [(MASK, (1, 2, 33, 44))])
    if kind == "yolo":
        shutil.rmtree(tmp_path / "annotations")
        (tmp_path / "labels").mkdir()
        (tmp_path / "classes.txt").write_text(MASK)
        for name in ("a", "b"):
            (tmp_path / "labels" / f"{name}.txt").write_text(2 * "0 0.5 0.5 0.2 0.2\n")
    monkeypatch.setattr(scenes, "MOST_FACES", 4)
    assert [len(scene.faces) for scene in read_scenes(tmp_path)] == [2, 2]
    monkeypatch.setattr(scenes, "MOST_FACES", 3)
    with pytest.raises(MasklensError, match="More than 3 faces are annotated here"):
        read_scenes(tmp_path)


def test_faces_of_one_class_and_large_enough_keep_their_numbers() -> None:
    boxes = [(0, 0, 32, 5), (0, 0, 31.9, 31.9), (5, 5, 60, 70), (9, 9, 40, 50)]
    labels = [1, 1, None, 0]
    scene = Scene(Path("a.png"), tuple(map(SceneFace, boxes, labels)))
    assert scene.faces_from(32) == [(1, boxes[0], 1), (4, boxes[3], 0)]
    assert scene.faces_from(100) == Scene(Path("b.png"), ()).faces_from(0) == []
