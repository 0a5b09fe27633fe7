from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.errors import MasklensError
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import Dataset, data_report, in_threads, read_dataset

MakePhotos = Callable[..., Path]


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_photos_of_both_classes_are_read_and_labelled(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    dataset = read_dataset(root, 80)
    assert len(dataset) == 6
    assert dataset.pixels.shape == (6, 80, 80, 3)
    assert dataset.pixels.dtype == np.uint8
    for path, label in zip(dataset.paths, dataset.labels, strict=True):
        assert path.split("/")[0] == ("with_mask" if label else "without_mask")
    # The blue half came along with the label 1, and each photo kept its own pixels.
    blueness = dataset.pixels[:, 50:, :, 2].mean((1, 2)) - dataset.pixels[:, 50:, :, 0].mean((1, 2))
    assert blueness[dataset.labels == 1].min() > blueness[dataset.labels == 0].max()
    for index in range(6):
        full = dataset.photo(index)
        with Image.open(root / dataset.paths[index]) as image:
            assert full.shape == (image.height, image.width, 3)
        assert abs(full.mean() - dataset.pixels[index].mean()) < 1
    assert dataset.skipped == ()
    assert len(set(dataset.groups.tolist())) == 6


def test_each_photo_is_told_of_in_order_which_may_end_the_reading(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    (root / "with_mask" / "001.jpg").write_bytes(b"no picture")
    told: list[Any] = []
    dataset = read_dataset(root, 80, on_photo=lambda *what: told.append(what))
    assert [counts[:2] for counts in told] == [(done, 6) for done in range(1, 7)]
    assert sum(pixels is None for *_, pixels in told) == 1
    np.testing.assert_array_equal(
        np.stack([pixels for *_, pixels in told if pixels is not None]), dataset.pixels
    )

    def enough(done: int, total: int, pixels: Any) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_dataset(root, 80, on_photo=enough)


@pytest.mark.parametrize(("cores", "most"), [(None, 1), (3, 3), (64, 8)])
def test_photos_are_decoded_by_few_threads_and_come_in_order(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, most: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    lock, at_once = threading.Lock(), [0]

    def decode(number: int) -> tuple[int, int]:
        with lock:
            at_once[0] += 1
            now = at_once[0]
        time.sleep(0.01 if number % 2 else 0.02)
        with lock:
            at_once[0] -= 1
        return number, now

    numbers, together = zip(*in_threads(decode, range(40)), strict=True)
    assert numbers == tuple(range(40))
    assert max(together) == most


def test_photos_that_nobody_waits_for_are_not_decoded() -> None:
    begun: list[int] = []

    def decode(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    for _ in in_threads(decode, range(1000)):
        break
    assert 0 < len(begun) < 100
    now = len(begun)
    time.sleep(0.1)
    assert len(begun) == now


def test_subfolders_are_read_and_other_files_are_not(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 2)
    deep = root / "with_mask" / "set 2" / "without_mask"
    deep.mkdir(parents=True)
    (root / "with_mask" / "001.jpg").rename(deep / "Größe.JPEG")
    (root / "with_mask" / "notes.txt").write_text("taken in May")
    (root / "with_mask" / "._000.jpg").write_bytes(b"\0\5\x16\7")  # by a Mac
    (root / "with_mask" / "folder.jpg").mkdir()
    (root / "other.jpg").write_bytes((root / "with_mask" / "000.jpg").read_bytes())
    dataset = read_dataset(root, 80)
    labels = dict(zip(dataset.paths, dataset.labels.tolist(), strict=True))
    assert labels == {
        "without_mask/000.jpg": 0,
        "without_mask/001.jpg": 0,
        "with_mask/000.jpg": 1,
        "with_mask/set 2/without_mask/Größe.JPEG": 1,
    }
    assert dataset.skipped == ()


def test_unreadable_files_are_listed_with_the_reason_and_the_rest_is_read(
    tmp_path: Path, make_photos: MakePhotos
) -> None:
    root = make_photos(tmp_path / "data", 3)
    whole = (root / "with_mask" / "001.jpg").read_bytes()
    (root / "with_mask" / "001.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "with_mask" / "text.png").write_text("not a picture")
    (root / "without_mask" / "empty.jpg").touch()
    dataset = read_dataset(root, 80)
    reasons = dict(dataset.skipped)
    assert set(reasons) == {"with_mask/001.jpg", "with_mask/text.png", "without_mask/empty.jpg"}
    assert "empty" in reasons["without_mask/empty.jpg"]
    assert "not a picture" in reasons["with_mask/text.png"]
    assert "damaged" in reasons["with_mask/001.jpg"]
    assert len(dataset.paths) == len(dataset.labels) == len(dataset.pixels) == 5
    assert set(dataset.paths).isdisjoint(reasons)
    assert dataset.labels.sum() == 2


@pytest.mark.parametrize("folder", CLASS_FOLDERS)
@pytest.mark.parametrize("left", ["no folder", "nothing", "unreadable"])
def test_a_class_without_photos_is_an_error_that_names_the_folder(
    tmp_path: Path, make_photos: MakePhotos, folder: str, left: str
) -> None:
    root = make_photos(tmp_path / "data", 2)
    for file in (root / folder).iterdir():
        file.unlink()
    if left == "no folder":
        (root / folder).rmdir()
    elif left == "unreadable":
        (root / folder / "a.jpg").write_text("not a picture")
    with pytest.raises(MasklensError, match=f" in {folder}/"):
        read_dataset(root, 80)


def test_a_missing_data_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="must hold with_mask/ and without_mask/"):
        read_dataset(tmp_path / "nowhere", 80)


def test_report_says_what_there_is() -> None:
    dataset = Dataset(
        root=Path("data"),
        paths=("without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg", "with_mask/ü.jpg"),
        boxes=(None, [1, 2, 3, 4], None, [0, 0, 8, 8]),  # type: ignore[arg-type]
        pixels=np.zeros((4, 8, 8, 3), np.uint8),
        labels=np.array([0, 0, 1, 1]),
        groups=np.array([0, 0, 0, 1]),
        skipped=(("with_mask/c.jpg", "This file is empty."),),
    )
    parts = {"train": np.array([0, 1, 2]), "validation": np.array([3]), "test": np.array([], int)}
    report = data_report(dataset, parts)
    assert json.loads(json.dumps(report)) == report
    assert report == {
        "photos": 4,
        "by_class": {"without_mask": 2, "with_mask": 2},
        "photos_with_a_near_duplicate": 3,
        "groups_in_both_classes": [["without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg"]],
        "relabelled": {},
        "boxes": {
            "without_mask/a.jpg": None,
            "without_mask/b.jpg": [1, 2, 3, 4],
            "with_mask/a.jpg": None,
            "with_mask/ü.jpg": [0, 0, 8, 8],
        },
        "skipped": [{"path": "with_mask/c.jpg", "reason": "This file is empty."}],
        "parts": {
            "train": {
                "photos": 3,
                "by_class": {"without_mask": 2, "with_mask": 1},
                "paths": ["without_mask/a.jpg", "without_mask/b.jpg", "with_mask/a.jpg"],
            },
            "validation": {
                "photos": 1,
                "by_class": {"without_mask": 0, "with_mask": 1},
                "paths": ["with_mask/ü.jpg"],
            },
            "test": {
                "photos": 0,
                "by_class": {"without_mask": 0, "with_mask": 0},
                "paths": [],
            },
        },
    }
