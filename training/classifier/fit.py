"""One run: read the data, teach the head, optionally fine-tune, keep the best weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.files import patiently, replacing, write_json
from maskcore.litert import LiteRtModel
from maskcore.network_input import InputSpec, normalise
from training.annotated.scene_parts import part_names, run_scenes
from training.annotated.scenes import Scene
from training.callbacks import BEST_HEAD, BEST_WEIGHTS, RunState, Stopped, finish
from training.classifier.architectures import build_base, build_head, input_spec, join
from training.classifier.fine_tuning import fine_tune
from training.classifier.head_stage import BATCH, fit_head
from training.classifier.installed_backbone import load_folded, measure_statistics
from training.classifier.litert_weights import backbone_alone
from training.classifier.starting_weights import convolutions_of, installed_model
from training.config import CROP_MARGIN, DATA_FILE, TrainConfig
from training.events import FINE_TUNE_STAGE, HEAD_STAGE, READING
from training.job_files import read_values
from training.photos.corrections import NONE, read_corrections
from training.photos.data import OnPhoto, data_report, divide, read_dataset
from training.photos.photo_reading import Divided, PhotoReading
from training.runs import Run, check_same_photos, last_model, start_run

BACKBONE_WEIGHTS = Path("checkpoints", "backbone.weights.h5")
STATISTICS_PHOTOS = 128

NOTHING_TO_KEEP = "Stopped before there was anything to keep: the first epoch was not done yet."


def never() -> bool:
    """Nobody asks the run to stop."""
    return False


def fit(
    config: TrainConfig,
    run_dir: Path,
    command: str,
    resume: bool = False,
    stop: Callable[[], bool] = never,
) -> None:
    """Train a classifier; config, data report, events and checkpoints land in ``run_dir``.

    Args:
        config: the run's settings.
        run_dir: a new or empty folder, or that of a run to go on with.
        command: the command line, kept with the run.
        resume: go on after the last finished epoch of a run that was interrupted.
        stop: asked now and then; once it says yes, the run ends with its best weights so far.

    Raises:
        MasklensError: the folder is taken, the data do not serve, or the backbone's
            weights cannot be had.
        Stopped: ``stop`` said yes before there were any weights to keep.
    """
    log, state = start_run(config, run_dir, command, resume)
    if state.trained:
        return
    log.write(READING)
    run = Run(config, run_dir, log, state, stop)

    corrections = read_corrections(Path(config.corrections)) if config.corrections else NONE
    has_scenes = config.scenes and config.fine_tune_epochs
    scenes = run_scenes(Path(config.scenes), config) if has_scenes else {}

    # Resumed, it cuts photos as before: another face finder may have been installed meanwhile, and
    # losses on photos cut otherwise do not compare.
    saved = (read_values(run_dir / DATA_FILE) if state.stage else None) or {}
    boxes = {name: box and tuple(box) for name, box in saved.get("boxes", {}).items()}

    def read(on_photo: OnPhoto) -> Divided:
        def tell(done: int, total: int, pixels: NDArray[np.uint8] | None) -> None:
            if done % BATCH == 0:
                if stop():
                    raise Stopped
                log.write(READING, done=done, total=total)
            on_photo(done, total, pixels)

        dataset = read_dataset(Path(config.data), config.image_size, corrections, tell, boxes=boxes)
        parts = divide(dataset, config)
        report = data_report(dataset, parts)
        if scenes:
            report["scenes"] = part_names(scenes)
        check_same_photos(run_dir, config, report)
        write_json(run_dir / DATA_FILE, report)
        return dataset, parts

    try:
        with PhotoReading(read) as reading:
            _learn(run, reading, scenes)
            reading.result()  # also when there was nothing left to learn from them
    except Stopped:
        pass
    stopped_early = (state.stage, state.epochs_done) != _last_epoch(config) and stop()
    if stopped_early:
        state = RunState(run_dir)  # an epoch cut short counts for nothing
        if not math.isfinite(state.best_loss):
            raise Stopped(NOTHING_TO_KEEP)
    finish(log, state, stopped_early)


def _last_epoch(config: TrainConfig) -> tuple[str, int]:
    """Stage and epochs done where there is nothing left to learn."""
    if config.fine_tune_epochs:
        return FINE_TUNE_STAGE, config.fine_tune_epochs
    return HEAD_STAGE, config.epochs


def _learn(run: Run, reading: PhotoReading, scenes: dict[str, list[Scene]]) -> None:
    config, state = run.config, run.state
    base, fast = _starting_base(config, run.folder, reading)
    head = build_head(config, base.output_shape[1:])
    network = join(base, head)
    if state.stage == FINE_TUNE_STAGE:
        network = last_model(run.folder)
    else:
        if state.stage == HEAD_STAGE:
            last = last_model(run.folder)
            if last.name == head.name:
                head.set_weights(last.get_weights())
            else:  # killed before the first fine-tuned epoch was written down
                network = last
        try:
            if state.stage:
                reading.result()  # raises if the photos are no longer the same
            if state.epochs_done < config.epochs:
                fit_head(run, reading, base, fast, head)
        except Stopped:  # before it learned anything; there may be something from before
            _keep_best_head(run.folder, head, network)
            raise
        _keep_best_head(run.folder, head, network)
    if config.fine_tune_epochs and not run.stop():
        fine_tune(run, *reading.result(), scenes, network)


def _keep_best_head(run_dir: Path, head: Any, network: Any) -> None:
    """Keep the best head, if there is one, with its base; the head at hand is left as it is."""
    if not (run_dir / BEST_HEAD).exists():
        return
    weights = head.get_weights()
    head.load_weights(run_dir / BEST_HEAD)
    with replacing(run_dir / BEST_WEIGHTS) as path:
        network.save_weights(path)
    head.set_weights(weights)
    patiently((run_dir / BEST_HEAD).unlink)


def _starting_base(
    config: TrainConfig, run_dir: Path, reading: PhotoReading
) -> tuple[Any, LiteRtModel | None]:
    """The base with its starting weights, and the same for LiteRT where there is a file of it.

    Those of the installed model are kept with the run: another model may be installed
    before an interrupted run goes on.
    """
    if config.backbone_weights != "installed":
        return build_base(config), None
    kept = run_dir / BACKBONE_WEIGHTS
    if kept.exists():
        return build_base(replace(config, backbone_weights=str(kept))), None
    model = installed_model(config.architecture)
    base = build_base(config, load_weights=False)
    load_folded(base, convolutions_of(model))
    if config.fine_tune_epochs:
        dataset, parts = reading.result()
        rng = np.random.default_rng(config.seed)
        measured = dataset.pixels[rng.permutation(parts["train"])[:STATISTICS_PHOTOS]]
        measure_statistics(base, normalise(measured, input_spec(config)))
    with replacing(kept) as path:
        base.save_weights(path)
    spec = InputSpec.from_card(model.card)
    enlarged_to = model.card.get("config", {}).get("enlarged_to", 0)
    if (
        replace(spec, crop_margin=CROP_MARGIN) != input_spec(config)
        or enlarged_to != config.enlarged_to
    ):
        # Made for another size.
        return base, None
    return base, LiteRtModel(backbone_alone(model.content), _threads())


def _threads() -> int | None:
    """How many TensorFlow may compute with, where it was told."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or None
