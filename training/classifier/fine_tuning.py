"""The second stage: base and head learn together, from fresh variations of the photos."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.network_input import normalise
from training.annotated.faces import scene_faces, validation_pixels
from training.annotated.scenes import Scene
from training.callbacks import Checkpoint, ProgressLog, Stop
from training.classifier.architectures import input_spec
from training.classifier.batches import PhotoBatches
from training.events import FINE_TUNE_STAGE
from training.photos.data import Dataset
from training.runs import Run, tensorboard


def fine_tune(
    run: Run,
    dataset: Dataset,
    parts: dict[str, NDArray[np.int64]],
    scenes: dict[str, list[Scene]],
    network: Any,
) -> None:
    """Teach the whole network, batch norm included.

    Args:
        run: at this stage, or before it.
        dataset: the photos.
        parts: indices of those that train and of those that validate.
        scenes: annotated photos by part, whose faces are learned from, too; none if empty.
        network: compiled where the stage had begun.
    """
    config, state = run.config, run.state
    done = state.epochs_done if state.stage == FINE_TUNE_STAGE else 0
    if done >= config.fine_tune_epochs:
        return
    faces = scene_faces(scenes.get("train", []))
    # With one fold, those that validate train as well.
    held_back = scene_faces(scenes.get("validation", [])) if config.folds != 1 else []
    batches = PhotoBatches(dataset, parts["train"], config, done, faces)
    if not done:  # otherwise the resumed model brings its optimizer along
        if held_back:  # another validation set: losses before do not compare
            state.best_loss = float("inf")
        network.trainable = True
        steps = config.fine_tune_epochs * len(batches)
        network.compile(
            optimizer=keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(config.fine_tune_learning_rate, steps)
            ),
            loss=keras.losses.BinaryCrossentropy(label_smoothing=config.label_smoothing),
            metrics=["accuracy"],
        )
    validation = parts["validation"]
    pixels = [dataset.pixels[validation], validation_pixels(held_back, config.image_size)]
    labels = [dataset.labels[validation], np.array([face.label for face in held_back], np.int64)]
    network.fit(
        batches,
        validation_data=(
            normalise(np.concatenate(pixels), input_spec(config)),
            np.concatenate(labels),
        ),
        initial_epoch=done,
        epochs=config.fine_tune_epochs,
        callbacks=[
            ProgressLog(run.log, FINE_TUNE_STAGE, config.fine_tune_epochs, len(batches)),
            Checkpoint(run.folder, state, FINE_TUNE_STAGE, network),
            *tensorboard(run, config.epochs),
            Stop(run.stop),
        ],
        verbose=0,
    )
