from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcore import ModelError
from maskcore.models import models_dir
from ui.metrics.judged import judged_parts, not_sure_note, read_judged
from ui.words import with_interval

MakeReport = Callable[..., dict[str, Any]]
THRESHOLDS = [0.01, 0.3, 0.5, 0.77, 0.99]


def counted(photos: list[dict[str, Any]], threshold: float) -> list[list[int]]:
    """Rows truth, columns answer, one photo after the other."""
    cells = [[0, 0], [0, 0]]
    for photo in photos:
        truth = int(photo["label"] == "with_mask")
        cells[truth][int(photo["mask_probability"] >= threshold)] += 1
    return cells


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("model", ["mobilenet_v2", "inception_v3"])
def test_every_figure_of_the_shipped_reports_follows_from_their_photos(
    model: str, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    path = models_dir() / model / "report.json"
    if not path.is_file():
        pytest.skip(f"{model} is not shipped")
    for name, part in json.loads(path.read_text(encoding="utf-8"))["parts"].items():
        (bare_right, bare_wrong), (mask_wrong, mask_right) = cells = counted(
            part["photos"], threshold
        )
        judged = read_judged(model)[name]
        figures = judged.figures(threshold)
        assert figures["confusion"] == cells
        total = len(part["photos"])
        assert len(judged) == figures["count"] == total == part["count"]
        assert figures["accuracy"]["value"] == (bare_right + mask_right) / total
        mask, bare = figures["by_class"]["Mask"], figures["by_class"]["No Mask"]
        assert mask["recall"]["value"] == mask_right / (mask_right + mask_wrong)
        assert bare["recall"]["value"] == bare_right / (bare_right + bare_wrong)
        assert mask["precision"]["value"] == mask_right / (mask_right + bare_wrong)
        assert bare["precision"]["value"] == bare_right / (bare_right + mask_wrong)
        assert mask["f1"]["value"] == pytest.approx(
            2 * mask_right / (2 * mask_right + bare_wrong + mask_wrong)
        )
        assert bare["f1"]["value"] == pytest.approx(
            2 * bare_right / (2 * bare_right + bare_wrong + mask_wrong)
        )
        masked = [p["mask_probability"] for p in part["photos"] if p["label"] == "with_mask"]
        others = [p["mask_probability"] for p in part["photos"] if p["label"] != "with_mask"]
        above = np.subtract.outer(masked, others)
        auc = ((above > 0) + 0.5 * (above == 0)).mean()
        assert judged.roc_auc["value"] == pytest.approx(auc, abs=1e-4)  # probabilities are rounded


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("model", ["mobilenet_v2", "inception_v3"])
def test_photos_near_the_threshold_are_those_that_the_app_is_not_sure_of(
    model: str, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    folder = models_dir() / model
    if not (folder / "report.json").is_file():
        pytest.skip(f"{model} is not shipped")
    times = np.exp(json.loads((folder / "card.json").read_text())["not_sure"]["margin"])
    # Odds, and not their logarithms: at most so many times those of the threshold.
    odds = threshold / (1 - threshold)
    for part in json.loads((folder / "report.json").read_text(encoding="utf-8"))["parts"]:
        judged = read_judged(model)[part]
        counts, verdicts = {"Mask": 0, "No Mask": 0}, []
        for label, p in zip(judged.labels, judged.probabilities, strict=True):
            unsure = odds / times < p / max(1 - p, 1e-12) < odds * times
            counts["Mask" if label else "No Mask"] += unsure
            verdicts.append("Not sure" if unsure else "Mask" if p >= threshold else "No Mask")
        assert judged.not_sure(threshold) == counts
        assert judged.verdicts(threshold) == verdicts


@pytest.mark.parametrize("model", ["mobilenet_v2", "inception_v3"])
def test_the_app_is_not_sure_of_some_test_photos_of_each_class(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    if not (models_dir() / model / "report.json").is_file():
        pytest.skip(f"{model} is not shipped")
    parts = read_judged(model).values()
    for label in ("Mask", "No Mask"):
        assert sum(part.not_sure(threshold)[label] for part in parts for threshold in THRESHOLDS)


def test_what_the_app_is_not_sure_of_is_told_for_each_class(make_report: MakeReport) -> None:
    photos = judged_parts("m", make_report([1, 1, 1, 0, 0], [0.9, 0.26, 0.6, 0.4, 0.1]))["test"]
    assert not_sure_note(photos, 0.5) == ""  # a card without a rule calls every face
    judged = replace(photos, margin=1.0354)
    assert judged.not_sure(0.5) == {"Mask": 1, "No Mask": 1}
    assert not_sure_note(judged, 0.5) == (
        "Right and wrong go by the threshold alone. The app says “Not sure” of 1 of 3 photos with"
        " a mask and 1 of 2 photos without a mask: their probability is between 26 and 74 %."
    )
    of_faces = replace(judged, things="faces")
    assert (
        "of 1 of 2 faces without a mask: their probability is between 4 and 24 %"
        in not_sure_note(of_faces, 0.1)
    )
    assert not_sure_note(judged, 0.99) == ""
    assert judged.not_sure(0.99) == {"Mask": 0, "No Mask": 0}


def test_the_rule_for_doubts_is_the_card_s(fake_models: Path, make_report: MakeReport) -> None:
    path = fake_models / "first" / "card.json"
    card = json.loads(path.read_text())
    for rule, margin in (({"margin": 2}, 2.0), ({"smallest_side": 8}, 0.0), ({"margin": -1}, 0.0)):
        path.write_text(json.dumps({**card, "not_sure": rule}))
        (fake_models / "first" / "report.json").write_text(json.dumps(make_report([0], [0.1])))
        assert read_judged("first")["test"].margin == margin
    # A run may be called like an installed model, whose rule is not the run's.
    path.write_text(json.dumps({**card, "not_sure": {"margin": 2}}))
    assert judged_parts("first", make_report([0], [0.1]))["test"].margin == 0


def test_a_probability_at_the_threshold_is_a_mask(make_report: MakeReport) -> None:
    judged = judged_parts("m", make_report([1, 0, 1], [0.29, 0.29, 0.2899]))["test"]
    assert judged.figures(29 / 100)["confusion"] == [[0, 1], [1, 1]]
    assert judged.cell("Mask", "Mask", 29 / 100) == [0]
    assert judged.cell("No Mask", "Mask", 29 / 100) == [1]
    assert judged.cell("Mask", "No Mask", 29 / 100) == [2]


def test_a_cell_begins_with_the_surest_answer(make_report: MakeReport) -> None:
    judged = judged_parts("m", make_report([0, 0, 0, 1, 1, 1], [0.6, 0.99, 0.1, 0.4, 0.02, 0.9]))
    assert judged["test"].cell("No Mask", "Mask", 0.5) == [1, 0]
    assert judged["test"].cell("Mask", "No Mask", 0.5) == [4, 3]
    assert judged["test"].cell("Mask", "No Mask", 0.01) == []
    assert judged["test"].cell("Mask", "Mask", 0.01) == [5, 3, 4]


def test_one_class_only_leaves_figures_undefined(make_report: MakeReport) -> None:
    figures = judged_parts("m", make_report([1, 1, 1], [0.9, 0.8, 0.2]))["test"].figures(0.5)
    assert figures["by_class"]["No Mask"]["recall"]["value"] is None
    assert figures["accuracy"]["hits"] == 2
    assert with_interval(figures["by_class"]["No Mask"]["recall"]) == "–"


def test_photos_and_faces_are_called_what_they_are(make_report: MakeReport) -> None:
    judged = judged_parts("m", make_report([0, 1], [0.1, 0.9]))["test"]
    assert [judged.counted(count) for count in (0, 1, 2345)] == [
        "0 photos",
        "1 photo",
        "2,345 photos",
    ]
    faces = replace(judged, things="faces").only([0])
    assert [faces.counted(count) for count in (1, 34)] == ["1 face", "34 faces"]


def test_figures_that_a_report_lacks_are_undefined(make_report: MakeReport) -> None:
    report = make_report([0, 1], [0.1, 0.8])
    judged = judged_parts("m", report)["test"]
    assert judged.average_precision["value"] == 1
    assert judged.calibration_error["value"] == pytest.approx(0.15)
    for name in ("roc_auc", "average_precision", "calibration_error"):
        report["parts"]["test"][name] = None
    judged = judged_parts("m", report)["test"]
    assert judged.roc_auc == judged.average_precision == judged.calibration_error
    assert judged.calibration_error == {"value": None, "interval": None}


def test_parts_come_test_first(make_report: MakeReport) -> None:
    report = make_report([0, 1], [0.1, 0.9], part="validation")
    report["parts"]["test"] = report["parts"]["validation"]
    report["parts"]["empty"] = {"photos": []}
    assert list(judged_parts("m", report)) == ["test", "validation"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda report: report.pop("parts"),
        lambda report: report.update(parts=[]),
        lambda report: report.update(parts={}),
        lambda report: report.update(parts={"test": {}}),
        lambda report: report["parts"]["test"].update(photos=[]),
        lambda report: report["parts"]["test"]["photos"][0].pop("label"),
        lambda report: report["parts"]["test"]["photos"][0].update(label="Mask"),
        lambda report: report["parts"]["test"]["photos"][0].update(mask_probability=1.5),
        lambda report: report["parts"]["test"]["photos"][0].update(mask_probability=None),
        lambda report: report["parts"]["test"]["photos"][0].update(mask_probability=float("nan")),
        lambda report: report["parts"]["test"].update(photos=7),
    ],
)
def test_a_damaged_report_is_told_in_a_sentence(
    make_report: MakeReport, damage: Callable[[dict[str, Any]], object]
) -> None:
    report = make_report([0, 1], [0.1, 0.9])
    damage(report)
    with pytest.raises(ModelError, match="damaged: it does not hold the photos"):
        judged_parts("m", report)
