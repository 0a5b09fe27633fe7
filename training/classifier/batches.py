"""What a fit is fed with, batch by batch, repeatable from the seed."""

from __future__ import annotations

import math
import os

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.network_input import normalise
from maskcore.types import ImageRgb
from training.annotated.faces import TRAINING_MARGIN, CutFace
from training.classifier.architectures import input_spec
from training.classifier.augment import augment
from training.classifier.covers import cover_face
from training.config import TrainConfig
from training.photos.data import Dataset

# Each draws a whole batch ahead; the other cores learn.
DRAWING_THREADS = min(8, max(2, (os.cpu_count() or 2) // 2))
# This share of the faces cut out of photos is drawn upon: see ``training.classifier.covers``.
COVERED_SHARE = 0.25
# And this share of the photos is shown whole, with more around the face than is ever served.
WHOLE_SHARE = 0.5


class FeatureBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of features; for each photo and epoch one of its views is drawn.

    Args:
        views: (V, N, s, s, C), features of each photo and of its variations.
        labels: int (N,).
        config: batch size and seed.
        first_epoch: where a resumed run goes on.
    """

    def __init__(
        self,
        views: NDArray[np.float16],
        labels: NDArray[np.int64],
        config: TrainConfig,
        first_epoch: int = 0,
    ) -> None:
        super().__init__()
        self._views, self._labels, self._size = views, labels, config.batch_size
        self._rng = np.random.default_rng(config.seed)
        for _ in range(first_epoch + 1):
            self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        chosen = self._order[index * self._size : (index + 1) * self._size]
        features = self._views[self._view[chosen], chosen].astype(np.float32)
        return features, self._labels[chosen]

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(len(self._labels))
        self._view = self._rng.integers(len(self._views), size=len(self._labels))


class PhotoBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of photos and faces, changed anew each time.

    Args:
        dataset: the photos.
        members: indices of the training part.
        config: batch size, image size and seed.
        first_epoch: where a resumed run goes on.
        faces: if any, half of each batch is drawn from them, both classes alike, and an
            epoch shows half of the photos.
    """

    def __init__(
        self,
        dataset: Dataset,
        members: NDArray[np.int64],
        config: TrainConfig,
        first_epoch: int = 0,
        faces: list[CutFace] | None = None,
    ) -> None:
        super().__init__(workers=DRAWING_THREADS, max_queue_size=8)
        self._dataset, self._members, self._config = dataset, members, config
        by_label = [[face for face in faces or [] if face.label == label] for label in (0, 1)]
        self._faces = [group for group in by_label if group]
        self._photos = config.batch_size // 2 if self._faces else config.batch_size
        self._epoch = first_epoch - 1
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._members) / self._config.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        config = self._config
        # Several threads draw at once: a generator a batch keeps runs repeatable.
        rng = np.random.default_rng((config.seed, self._epoch, index))
        chosen = self._order[index * self._photos : (index + 1) * self._photos]
        drawn = [(self._photo(i, rng), int(self._dataset.labels[i])) for i in chosen]
        for number in range(config.batch_size - self._photos):
            group = self._faces[number % len(self._faces)]
            face = group[int(rng.integers(len(group)))]
            drawn.append((self._covered(face.crop(TRAINING_MARGIN), face.label, rng), face.label))
        pixels = np.stack([augment(image, config.image_size, rng) for image, _ in drawn])
        labels = np.array([label for _, label in drawn], np.int64)
        return normalise(pixels, input_spec(config)), labels

    def _photo(self, index: int, rng: np.random.Generator) -> ImageRgb:
        dataset = self._dataset
        if dataset.boxes[index] is None or rng.random() < WHOLE_SHARE:
            return dataset.photo(index)
        square = dataset.face(index, TRAINING_MARGIN)
        return self._covered(square, int(dataset.labels[index]), rng)

    def _covered(self, square: ImageRgb, label: int, rng: np.random.Generator) -> ImageRgb:
        if rng.random() >= COVERED_SHARE:
            return square
        return cover_face(square, 1 / (1 + 2 * TRAINING_MARGIN), bool(label), rng)

    def on_epoch_end(self) -> None:
        self._epoch += 1
        rng = np.random.default_rng((self._config.seed, self._epoch))
        self._order = rng.permutation(self._members)
