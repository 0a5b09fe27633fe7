"""Calibrating an installed model anew, on more faces than its run had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from maskcore.classification import LiteRtClassifier
from maskcore.classification.calibration import Calibration
from maskcore.errors import MasklensError
from maskcore.files import write_json
from maskcore.locks import models_guard
from maskcore.models import CARD_FILE, REPORT_FILE, load_model, models_dir, read_card, read_report
from training.annotated.face_judging import face_probabilities
from training.annotated.scene_parts import check_kept, split_scenes
from training.annotated.scenes import SMALLEST_MEASURED, Scene, read_scenes
from training.classifier.parts import judged_report, report_photos
from training.classifier.temperature import calibration_record, fit_temperature
from training.provenance import provenance


def calibrate_model(
    name: str,
    masks: Path,
    scenes: Path | None,
    command: str,
    model_runs: Sequence[Path] = (),
    keep: bool = False,
) -> dict[str, Any]:
    """Fit the calibration of an installed model anew and rewrite its card and report.

    The model runs as it is served. Its answers stay what they were: threshold and margin of
    doubt move along with the probabilities.

    Args:
        name: the model's name.
        masks: the folder its report's photos are in.
        scenes: annotated scenes, whose validation faces join in fitting, unless the model
            learned from them.
        command: the command line, for card and report.
        model_runs: of folds of the scenes, trained as the model was: the faces that each
            of them never saw join in instead. Networks of one recipe are sure to the same
            degree.
        keep: the temperature as it is, and of parts that are not measured again what is known:
            after a change of how photos are cut, say.

    Returns:
        ``calibration_record`` of the parts "validation" and "test", and of the scenes' faces
        "validation scenes" or "scenes in folds", and "test scenes".

    Raises:
        MasklensError: the model is not installed or replaced meanwhile, its photos are not in
            the folder, the scenes are not as they were, the runs are not of folds, or there is
            no temperature to keep.
    """
    stored, report = load_model(name), read_report(name)
    if keep and not stored.card.get("calibration"):
        raise MasklensError(f"{name} was never calibrated: there is no temperature to keep.")
    plain = LiteRtClassifier(replace(stored, card={**stored.card, "calibration": None}))
    photos = {part: report_photos(report, masks, part) for part in ("validation", "test")}
    answers = {
        part: (of.labels, plain.classify_inputs(of.inputs(plain.input_spec)))
        for part, of in photos.items()
    }
    if scenes:
        for part, asked in _scenes_unseen(plain, stored.card, scenes, model_runs):
            margin = plain.input_spec.crop_margin
            answers[part] = face_probabilities(asked, margin, SMALLEST_MEASURED)
    if keep:
        calibration, former = Calibration.from_card(stored.card), stored.card["calibration"]
        record = calibration_record(calibration, answers, former["fitted_on"])
        record["error"] = {**former["error"], **record["error"]}
    else:
        fitted_on = [part for part in answers if not part.startswith("test")]
        calibration = fit_temperature(
            *(np.concatenate([answers[part][i] for part in fitted_on]) for i in (0, 1))
        )
        record = calibration_record(calibration, answers, fitted_on)
    card = recalibrated(stored.card, record)
    step = "measure" if keep else "calibrate"
    card["made_by"] = {**card.get("made_by", {}), step: provenance(command)}
    report |= {**provenance(command), "calibration": record}
    for part, of in photos.items():
        labels, raw = answers[part]
        report["parts"][part] = judged_report(
            of.paths, labels, calibration.apply(raw), card["threshold"]
        )
    card["figures"] = {
        part: {"count": figures["count"], "accuracy": figures["accuracy"]}
        for part, figures in report["parts"].items()
    }
    with models_guard():
        if read_card(name) != stored.card:
            raise MasklensError(
                f"{name} has been replaced by another model meanwhile. Run the command again."
            )
        # The card last: it is what serving goes by.
        for file_name, values in ((REPORT_FILE, report), (CARD_FILE, card)):
            write_json(models_dir() / name / file_name, values, make_folder=False)
    return record


def _scenes_unseen(
    plain: LiteRtClassifier, card: dict[str, Any], root: Path, model_runs: Sequence[Path]
) -> Iterator[tuple[str, Iterable[tuple[LiteRtClassifier, list[Scene]]]]]:
    """Parts of the scenes by name, and who can be asked about what it never saw of them."""
    scenes = read_scenes(root)
    divided = split_scenes(scenes, card.get("seed", 0))
    check_kept(card, scenes, divided["test"])
    if model_runs:
        from training.measuring.folds import fold_classifiers  # brings TensorFlow along

        yield "scenes in folds", fold_classifiers(model_runs, {**card, "calibration": None}, scenes)
    elif not card.get("config", {}).get("folds"):
        yield "validation scenes", [(plain, divided["validation"])]
    yield "test scenes", [(plain, divided["test"])]


def recalibrated(card: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """A card with another calibration, under which every face is called what it was before.

    Args:
        card: an installed classifier's.
        record: from ``calibration_record``.
    """
    old, new = Calibration.from_card(card), Calibration(record["temperature"])
    card = {**card, "calibration": record}
    if old != new:  # 0.5 stays just that
        raw = np.float32(old.undo(card["threshold"]))
        card["threshold"] = round(float(new.apply(np.array([raw]))[0]), 6)
    if "margin" in card.get("not_sure", {}):
        scale = old.temperature / new.temperature
        margin = round(card["not_sure"]["margin"] * scale, 4)
        card["not_sure"] = {**card["not_sure"], "margin": margin}
    return card
