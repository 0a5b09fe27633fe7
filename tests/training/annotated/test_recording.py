"""Frames of a camera become faces of a class."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from maskcore.classification.preprocess import crop_square
from maskcore.detection import load_detector
from maskcore.errors import MasklensError
from maskcore.images import read_image
from maskcore.types import Detections, ImageRgb
from tests.full_disk import full_disk
from training.annotated.faces import TRAINING_MARGIN
from training.annotated.recording import FACES_A_CLASS, NoFaceError, Recording, nearest_face
from training.photos import data_folders
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.data_folders import new_data_folder


@dataclass
class Fake:
    """Finds these boxes whatever it is shown."""

    boxes: list[list[float]]

    def detect(self, image_rgb: ImageRgb) -> Detections:
        boxes: NDArray[np.float32] = np.array(self.boxes, np.float32).reshape(-1, 4)
        return Detections(boxes, np.linspace(0.9, 0.5, len(boxes), dtype=np.float32))


@pytest.fixture
def frame() -> ImageRgb:
    return np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path))
    return Recording(new_data_folder())


def test_the_largest_face_is_taken_not_the_surest(frame: ImageRgb) -> None:
    fake = Fake([[0, 0, 60, 60], [100, 50, 190, 180], [200, 0, 280, 90]])
    assert nearest_face(frame, fake) == (100, 50, 190, 180)


def test_no_face_is_a_hint(frame: ImageRgb) -> None:
    with pytest.raises(NoFaceError, match="No face is seen"):
        nearest_face(frame, Fake([]))


@pytest.mark.parametrize(("side", "refused"), [(39.5, True), (40.0, False)])
def test_a_small_face_is_a_hint(frame: ImageRgb, side: float, refused: bool) -> None:
    fake = Fake([[10, 10, 10 + side * 0.8, 10 + side]])
    if refused:
        with pytest.raises(NoFaceError, match="Come nearer"):
            nearest_face(frame, fake)
    else:
        assert nearest_face(frame, fake)[3] == 50


def test_faces_are_kept_in_order_with_a_margin(frame: ImageRgb, recording: Recording) -> None:
    boxes = [(100.0, 60.0, 160.0, 140.0), (20.0, 30.0, 80.0, 90.0)]
    for box in boxes:
        recording.add(frame, box, WITH_MASK)
    recording.add(frame, boxes[0], WITHOUT_MASK)
    assert (recording.count(WITH_MASK), recording.count(WITHOUT_MASK)) == (2, 1)
    files = sorted((recording.folder / WITH_MASK).iterdir())
    assert [path.name for path in files] == ["recorded_0001.jpg", "recorded_0002.jpg"]
    for path, box in zip(files, boxes, strict=True):
        kept, cut = read_image(path), crop_square(frame, box, TRAINING_MARGIN)
        assert kept.shape == cut.shape
        # JPEG changes noise, but not its means over cells.
        means = [cv2.resize(i, (8, 8), interpolation=cv2.INTER_AREA) for i in (kept, cut)]
        assert cv2.absdiff(*means).max() <= 6
    assert stat.S_IMODE(recording.folder.stat().st_mode) == 0o700


def test_a_full_class_takes_no_more_and_can_be_recorded_anew(
    frame: ImageRgb, recording: Recording
) -> None:
    for _ in range(FACES_A_CLASS + 3):
        recording.add(frame[:80, :80], (10, 10, 60, 60), WITH_MASK)
    assert recording.count(WITH_MASK) == FACES_A_CLASS == 50
    assert recording.is_full(WITH_MASK)
    assert not recording.is_full(WITHOUT_MASK)
    recording.add(frame, (10, 10, 60, 60), WITHOUT_MASK)
    recording.clear(WITH_MASK)
    assert (recording.count(WITH_MASK), recording.count(WITHOUT_MASK)) == (0, 1)


def test_what_is_on_disk_is_what_there_is(frame: ImageRgb, recording: Recording) -> None:
    recording.add(frame, (10, 10, 60, 60), WITH_MASK)
    again = Recording(recording.folder)
    assert again.count(WITH_MASK) == 1
    again.add(frame, (10, 10, 60, 60), WITH_MASK)
    assert recording.count(WITH_MASK) == 2


def test_other_classes_are_refused(frame: ImageRgb, recording: Recording) -> None:
    with pytest.raises(ValueError, match="label must be one of"):
        recording.add(frame, (10, 10, 60, 60), "../elsewhere")
    assert not recording.folder.exists()


def test_a_full_disk_is_a_sentence(
    frame: ImageRgb, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(MasklensError, match="Make room"):
        recording.add(frame, (10, 10, 60, 60), WITH_MASK)
    assert recording.count(WITH_MASK) == 0
    assert data_folders.data_root().is_dir()


def test_a_real_face_is_found_and_cut(recording: Recording) -> None:
    portrait = read_image(Path(skimage.__file__).parent / "data" / "astronaut.png")
    box = nearest_face(portrait, load_detector("fcos", live=True))
    left, top, right, bottom = box
    assert left < 224 < right  # her nose
    assert top < 130 < bottom
    recording.add(portrait, box, WITHOUT_MASK)
    (path,) = recording.folder.rglob("*.jpg")
    side = max(right - left, bottom - top)
    assert read_image(path).shape[0] == pytest.approx(side * (1 + 2 * TRAINING_MARGIN), abs=1)
