"""From a detector's run to an installed detector."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from maskcore.detection.fcos import FcosSettings
from maskcore.errors import MasklensError
from maskcore.litert import LiteRtModel
from training.annotated.scene_parts import kept_for_card, run_scenes
from training.callbacks import load_best
from training.detector.config import DetectorConfig
from training.detector.fit import whole_pictures
from training.detector.network import SPEC, STRIDES, build_detector
from training.detector.samples import scene_samples
from training.installing.export import check_tensorflow, to_litert
from training.installing.versions import check_free, put_in_place
from training.provenance import load_provenance, provenance, settings_for_card

CHECKED_PHOTOS = 16
# How far any one score may be from Keras': full weights are a copy, rounded ones move a score
# by no more than thresholds lie apart that folds of several hundred faces can tell.
TOLERANCES = {"float32": 1e-3, "float16": 0.03}


def load_detector_network(run_dir: Path) -> Any:
    """Rebuild a run's network with its best weights.

    Raises:
        MasklensError: the folder holds no finished run.
    """
    network = build_detector(DetectorConfig.load(run_dir), load_weights=False)
    load_best(network, run_dir)
    return network


def install_detector(
    run_dir: Path,
    name: str,
    settings: FcosSettings,
    data_licence: str,
    command: str,
    weights: str = "float32",
) -> Path:
    """Export a detector's best weights and install them under ``models/<name>/``.

    The export is compared with Keras on validation scenes before anything is put in place.

    Args:
        run_dir: a finished run.
        name: folder name under ``models/``.
        settings: how the network is to be used, chosen on scenes that validate.
        data_licence: origin and licence of the data, for the card.
        command: the command line, for the card.
        weights: how they are stored, one of ``TOLERANCES``.

    Returns:
        The model's folder.

    Raises:
        MasklensError: the run is not finished, the name does not serve as a folder's or is that
            of something else, or the exported scores differ from Keras'
            by more than ``TOLERANCES`` allows.
    """
    check_tensorflow()
    check_free(name, "detector")
    config = DetectorConfig.load(run_dir)
    network = load_detector_network(run_dir)
    content = to_litert(network, weights)
    scenes = run_scenes(Path(config.data), config)["validation"]
    inputs, _ = whole_pictures(scene_samples(scenes[:CHECKED_PHOTOS]))
    gap = difference(network, content, inputs)
    if not gap <= TOLERANCES[weights]:  # nor when it is NaN
        raise MasklensError(
            "The exported detector was not installed: its scores differ from Keras' by up to"
            f" {gap:.4f}; at most {TOLERANCES[weights]} is allowed."
        )
    card = {
        "name": name,
        "kind": "detector",
        "architecture": "fcos, mobilenet_v2 backbone",
        "output": "logit of a face and its edges, for each cell of each stride",
        "strides": list(STRIDES),
        "serving": asdict(settings),
        "input": SPEC.to_card(),
        "weights": weights,
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
        "data": data_licence,
        "seed": config.seed,
        "made_by": {"fit": load_provenance(run_dir), "install": provenance(command)},
        "config": settings_for_card(config),
        **kept_for_card(run_dir),
        "keras_difference": gap,
    }
    return put_in_place(name, content, card)


def difference(network: Any, content: bytes, inputs: Any) -> float:
    """Largest difference in score, 0..1, between Keras and LiteRT on (N, S, S, 3) inputs."""
    model = LiteRtModel(content)
    gaps = [0.0]
    for start in range(len(inputs)):
        one = inputs[start : start + 1]
        exported = sorted(model.run(one), key=lambda level: -level.shape[1])
        for ours, theirs in zip(exported, network.predict(one, verbose=0), strict=True):
            scores = [1 / (1 + np.exp(-level[..., 0])) for level in (ours, theirs)]
            gaps.append(float(np.abs(scores[0] - scores[1]).max()))
    return float(np.max(gaps))
