"""Scenes annotated for YOLO; what they share with others is tested in test_scenes.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training.annotated.scenes import read_scenes
from training.measuring.own_files import folder_files
from training.measuring.own_photos import read_own_scenes

NAMES = "with_mask\nwithout_mask\nmask_weared_incorrect\n"


@pytest.fixture
def scenes(tmp_path: Path, make_photo: Callable[..., ImageRgb]) -> Path:
    """One photo of 200 x 100 pixels, still without annotations."""
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    Image.fromarray(make_photo(1, size_wh=(200, 100))).save(tmp_path / "images" / "a.png")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "box"),
    [
        ("0 0.5 0.5 1 1", (0, 0, 200, 100)),
        ("0 0.25 0.75 0.1 0.2", (40, 65, 60, 85)),
        ("0\t0.05 0.1   0.2 0.1", (-10, 5, 30, 15)),  # a face cut by the photo's edge
        ("0 2.5e-1 .5 1e-1 0.5", (40, 25, 60, 75)),
        ("\ufeff0 0.5 0.5 1 1", (0, 0, 200, 100)),  # as some editors under Windows save it
    ],
)
def test_middle_and_size_are_shares_of_the_photo_s_own(
    scenes: Path, line: str, box: tuple[float, ...]
) -> None:
    (scenes / "classes.txt").write_text(NAMES)
    (scenes / "labels" / "a.txt").write_text(line, encoding="utf-8")
    ((face,),) = (scene.faces for scene in read_scenes(scenes))
    assert face.box_xyxy == pytest.approx(box)
    assert face.label == 1


def test_a_photo_stored_on_its_side_is_measured_upright(
    scenes: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    photo = Image.fromarray(make_photo(1, size_wh=(200, 100)))
    (scenes / "images" / "a.png").unlink()
    photo.save(scenes / "images" / "a.jpg", exif=exif)
    (scenes / "classes.txt").write_text(NAMES)
    (scenes / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5")
    (scene,) = read_scenes(scenes)
    assert scene.faces[0].box_xyxy == pytest.approx((25, 50, 75, 150))


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (NAMES, [1, 0, None]),
        ("mask_weared_incorrect without_mask with_mask", [None, 0, 1]),
        ("without_mask\r\nwith_mask\r\nmask_weared_incorrect\r\n", [0, 1, None]),
        ("with mask\nno mask\nworn incorrectly\n", [1, 0, None]),
        ("\ufeffno_mask\n\nmask\nincorrect", [0, 1, None]),
        ("mask no-mask incorrect_mask", [1, 0, None]),
    ],
)
def test_class_numbers_follow_the_order_of_the_names(
    scenes: Path, names: str, labels: list[int | None]
) -> None:
    (scenes / "classes.txt").write_bytes(names.encode())
    (scenes / "labels" / "a.txt").write_text("\n".join(f"{n} .5 .5 .1 .1" for n in range(3)))
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == labels


def test_names_beside_the_labels_are_not_annotations_and_those_above_come_first(
    scenes: Path,
) -> None:
    (scenes / "labels" / "a.txt").write_text("0 .5 .5 .1 .1")
    (scenes / "labels" / "classes.txt").write_text("without_mask")
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == [0]
    (scenes / "classes.txt").write_text("with_mask")
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == [1]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("3 .5 .5 .1 .1", NAMES),
        ("-1 .5 .5 .1 .1", NAMES),
        ("0.0 .5 .5 .1 .1", NAMES),
        ("with_mask .5 .5 .1 .1", NAMES),
        ("0 .5 .5 .1", NAMES),
        ("0 .5 .5 .1 .1 0.93", NAMES),  # a prediction, with its score
        ("0 .5 .5 .1 half", NAMES),
        ("0 0,5 0,5 0,1 0,1", NAMES),
        ("0 .5 .5 .1 .1", "face"),
        ("0 .5 .5 .1 .1", ""),
    ],
)
def test_what_does_not_fit_is_named(scenes: Path, line: str, names: str) -> None:
    (scenes / "classes.txt").write_text(names)
    (scenes / "labels" / "a.txt").write_text(f"{line}\n")
    with pytest.raises(MasklensError, match=r"^labels/a\.txt is not a YOLO file with the classes"):
        read_scenes(scenes)


def test_a_photo_that_cannot_be_read_does_not_cost_the_others(scenes: Path) -> None:
    (scenes / "classes.txt").write_text(NAMES)
    (scenes / "images" / "b.png").write_bytes(b"no picture")
    for name in "ab":
        (scenes / "labels" / f"{name}.txt").write_text("0 .5 .5 .1 .1")
    good, broken = read_scenes(scenes)
    assert (len(good.faces), broken.faces) == (1, ())
    read, unreadable = read_own_scenes(folder_files(scenes, scenes))
    assert [(scene.image_path, len(scene.faces)) for scene in read] == [(good.image_path, 1)]
    assert unreadable == ["images/b.png"]


def test_names_without_annotations_are_none(scenes: Path) -> None:
    (scenes / "labels" / "classes.txt").write_text(NAMES)
    with pytest.raises(MasklensError, match="No annotations were found"):
        read_scenes(scenes)


def test_annotations_without_names_or_photo_are_an_error(scenes: Path) -> None:
    (scenes / "labels" / "a.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(MasklensError, match=r"classes\.txt is missing: .* with_mask, without_mask"):
        read_scenes(scenes)
    (scenes / "classes.txt").write_text(NAMES)
    (scenes / "labels" / "b.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(MasklensError, match=r"^images/ has no photo for labels/b\.txt"):
        read_scenes(scenes)


def test_a_class_that_is_not_known_is_named_if_a_box_is_of_it(scenes: Path) -> None:
    (scenes / "classes.txt").write_text("a hat\nmask\n")
    (scenes / "labels" / "a.txt").write_text("1 .5 .5 .1 .1")
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == [1]
    (scenes / "labels" / "a.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(
        MasklensError, match=r'^labels/a\.txt .*; its class "a hat" is not known\.$'
    ):
        read_scenes(scenes)


def test_data_yaml_names_the_classes_where_there_is_no_other_list(scenes: Path) -> None:
    (scenes / "data.yaml").write_text("nc: 2\nnames: ['No Mask', 'Mask']\n")
    (scenes / "labels" / "a.txt").write_text("0 .5 .5 .1 .1")
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == [0]
    (scenes / "labels" / "classes.txt").write_text("Mask")
    (scene,) = read_scenes(scenes)
    assert [face.label for face in scene.faces] == [1]
