"""One run of the detector's training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import longer_sides
from maskcore.files import write_json
from maskcore.images import read_image
from maskcore.network_input import normalise
from training.annotated.scene_parts import part_names, run_scenes
from training.callbacks import Checkpoint, ProgressLog, finish
from training.classifier.batches import DRAWING_THREADS
from training.config import DATA_FILE
from training.detector.config import DetectorConfig
from training.detector.crops import Sample
from training.detector.network import SPEC, build_detector, flat_outputs
from training.detector.optimizer import BackboneAdamW
from training.detector.samples import Sampler, close_up_samples, scene_samples
from training.detector.targets import detector_loss, make_targets
from training.events import READING
from training.runs import check_same_photos, last_model, start_run

STAGE = "training"
# ImageNet's first layers see edges and colours, which faces need no others of; left as
# they are they save two fifths of the time of a step.
FIRST_TRAINED_BLOCK = "block_3"
VALIDATION_SIDE = 384

Arrays = tuple[NDArray[np.float32], NDArray[np.float32]]


def fit_detector(config: DetectorConfig, run_dir: Path, command: str, resume: bool = False) -> None:
    """Train a detector; config, data report, events and checkpoints land in ``run_dir``.

    Args:
        config: the run's settings.
        run_dir: a new or empty folder, or that of a run to go on with.
        command: the command line, kept with the run.
        resume: go on after the last finished epoch of a run that was interrupted.

    Raises:
        MasklensError: the folder is taken, the data do not serve, or the backbone's
            weights cannot be had.
    """
    log, state = start_run(config, run_dir, command, resume)
    log.write(READING)
    parts = run_scenes(Path(config.data), config)
    close_ups: list[Sample] = []
    if config.close_ups:
        close_ups = close_up_samples(
            Path(config.close_ups), Path(config.close_up_boxes), config.seed
        )
    report = {"scenes": part_names(parts), "close_ups": len(close_ups)}
    check_same_photos(run_dir, config, report)
    write_json(run_dir / DATA_FILE, report)

    batches = CropBatches(
        Sampler(
            scene_samples(parts["train"]),
            close_ups,
            config.close_up_share,
            config.bare_share,
            config.image_size,
        ),
        config,
        first_epoch=state.epochs_done,
    )
    if state.stage:
        model = last_model(run_dir)
        network = model.get_layer("detector")
    else:
        network = build_detector(config)
        _freeze_first_layers(network)
        model = flat_outputs(network, config.image_size)
        model.compile(optimizer=_optimizer(config), loss=detector_loss)
    validation = flat_outputs(network, VALIDATION_SIDE)
    validation.compile(loss=detector_loss)
    model.fit(
        batches,
        initial_epoch=state.epochs_done,
        epochs=config.epochs,
        callbacks=[
            Validate(validation, whole_pictures(scene_samples(parts["validation"]))),
            ProgressLog(log, STAGE, config.epochs, len(batches)),
            Checkpoint(run_dir, state, STAGE, network),
        ],
        verbose=0,
    )
    finish(log, state)


def _optimizer(config: DetectorConfig) -> Any:
    steps = config.epochs * config.steps_per_epoch
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-5,
        steps,
        warmup_target=config.learning_rate,
        warmup_steps=max(1, round(0.03 * steps)),
    )
    return BackboneAdamW(
        schedule,
        weight_decay=config.weight_decay,
        global_clipnorm=10.0,
        backbone_rate=config.backbone_rate,
    )


def _freeze_first_layers(network: Any) -> None:
    for layer in network.layers:
        if layer.name.startswith(FIRST_TRAINED_BLOCK):
            return
        layer.trainable = False


def whole_pictures(samples: list[Sample]) -> Arrays:
    """Photos as the detector meets them in service, for the validation loss.

    Returns:
        Inputs (N, S, S, 3) and targets for S = ``VALIDATION_SIDE``: each photo brought to
        that longer side, the rest of the square grey.
    """
    inputs, targets = [], []
    for sample in samples:
        image = read_image(sample.path)
        factor = VALIDATION_SIDE / max(image.shape[:2])
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(image, None, fx=factor, fy=factor, interpolation=method)
        height, width = (min(side, VALIDATION_SIDE) for side in scaled.shape[:2])
        canvas = np.full((VALIDATION_SIDE, VALIDATION_SIDE, 3), 128, np.uint8)
        canvas[:height, :width] = scaled[:height, :width]
        boxes = sample.boxes_xyxy * factor
        small = longer_sides(boxes) < 12
        targets.append(make_targets(boxes[~small], boxes[small], *canvas.shape[:2]))
        inputs.append(canvas)
    return normalise(np.stack(inputs), SPEC), np.stack(targets)


class Validate(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds the validation loss, computed at another input size, to each epoch's figures.

    Args:
        model: shares its layers with the model being fitted.
        pictures: inputs and targets.
    """

    def __init__(self, model: Any, pictures: Arrays) -> None:
        super().__init__()
        self._validation, self._pictures = model, pictures

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is not None:
            inputs, targets = self._pictures
            logs["val_loss"] = float(
                self._validation.evaluate(inputs, targets, batch_size=8, verbose=0)
            )


class CropBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of drawn crops with their targets; what is drawn depends on the settings alone.

    Args:
        sampler: draws the crops.
        config: batch size, crop size, steps and seed.
        first_epoch: where a resumed run goes on.
    """

    def __init__(self, sampler: Sampler, config: DetectorConfig, first_epoch: int = 0) -> None:
        super().__init__(workers=DRAWING_THREADS, max_queue_size=8)
        self._sampler, self._config, self._epoch = sampler, config, first_epoch

    def __len__(self) -> int:
        return self._config.steps_per_epoch

    def __getitem__(self, index: int) -> Arrays:
        size = self._config.image_size
        rng = np.random.default_rng((self._config.seed, self._epoch, index))
        images, targets = [], []
        for _ in range(self._config.batch_size):
            image, boxes, ignored = self._sampler.draw(rng)
            images.append(image)
            targets.append(make_targets(boxes, ignored, size, size))
        return normalise(np.stack(images), SPEC), np.stack(targets)

    def on_epoch_end(self) -> None:
        self._epoch += 1
