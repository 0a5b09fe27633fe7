"""The first stage: a new head learns what the frozen base sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.litert import LiteRtModel
from maskcore.network_input import normalise
from training.annotated.faces import TRAINING_MARGIN
from training.batch_norm import folded
from training.callbacks import BEST_HEAD, Checkpoint, ProgressLog, Stop, Stopped
from training.classifier.architectures import input_spec
from training.classifier.augment import augment
from training.classifier.batches import FeatureBatches
from training.events import FEATURES, HEAD_STAGE
from training.photos.photo_reading import PhotoReading
from training.runs import Run, tensorboard

BATCH, FEW = 64, 8  # photos read between two reports; computed at once

# float32 (N, S, S, 3) in -1..1 -> (N, s, s, C)
Compute = Callable[[NDArray[np.float32]], Any]


def fit_head(
    run: Run, reading: PhotoReading, base: Any, fast: LiteRtModel | None, head: Any
) -> None:
    """Teach the head. The base never changes, so its features are computed once.

    Args:
        run: at this stage, or before it.
        reading: of the photos.
        base: a Keras model that turns inputs into features.
        fast: the same base for LiteRT, where there is one.
        head: a Keras model that turns features into the probability of a mask.

    Raises:
        Stopped: somebody asked for it before the head had learned anything.
    """
    features = _Features(run, base, fast)
    # Reading takes one core, mostly: the others meanwhile begin with what has come.
    early = [features.of(pixels) for pixels in reading.batches(BATCH)]
    dataset, parts = reading.result()
    train, validation = parts["train"], parts["validation"]
    known = np.empty((len(dataset), *base.output_shape[1:]), np.float16)
    begun = BATCH * len(early)
    if early:
        known[:begun] = np.concatenate(early)
    for members, name in ((train, "photos"), (validation, "validation")):
        late = members[members >= begun]
        known[late] = features.of_all(late, lambda some: dataset.pixels[some], name)
    config = run.config
    views = np.empty((1 + config.augmented_views, len(train), *known.shape[1:]), np.float16)
    views[0], held_back = known[train], known[validation].astype(np.float32)
    del known, early  # some hundred megabytes, for as long as the head learns
    rng = np.random.default_rng(config.seed)

    def changed(some: NDArray[np.int64]) -> NDArray[np.uint8]:
        faces = (dataset.face(i, TRAINING_MARGIN) for i in some)
        return np.stack([augment(face, config.image_size, rng) for face in faces])

    for view in range(1, len(views)):
        views[view] = features.of_all(train, changed, f"variation {view}")
    done = run.state.epochs_done
    batches = FeatureBatches(views, dataset.labels[train], config, done)
    head.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=config.label_smoothing),
        metrics=["accuracy"],
    )
    head.fit(
        batches,
        validation_data=(held_back, dataset.labels[validation]),
        initial_epoch=done,
        epochs=config.epochs,
        callbacks=[
            ProgressLog(run.log, HEAD_STAGE, config.epochs, len(batches)),
            # The base is left out, which takes longer to save than an epoch to learn.
            Checkpoint(run.folder, run.state, HEAD_STAGE, head, BEST_HEAD),
            *tensorboard(run, 0),
            Stop(run.stop),
        ],
        verbose=0,
    )


class _Features:
    """What the base sees, as float16: half the memory, and no less accuracy."""

    def __init__(self, run: Run, base: Any, fast: LiteRtModel | None) -> None:
        self._run, self._spec = run, input_spec(run.config)
        self._shape = base.output_shape[1:]
        self._compute: Compute = _few_at_once(fast) if fast else folded(base).predict_on_batch

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(N, S, S, 3) -> (N, s, s, C)."""
        return np.asarray(self._compute(normalise(pixels, self._spec)), np.float16)

    def of_all(
        self,
        members: NDArray[np.int64],
        pixels_of: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
        name: str,
    ) -> NDArray[np.float16]:
        """The same of any number, with progress; their pixels are asked for batch by batch."""
        seen = np.empty((len(members), *self._shape), np.float16)
        for start in range(0, len(members), BATCH):
            if self._run.stop():
                raise Stopped
            self._run.log.write(FEATURES, of=name, done=start, total=len(members))
            batch = slice(start, start + BATCH)
            seen[batch] = self.of(pixels_of(members[batch]))
        return seen


def _few_at_once(model: LiteRtModel) -> Compute:
    def compute(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        # So few at once stay in the processor's cache.
        starts = range(0, len(inputs), FEW)
        return np.concatenate([model.run(inputs[i : i + FEW])[0] for i in starts])

    return compute
