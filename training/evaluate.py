"""Measuring a run on photos it has not learned from, into report.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import normalise
from maskcore.errors import MasklensError
from maskcore.files import write_text
from maskcore.models import REPORT_FILE
from training.architectures import build_model, input_spec
from training.config import TrainConfig
from training.data import CLASS_FOLDERS, read_dataset
from training.fit import DATA_FILE
from training.history import read_history
from training.metrics import classification_figures
from training.progress import EVENTS_FILE, EventLog, load_best
from training.provenance import provenance

THRESHOLD = 0.5


def load_network(run_dir: Path) -> Any:
    """Rebuild a run's network with its best weights.

    Raises:
        MasklensError: the folder holds no finished run.
    """
    network = build_model(TrainConfig.load(run_dir), load_weights=False)
    load_best(network, run_dir)
    return network


def evaluate(run_dir: Path, command: str, data: Path | None = None) -> dict[str, Any]:
    """Measure a run and write report.json into its folder.

    Args:
        run_dir: a finished run.
        command: the command line, kept in the report.
        data: another folder with ``with_mask/`` and ``without_mask/`` to measure on as a
            whole; by default the run's own validation and test parts.

    Returns:
        The report: "parts", by name, each with its figures and every photo's
        probability; what was measured, when and by which command; "history", the run's
        epochs.

    Raises:
        MasklensError: no finished run, or the data are not those of the run.
    """
    config = TrainConfig.load(run_dir)
    network = load_network(run_dir)
    log = EventLog(run_dir)
    log.write("evaluating")
    dataset = read_dataset(data or Path(config.data), config.image_size)
    if data:
        parts = {"given": np.arange(len(dataset))}
    else:
        parts = _run_parts(run_dir, dataset.paths)
    report: dict[str, Any] = {
        "model": config.architecture,
        "data": data.name if data else Path(config.data).name,
        **provenance(command),
        "seed": config.seed,
        "history": read_history(run_dir / EVENTS_FILE),
        "parts": {},
    }
    for name, members in parts.items():
        inputs = normalise(dataset.pixels[members], input_spec(config))
        probabilities = network.predict(inputs, batch_size=64, verbose=0)[:, 0]
        labels = dataset.labels[members]
        report["parts"][name] = {
            **classification_figures(labels, probabilities, THRESHOLD),
            "photos": [
                {
                    "path": dataset.paths[i],
                    "label": CLASS_FOLDERS[label],
                    "mask_probability": round(float(probability), 6),
                }
                for i, label, probability in zip(members, labels, probabilities, strict=True)
            ],
        }
    write_text(run_dir / REPORT_FILE, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    log.write("evaluated", **{n: p["accuracy"]["value"] for n, p in report["parts"].items()})
    return report


def _run_parts(run_dir: Path, paths: tuple[str, ...]) -> dict[str, NDArray[np.int64]]:
    """The validation and test parts as the run wrote them down, not as they would fall now."""
    try:
        saved = json.loads((run_dir / DATA_FILE).read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError) as error:
        raise MasklensError(
            f"{run_dir.name} does not say which photos it was trained on: its {DATA_FILE} cannot"
            " be read. Measure on another folder with --data."
        ) from error
    index = {path: i for i, path in enumerate(paths)}
    try:
        return {
            name: np.array([index[path] for path in saved[name]["paths"]], np.int64)
            for name in ("validation", "test")
        }
    except KeyError as error:
        raise MasklensError(
            f"The data have changed since the run: {error.args[0]} is gone. Put it back, or"
            " measure on another folder with --data."
        ) from error
