from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskcore.types import ImageRgb
from training.annotated.faces import CutFace
from training.classifier import batches as module
from training.classifier.batches import FeatureBatches, PhotoBatches
from training.config import TrainConfig
from training.photos.data import Dataset, read_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, make_photos: Callable[..., Path]) -> Dataset:
    return read_dataset(make_photos(tmp_path_factory.mktemp("photos") / "data", 24), 96)


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig("photos", image_size=96, batch_size=8)


def test_features_come_with_their_label_once_an_epoch_in_another_order() -> None:
    count, views = 37, 3
    # Feature = photo number + view / 10; label = whether the number is odd.
    features = np.arange(count)[None, :] + np.arange(views)[:, None] / 10
    features = features.reshape(views, count, 1, 1, 1).astype(np.float16)
    config = TrainConfig("", batch_size=8)
    batches = FeatureBatches(features, np.arange(count) % 2, config)
    assert len(batches) == 5
    orders, seen_views = [], set()
    for _ in range(6):
        parts = [batches[i] for i in range(len(batches))]
        values = np.concatenate([x.ravel() for x, _ in parts])
        numbers = np.floor(values + 0.05).astype(int)
        np.testing.assert_array_equal(np.sort(numbers), np.arange(count))
        np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), numbers % 2)
        assert parts[0][0].dtype == np.float32
        orders.append(tuple(numbers))
        seen_views |= {int(view) for view in np.round((values - numbers) * 10)}
        # A run that is resumed sees what it would have seen next.
        gone_on = FeatureBatches(features, np.arange(count) % 2, config, len(orders))
        batches.on_epoch_end()
        for index in range(len(batches)):
            np.testing.assert_array_equal(gone_on[index][0], batches[index][0])
            np.testing.assert_array_equal(gone_on[index][1], batches[index][1])
    assert len(set(orders)) == 6
    assert seen_views == {0, 1, 2}


def test_photos_are_repeatable_and_other_each_epoch(dataset: Dataset, config: TrainConfig) -> None:
    members = np.arange(3, 40)
    batches = PhotoBatches(dataset, members, config)
    assert len(batches) == 5
    first = [batches[i] for i in range(5)]
    again = [batches[i] for i in range(5)]
    labels = np.concatenate([y for _, y in first])
    assert len(labels) == 37
    assert labels.sum() == dataset.labels[members].sum()
    for (x, y), (x2, y2) in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)
        assert x.shape == (len(y), 96, 96, 3)
        assert x.dtype == np.float32
        assert -1 <= x.min() < x.max() <= 1
    batches.on_epoch_end()
    second = batches[0][0]
    assert not np.array_equal(second, first[0][0])
    np.testing.assert_array_equal(PhotoBatches(dataset, members, config, 1)[0][0], second)


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> list[ImageRgb]:
    """Leaves pictures as they are and collects what would have been changed."""
    seen: list[ImageRgb] = []

    def augment(image_rgb: ImageRgb, size: int, rng: np.random.Generator) -> ImageRgb:
        seen.append(image_rgb)
        return np.zeros((size, size, 3), np.uint8)

    monkeypatch.setattr(module, "augment", augment)
    return seen


def test_half_of_a_batch_are_faces_of_both_classes_alike(
    dataset: Dataset, config: TrainConfig, unchanged: list[ImageRgb], monkeypatch: Any
) -> None:
    # Five masked faces and one bare: both classes are drawn equally often all the same.
    faces = [CutFace(Path(f"{i}.png"), (0, 0, 20, 20), int(i > 0)) for i in range(6)]
    cut = np.zeros((7, 7, 3), np.uint8)
    monkeypatch.setattr(CutFace, "crop", lambda self, margin: cut + np.uint8(self.label + 1))
    batches = PhotoBatches(dataset, np.arange(48), config, faces=faces)
    for index in range(4):
        unchanged.clear()
        _, labels = batches[index]
        assert [image.shape == cut.shape for image in unchanged] == [False] * 4 + [True] * 4
        crops = unchanged[4:]
        assert [int(image[0, 0, 0]) - 1 for image in crops] == labels[4:].tolist()
        assert sorted(labels[4:].tolist()) == [0, 0, 1, 1]


def test_photos_with_a_known_face_are_shown_cut_half_of_the_time(
    dataset: Dataset, config: TrainConfig, unchanged: list[ImageRgb]
) -> None:
    found = replace(dataset, boxes=((30, 20, 70, 60), *dataset.boxes[1:]))
    batches = PhotoBatches(found, np.array([0, 1]), config)
    whole, cut = dataset.photo(0).shape, (64, 64, 3)  # 40 pixels and 0.3 of them on each side
    for _ in range(60):
        batches[0]
        batches.on_epoch_end()
    shapes = [image.shape for image in unchanged]
    assert shapes.count(dataset.photo(1).shape) >= 60  # the other photo is never cut
    assert shapes.count(cut) + shapes.count(whole) + shapes.count(dataset.photo(1).shape) >= 120
    assert 15 <= shapes.count(cut) <= 45


def test_photos_cut_and_faces_drawn_are_repeatable(
    dataset: Dataset, config: TrainConfig, tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    faces = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.fromarray(make_photo(900 + number)).save(path)
        faces.append(CutFace(path, (20, 20, 60 + number, 70), number % 2))
    found = replace(dataset, boxes=((30.0, 20.0, 70.0, 60.0),) * len(dataset))
    made = [PhotoBatches(found, np.arange(40), config, epoch, faces) for epoch in (0, 0, 1)]
    (first, labels), (again, same), (other, _) = (batches[2] for batches in made)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(labels, same)
    assert not np.array_equal(first, other)
    made[0].on_epoch_end()
    np.testing.assert_array_equal(made[0][2][0], other)
    assert len(made[0]) == 5
    assert [len(made[0][index][1]) for index in range(5)] == [8] * 5
