from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.classification import InputSpec
from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training import metrics
from training.scenes import (
    Scene,
    SceneFace,
    evaluate_faces,
    fold_scenes,
    read_scenes,
    split_scenes,
)

Face = tuple[str, tuple[float, float, float, float]]

MASK, BARE, WRONG = "with_mask", "without_mask", "mask_weared_incorrect"


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "RESAMPLES", 20)


def add_scene(root: Path, name: str, image: ImageRgb | None, faces: list[Face]) -> None:
    for folder in ("images", "annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if image is not None:
        Image.fromarray(image).save(root / "images" / f"{name}.png")
    objects = "".join(
        f"<object><name>{label}</name><pose>Unspecified</pose><bndbox><xmin>{x0}</xmin>"
        f"<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for label, (x0, y0, x1, y1) in faces
    )
    (root / "annotations" / f"{name}.xml").write_text(f"<annotation>{objects}</annotation>")


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
        "<annotation><object><name>with_hat</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>",
        "<annotation><object><name>with_mask</name></object></annotation>",
        "<annotation><object><name>with_mask</name><bndbox><xmin>one</xmin><ymin>1</ymin>"
        "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>",
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


def many_scenes(root: Path, make_photo: Callable[..., ImageRgb]) -> list[Scene]:
    """A hundred, every fifth with a bare face, and two copies of the scene 004."""
    for number in range(100):
        label = BARE if number % 5 == 0 else MASK
        image = make_photo(number, size_wh=(48, 40))
        add_scene(root, f"{number:03d}", image, [(label, (1, 1, 20, 20)), (MASK, (2, 2, 9, 9))])
    add_scene(root, "copy", make_photo(4, size_wh=(48, 40)), [])
    add_scene(root, "mirrored", make_photo(4, size_wh=(48, 40))[:, ::-1], [])
    return read_scenes(root)


def test_parts_are_disjoint_complete_and_always_the_same(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts = split_scenes(scenes)
    assert list(parts) == ["train", "validation", "test"]
    names = {part: [scene.image_path.stem for scene in parts[part]] for part in parts}
    assert sorted(sum(names.values(), [])) == [scene.image_path.stem for scene in scenes]
    assert len(names["validation"]) == pytest.approx(10, abs=3)
    assert len(names["test"]) == pytest.approx(10, abs=3)
    alike = [part for part in names for name in ("004", "copy", "mirrored") if name in names[part]]
    assert len(set(alike)) == 1
    for part in ("validation", "test"):  # a fifth of the scenes has a bare face, here too
        bare = sum(any(face.label == 0 for face in scene.faces) for scene in parts[part])
        assert bare == pytest.approx(2, abs=1)
    assert split_scenes(read_scenes(tmp_path)) == parts
    assert split_scenes(scenes, seed=1)["test"] != parts["test"]


def test_folds_leave_the_test_part_alone_and_each_scene_validates_once(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts = split_scenes(scenes)
    kept = {scene.image_path.stem for scene in parts["train"] + parts["validation"]}
    validated: list[str] = []
    for fold in range(4):
        divided = fold_scenes(scenes, 4, fold)
        assert divided["test"] == parts["test"]
        assert fold_scenes(scenes, 4, fold) == divided
        train, held_back = (
            {scene.image_path.stem for scene in divided[part]} for part in ("train", "validation")
        )
        assert train | held_back == kept
        assert not train & held_back
        bare = sum(int(name) % 5 == 0 for name in held_back if name.isdigit())
        assert bare == pytest.approx(len(held_back) / 5, abs=1.5)
        assert len(held_back & {"004", "copy", "mirrored"}) in (
            0,
            len(kept & {"004", "copy", "mirrored"}),
        )
        validated += held_back
    assert sorted(validated) == sorted(kept)


def test_one_fold_trains_on_all_that_is_not_for_testing(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    scenes = many_scenes(tmp_path, make_photo)
    parts, divided = split_scenes(scenes), fold_scenes(scenes, 1, 0)
    assert divided["test"] == parts["test"]
    assert divided["train"] == divided["validation"] == parts["train"] + parts["validation"]


class BlueIsMask:
    """Judges by the share of blue; remembers what it was given."""

    threshold = 0.5
    input_spec = InputSpec(size=16, crop_margin=0.4)

    def __init__(self) -> None:
        self.inputs: list[NDArray[np.float32]] = []

    def classify_inputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        self.inputs.append(inputs)
        return ((inputs[..., 2].mean((1, 2)) + 1) / 2).astype(np.float32)


def painted(faces: list[tuple[tuple[int, int, int, int], int]]) -> ImageRgb:
    image = np.zeros((200, 300, 3), np.uint8)
    for (x0, y0, x1, y1), blue in faces:
        image[y0:y1, x0:x1, 2] = blue
    return image


def test_faces_are_cut_out_and_counted_by_class_and_size(tmp_path: Path) -> None:
    boxes = [(10, 10, 50, 50), (60, 10, 92, 30), (100, 10, 131, 41), (150, 10, 190, 50)]
    image = painted(list(zip(boxes, (255, 255, 255, 255), strict=True)))
    labels = [MASK, BARE, BARE, WRONG]  # of 40, 32, 31 and 40 pixels
    add_scene(tmp_path, "a", image, list(zip(labels, boxes, strict=True)))
    add_scene(tmp_path, "b", painted([]), [(MASK, (10, 10, 60, 60)), (BARE, (80, 80, 140, 140))])
    add_scene(tmp_path, "c", painted([]), [(MASK, (10, 10, 20, 20))])
    classifier = BlueIsMask()
    figures = evaluate_faces([(classifier, read_scenes(tmp_path))], crop_margin=0.0, min_side=32)  # type: ignore[arg-type]
    # a: one masked face right; of the bare ones that of 32 pixels, blue though it is: wrong.
    # b: the masked one is black: wrong; the bare one right.
    assert figures["confusion"] == [[1, 1], [1, 1]]
    assert figures["count"] == 4
    everything = evaluate_faces([(classifier, read_scenes(tmp_path))], crop_margin=0.0, min_side=1)  # type: ignore[arg-type]
    assert everything["confusion"] == [[1, 2], [2, 1]]


def test_the_given_crop_margin_replaces_that_of_the_card(tmp_path: Path) -> None:
    box = (100, 60, 160, 120)
    add_scene(tmp_path, "a", painted([(box, 255)]), [(MASK, box), (BARE, (0, 0, 40, 40))])
    scenes = read_scenes(tmp_path)
    shares = {}
    for margin in (0.0, 0.5):
        classifier = BlueIsMask()
        evaluate_faces([(classifier, scenes)], margin, min_side=32)  # type: ignore[arg-type]
        (inputs,) = classifier.inputs
        assert inputs.shape == (2, 16, 16, 3)
        shares[margin] = float((inputs[0, ..., 2].mean() + 1) / 2)
    assert shares == pytest.approx({0.0: 1.0, 0.5: 0.25}, abs=0.01)


def test_the_threshold_is_that_of_the_classifier(tmp_path: Path) -> None:
    box = (100, 60, 160, 120)
    add_scene(tmp_path, "a", painted([(box, 180)]), [(MASK, box), (BARE, (0, 0, 40, 40))])
    classifier = BlueIsMask()
    for threshold, hits in ((0.6, 1), (0.8, 0)):
        classifier.threshold = threshold
        figures = evaluate_faces([(classifier, read_scenes(tmp_path))], 0.0, min_side=32)  # type: ignore[arg-type]
        assert figures["threshold"] == threshold
        assert figures["by_class"]["Mask"]["recall"]["hits"] == hits


def test_scenes_without_a_face_large_enough_are_an_error(tmp_path: Path) -> None:
    add_scene(tmp_path, "a", painted([]), [(MASK, (10, 10, 20, 20))])
    with pytest.raises(MasklensError, match="50"):
        evaluate_faces([(BlueIsMask(), read_scenes(tmp_path))], 0.0, min_side=50)  # type: ignore[arg-type]
