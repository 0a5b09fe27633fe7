"""Measuring a run on photos it has not learned from, into report.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskcore.files import write_json
from maskcore.models import REPORT_FILE
from training.callbacks import load_best
from training.classifier.architectures import build_model, input_spec
from training.classifier.parts import judged_report, run_photos
from training.classifier.temperature import calibration_record, fit_temperature
from training.config import TrainConfig
from training.events import EVALUATED, EVALUATING, EventLog, read_history
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


def evaluate(run_dir: Path, command: str, data_name: str = "") -> dict[str, Any]:
    """Measure a run on its validation and test parts and write report.json into its folder.

    Args:
        run_dir: a finished run.
        command: the command line, kept in the report.
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
    root = Path(config.data)
    parts = {name: run_photos(run_dir, root, name) for name in ("validation", "test")}
    report: dict[str, Any] = {
        "model": config.architecture,
        "data": data_name or root.name,
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
    calibration = fit_temperature(*answers["validation"])
    report["calibration"] = calibration_record(calibration, answers, ["validation"])
    for name, photos in parts.items():
        labels, raw = answers[name]
        report["parts"][name] = judged_report(
            photos.paths, labels, calibration.apply(raw), THRESHOLD
        )
    write_json(run_dir / REPORT_FILE, report)
    log.write(EVALUATED, **{n: p["accuracy"]["value"] for n, p in report["parts"].items()})
    return report
