from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.classification import InputSpec
from maskcore.errors import MasklensError
from tests.training.voc import voc
from training.measuring import own_photos
from training.measuring.own_files import OwnFiles
from training.measuring.own_photos import (
    JudgedPhoto,
    judge_faces,
    judge_photos,
    learned_from,
    left_out,
    own_report,
    read_own_scenes,
)
from training.photos.intake import content_hash


class Brightness:
    """Takes the share of light for the probability of a mask."""

    input_spec = InputSpec(size=8, crop_margin=0.0, scale=1 / 255, offset=0.0)

    def classify_inputs(self, inputs: np.ndarray) -> np.ndarray:
        assert inputs.shape[1:] == (8, 8, 3)
        return inputs.mean(axis=(1, 2, 3))

    def mask_probabilities(self, image: np.ndarray, boxes: list[Any]) -> np.ndarray:
        crops = [image[int(y0) : int(y1), int(x0) : int(x1)] for x0, y0, x1, y1 in boxes]
        return np.array([crop.mean() / 255 for crop in crops])


def photo(path: Path, grey: int, size: tuple[int, int] = (20, 16)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size[::-1], 3), grey, np.uint8)).save(path)


def test_each_photos_face_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = np.zeros((16, 20, 3), np.uint8)
    half[:10, :10] = 204
    for folder in ("with_mask", "without_mask"):
        photo(tmp_path / folder / "a.png", 0)
    Image.fromarray(half).save(tmp_path / "with_mask" / "a.png")
    box = (2.0, 2.0, 8.0, 8.0)
    monkeypatch.setattr(own_photos, "largest_face", lambda image: box if image.any() else None)
    judged, _ = judge_photos(OwnFiles(tmp_path, False), Brightness())  # type: ignore[arg-type]
    assert {one.path: one.mask_probability for one in judged} == {
        "with_mask/a.png": pytest.approx(0.8),
        "without_mask/a.png": 0,
    }


def test_every_photo_is_judged_and_named_as_its_owner_does(tmp_path: Path) -> None:
    for number in range(40):  # more than go through at once
        photo(tmp_path / "with_mask" / f"{number:02d}.png", 100 + number)
    photo(tmp_path / "without_mask" / "50.png", 51)
    (tmp_path / "without_mask" / "51.png").write_text("no picture")
    names = {"without_mask/51.png": "without_mask/bad.png", "without_mask/50.png": "bare.png"}
    told: list[tuple[int, int]] = []
    judged, unreadable = judge_photos(
        OwnFiles(tmp_path, False, names),
        Brightness(),  # type: ignore[arg-type]
        lambda *done: told.append(done),
    )
    assert unreadable == ["without_mask/bad.png"]
    assert len(judged) == 41
    by_path = {one.path: one for one in judged}
    assert by_path["bare.png"].label == 0
    assert by_path["bare.png"].mask_probability == pytest.approx(0.2)
    assert by_path["bare.png"].file == "without_mask/50.png"
    for number in range(40):
        one = by_path[f"with_mask/{number:02d}.png"]
        assert (one.label, one.mask_probability) == (1, pytest.approx((100 + number) / 255))
    assert told == [(0, 42), (32, 42)]


def scenes_folder(root: Path, *objects: tuple[Any, ...]) -> OwnFiles:
    photo(root / "images" / "1.png", 255, (200, 100))
    (root / "annotations").mkdir()
    faces = [(label, tuple(box)) for label, *box in objects]
    (root / "annotations" / "1.xml").write_text(voc(faces))
    return OwnFiles(root, True, {"images/1.png": "street.png", "annotations/1.xml": "street.xml"})


def test_faces_large_enough_and_of_a_class_are_judged(tmp_path: Path) -> None:
    files = scenes_folder(
        tmp_path,
        ("with_mask", 0, 0, 40, 40),
        ("without_mask", 50, 0, 70, 32),  # 32 pixels are enough
        ("with_mask", 100, 0, 131, 31),
        ("mask_weared_incorrect", 140, 0, 190, 50),
        ("mask_weared_incorrect", 140, 60, 160, 80),
    )
    scenes, unreadable = read_own_scenes(files)
    done: list[int] = []
    judged = judge_faces(files, scenes, Brightness(), done.append)  # type: ignore[arg-type]
    assert (unreadable, done) == ([], [0])
    assert [(one.path, one.label) for one in judged] == [
        ("street.png, face 1", 1),
        ("street.png, face 2", 0),
    ]
    assert judged[1].box_xyxy == (50, 0, 70, 32)
    assert judged[1].file == "images/1.png"
    assert left_out(scenes) == (2, 1)


@pytest.mark.parametrize(("side", "judged"), [(32, True), (31, False)])
def test_a_face_is_not_too_small_by_how_yolo_rounds(
    tmp_path: Path, side: int, judged: bool
) -> None:
    photo(tmp_path / "images" / "1.png", 255, (288, 152))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "classes.txt").write_text("with_mask\n")
    x0, y0 = 30, 17
    x, y, w, h = (x0 + side / 2) / 288, (y0 + side / 2) / 152, side / 288, side / 152
    line = f"0 {x:.4f} {y:.4f} {w:.4f} {h:.4f}"
    assert float(line.split()[3]) * 288 < side > float(line.split()[4]) * 152  # as written
    (tmp_path / "labels" / "1.txt").write_text(line)
    files = OwnFiles(tmp_path, True, {"images/1.png": "1.png", "labels/1.txt": "1.txt"})
    scenes, _ = read_own_scenes(files)
    assert left_out(scenes) == (0 if judged else 1, 0)
    assert len(judge_faces(files, scenes, Brightness())) == judged  # type: ignore[arg-type]


def test_an_annotation_that_cannot_be_understood_is_named_by_its_owner(tmp_path: Path) -> None:
    files = scenes_folder(tmp_path, ("cat", 0, 0, 40, 40))
    with pytest.raises(MasklensError, match="street.xml is not a Pascal VOC file"):
        read_own_scenes(files)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 192000, 50), (0, -101, 40, 40), ("nan", 0, 40, 40), (0, 0, 40, "inf"), (40, 0, 0, 40)],
)
def test_a_box_far_off_its_photo_is_refused_in_a_sentence(tmp_path: Path, box: Any) -> None:
    files = scenes_folder(tmp_path, ("with_mask", 0, 0, 40, 40), ("with_mask", *box))
    with pytest.raises(MasklensError, match="far off the photo street.png. Pascal VOC"):
        read_own_scenes(files)


@pytest.mark.parametrize(("side", "fits"), [(10_000, True), (10_001, False)])
@pytest.mark.parametrize("flat", [False, True])
def test_a_box_so_long_that_its_square_would_fill_the_memory_is_refused(
    tmp_path: Path, side: int, fits: bool, flat: bool
) -> None:
    size = (12_000, 40) if flat else (40, 12_000)
    box = (0, 0, side, 40) if flat else (0, 0, 40, side)
    files = scenes_folder(tmp_path, ("with_mask", 0, 0, 40, 40), ("with_mask", *box))
    photo(tmp_path / "images" / "1.png", 255, size)
    if fits:
        assert len(read_own_scenes(files)[0][0].faces) == 2
    else:
        with pytest.raises(MasklensError, match="photo street.png is more than 10,000 pixels wide"):
            read_own_scenes(files)


@pytest.mark.parametrize(("faces", "fits"), [(2, True), (3, False)])
def test_boxes_that_are_too_large_together_are_refused(
    tmp_path: Path, faces: int, fits: bool
) -> None:
    files = scenes_folder(tmp_path, *[("with_mask", 0, 0, 10_000, 40)] * faces)
    photo(tmp_path / "images" / "1.png", 255, (12_000, 40))
    if fits:
        assert len(read_own_scenes(files)[0][0].faces) == faces
    else:
        with pytest.raises(MasklensError, match="photo street.png are too large together"):
            read_own_scenes(files)


@pytest.mark.parametrize(("faces", "fits"), [(1000, True), (1001, False)])
def test_a_photo_of_too_many_faces_is_refused(tmp_path: Path, faces: int, fits: bool) -> None:
    files = scenes_folder(tmp_path, *[("with_mask", 0, 0, 40, 40)] * faces)
    if fits:
        assert len(read_own_scenes(files)[0][0].faces) == faces
    else:
        sentence = "1,001 faces are annotated in the photo street.png; at most 1,000"
        with pytest.raises(MasklensError, match=sentence):
            read_own_scenes(files)


def test_a_box_may_reach_beyond_the_photo_s_edge(tmp_path: Path) -> None:
    files = scenes_folder(tmp_path, ("with_mask", -20, -10, 60, 130))
    (scene,), unreadable = read_own_scenes(files)
    assert (len(scene.faces), unreadable) == (1, [])


def test_scenes_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    files = scenes_folder(tmp_path, ("with_mask", 0, 0, 40, 40))
    (tmp_path / "images" / "1.png").write_text("no picture")
    assert read_own_scenes(files) == ([], ["street.png"])


def test_photos_that_were_refused_are_among_those_that_cannot_be_read(tmp_path: Path) -> None:
    files = replace(scenes_folder(tmp_path, ("with_mask", 0, 0, 40, 40)), refused=("2.png",))
    scenes, unreadable = read_own_scenes(files)
    assert (len(scenes), unreadable) == (1, ["2.png"])
    photo(tmp_path / "with_mask" / "1.png", 100)
    classes = OwnFiles(tmp_path, False, refused=("with_mask/2.png",))
    judged, unreadable = judge_photos(classes, Brightness())  # type: ignore[arg-type]
    assert (len(judged), unreadable) == (1, ["with_mask/2.png"])


def test_the_report_is_like_those_of_training() -> None:
    judged = [
        SimpleNamespace(path=f"{n}.jpg", label=label, mask_probability=probability)
        for n, (label, probability) in enumerate(((1, 0.9), (0, 0.1234567), (0, 0.5)))
    ]
    report = own_report(judged, "m", 0.5, "mine.zip", "2026-11-24T10:00:00")  # type: ignore[arg-type]
    part = report["parts"]["given"]
    assert part["confusion"] == [[1, 1], [0, 1]]
    assert part["photos"][1] == {
        "path": "1.jpg",
        "label": "without_mask",
        "mask_probability": 0.123457,
    }
    with pytest.raises(MasklensError, match="nothing to measure on"):
        own_report([], "m", 0.5, "mine.zip", "now")


def test_photos_that_the_run_of_a_model_learned_from_are_known_by_their_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    for folder, weights in (("models/m", "ours"), ("runs/a", "other"), ("runs/b", "ours")):
        (tmp_path / folder).mkdir(parents=True)
        card = {"name": "m", "kind": "classifier", "sha256": weights}
        (tmp_path / folder / "card.json").write_text(json.dumps(card))
    for number in range(4):
        photo(tmp_path / "own" / f"{number}.png", number)
    first, second, third, _ = [
        f"with_mask/000{number}-{content_hash((tmp_path / f'own/{number}.png').read_bytes())}.png"
        for number in range(4)
    ]
    learned = {"parts": {"train": {"paths": [first, second, "with_mask/3.png"]}}}
    learned["parts"]["test"] = {"paths": [third]}
    # Two faces of the first photo, one of each other one.
    judged = [JudgedPhoto(str(n), 1, 0.5, f"{max(n - 1, 0)}.png") for n in range(5)]

    def known() -> int:
        return learned_from(judged, tmp_path / "own", "m")

    assert known() == 0  # the run does not say
    (tmp_path / "runs" / "a" / "data.json").write_text(json.dumps(learned))
    assert known() == 0  # that is another model's
    (tmp_path / "runs" / "b" / "data.json").write_text(json.dumps(learned))
    assert known() == 3
    (tmp_path / "models" / "m" / "card.json").write_text("{")
    assert known() == 0
    (tmp_path / "runs" / "b" / "card.json").write_text("{")
    assert known() == 0
