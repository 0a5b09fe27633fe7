"""Measuring a run on photos it has not learned from, into report.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maskcore.classification.calibration import Calibration
from maskcore.files import write_json
from maskcore.models import REPORT_FILE
from training.architectures import build_model, input_spec
from training.calibration import calibration_record, fit_temperature
from training.config import TrainConfig
from training.data import read_dataset
from training.events import EVALUATED, EVALUATING, EventLog, read_history
from training.parts import Photos, part_report, run_photos
from training.progress import load_best
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


def evaluate(
    run_dir: Path, command: str, data: Path | None = None, data_name: str = ""
) -> dict[str, Any]:
    """Measure a run and write report.json into its folder.

    Args:
        run_dir: a finished run.
        command: the command line, kept in the report.
        data: another folder with ``with_mask/`` and ``without_mask/`` to measure on as a
            whole; by default the run's own validation and test parts.
        data_name: what the report calls the data; by default their folder's name.

    Returns:
        The report: "parts", by name, each with its figures and every photo's
        probability, calibrated on the validation part; what was measured, when and by which
        command; "calibration", see ``calibration_record``; "history", the run's epochs.

    Raises:
        MasklensError: no finished run, or the data are not those of the run.
    """
    config = TrainConfig.load(run_dir)
    network = load_network(run_dir)
    log = EventLog(run_dir)
    log.write(EVALUATING)
    if data:
        parts = {"given": Photos(data, read_dataset(data, config.image_size).paths)}
    else:
        root = Path(config.data)
        parts = {name: run_photos(run_dir, root, name) for name in ("validation", "test")}
    report: dict[str, Any] = {
        "model": config.architecture,
        "data": data_name or (data or Path(config.data)).name,
        "split_by": config.split_by,
        **provenance(command),
        "seed": config.seed,
        "history": read_history(run_dir),
        "parts": {},
    }
    answers = {}
    for name, photos in parts.items():
        inputs = photos.inputs(input_spec(config))
        raw = network.predict(inputs, batch_size=64, verbose=0)[:, 0]
        answers[name] = photos.labels, raw
    if "validation" in parts:
        calibration = fit_temperature(*answers["validation"])
        report["calibration"] = calibration_record(calibration, answers, ["validation"])
    else:  # the one that the model would be installed with
        former = _former_calibration(run_dir)
        report |= former
        calibration = Calibration.from_card(former)
    for name, photos in parts.items():
        probabilities = calibration.apply(answers[name][1])
        report["parts"][name] = part_report(photos, probabilities, THRESHOLD)
    write_json(run_dir / REPORT_FILE, report)
    log.write(EVALUATED, **{n: p["accuracy"]["value"] for n, p in report["parts"].items()})
    return report


def _former_calibration(run_dir: Path) -> dict[str, Any]:
    """The calibration in the run's report, under that name; empty where there is none."""
    try:
        report = json.loads((run_dir / REPORT_FILE).read_text(encoding="utf-8"))
        return {"calibration": report["calibration"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
