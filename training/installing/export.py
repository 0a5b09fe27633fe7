"""From a run to an installed model: LiteRT export, checked, put in place in one step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.classification import LiteRtClassifier
from maskcore.errors import MasklensError
from maskcore.files import replacing, write_json
from maskcore.models import CARD_FILE, MODEL_FILE, REPORT_FILE, StoredModel
from maskcore.types import NotSure
from training.annotated.scene_parts import kept_for_card
from training.classifier.architectures import input_spec
from training.classifier.evaluate import THRESHOLD, load_network
from training.classifier.parts import run_photos
from training.config import WEIGHTS, TrainConfig
from training.installing.fidelity import check, compare
from training.installing.versions import check_free, check_name, put_in_place
from training.metrics import CLASS_NAMES
from training.provenance import load_provenance, provenance, settings_for_card

try:
    import tensorflow as tf
except ModuleNotFoundError:  # trained by JAX, on a machine that has no other
    tf = None


def check_tensorflow() -> None:
    """Raise a MasklensError where there is no TensorFlow, or Keras runs on something else."""
    if tf is None or keras.backend.backend() != "tensorflow":
        raise MasklensError(
            "Installing a model needs TensorFlow: do it where that is installed, without"
            " KERAS_BACKEND."
        )


def to_litert(network: Any, weights: str = "float32") -> bytes:
    """Convert a Keras model to LiteRT.

    Args:
        network: a Keras model.
        weights: how they are stored, one of ``WEIGHTS``: as they are, in half precision, or
            in 8 bits (dynamic range: a scale for each channel, inputs rounded as they come).
            Half precision was tried for MobileNetV2: it moves single probabilities by up to
            0.02, since batch norm is folded into the convolutions before rounding.

    Raises:
        MasklensError: see ``check_tensorflow``.
    """
    check_tensorflow()
    # Converting goes through a SavedModel, whose making Keras announces at length.
    keras.config.disable_interactive_logging()
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    content: bytes = converter.convert()
    return content


@dataclass(frozen=True)
class Package:
    """What is put in place: the files of an installed model."""

    content: bytes
    card: dict[str, Any]
    report: dict[str, Any]


def package(
    run_dir: Path,
    name: str,
    data_licence: str,
    command: str,
    not_sure: dict[str, float] | None = None,
    weights: str = "float32",
) -> Package:
    """Export a run's best weights.

    The export is compared with Keras on the run's validation photos, and what it loses goes
    into the card.

    Args:
        run_dir: a finished and evaluated run.
        name: the model's, a folder name under ``models/``.
        data_licence: origin and licence of the data, for the card.
        command: the command line, for the card.
        not_sure: from where on a face is not called, by the names of ``NotSure``; by
            default every face is.
        weights: how they are stored, one of ``training.config.WEIGHTS``.

    Raises:
        MasklensError: the run is not finished or evaluated, the name does not serve as a
            folder's, or the exported model differs too much from Keras (see ``check``).
        ValueError: ``not_sure`` holds something else than numbers of 0 or more, or there is no
            such kind of weights.
    """
    check_tensorflow()
    check_name(name)
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, got {weights!r}")
    doubts = {"not_sure": not_sure} if not_sure else {}
    NotSure.from_card(doubts)  # said now, not after minutes of converting
    config = TrainConfig.load(run_dir)
    served = input_spec(config)
    try:
        report = json.loads((run_dir / REPORT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MasklensError(
            f"{run_dir.name} has no report yet. Run: python -m training evaluate RUN_DIR"
        ) from error
    network = load_network(run_dir)
    content = to_litert(network, weights)
    card: dict[str, Any] = {
        "name": name,
        "kind": "classifier",
        "architecture": config.architecture,
        "classes": list(CLASS_NAMES),
        "output": "probability of Mask",
        "threshold": THRESHOLD,
        **doubts,
        "calibration": report["calibration"],
        "input": served.to_card(),
        "weights": weights,
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
        "data": data_licence,
        "seed": config.seed,
        "made_by": {
            "fit": load_provenance(run_dir),
            "evaluate": {key: report[key] for key in ("created", "command", "commit")},
            "install": provenance(command),
        },
        "config": settings_for_card(config),
        **kept_for_card(run_dir),
        "figures": {
            part: {"count": figures["count"], "accuracy": figures["accuracy"]}
            for part, figures in report["parts"].items()
        },
    }
    photos = run_photos(run_dir, Path(config.data), "validation")
    inputs = photos.inputs(served)
    both = probabilities(network, StoredModel(name, card, content), inputs)
    loss = compare(photos.labels, *both, THRESHOLD)
    check(weights, loss)
    card["export_loss"] = {"on": "validation", **loss}
    return Package(content, card, report)


def export_and_install(
    run_dir: Path,
    name: str,
    data_licence: str,
    command: str,
    not_sure: dict[str, float] | None = None,
    weights: str = "float32",
) -> Path:
    """Export a run and put it in place as ``models/<name>/``, in one step or not at all.

    Args and Raises: see ``package``; the name may not be that of something else either.

    Returns:
        The model's folder; the model that was there is kept among the versions.
    """
    check_free(name, "classifier")  # said now, not after minutes of converting
    made = package(run_dir, name, data_licence, command, not_sure, weights)
    return put_in_place(name, made.content, made.card, made.report)


def save_package(made: Package, run_dir: Path) -> None:
    """Write the files into a run's folder, from where ``run_installing`` takes them."""
    with replacing(run_dir / MODEL_FILE) as path:
        path.write_bytes(made.content)
    # The card last: where it is, the model is whole.
    write_json(run_dir / CARD_FILE, made.card)


def probabilities(
    network: Any, model: StoredModel, inputs: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of a mask, calibrated, by Keras and by the exported model, float32 (N, S, S, 3) in."""
    exported = LiteRtClassifier(model)
    original = network.predict(inputs, batch_size=64, verbose=0)[:, 0]
    return exported.calibration.apply(original), exported.classify_inputs(inputs)
