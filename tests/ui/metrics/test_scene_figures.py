from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskcore.detection import DETECTOR_NAMES
from maskcore.models import models_dir
from ui.choices import MODELS
from ui.metrics.scene_charts import outcome_rows
from ui.metrics.scene_figures import (
    boxes_note,
    finder_rows,
    headline,
    of_100,
    read_scene_figures,
    scene_figures,
)

MakeSceneReport = Callable[..., dict[str, Any]]


def test_the_headline_says_what_was_counted(make_scene_report: MakeSceneReport) -> None:
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    assert figures is not None
    assert headline(figures) == (
        "Of 80 masked faces of 32 pixels and more it finds 76 and labels 72 right;"
        " of 9 without a mask it finds 6 and labels 3 right."
    )
    figures = scene_figures(make_scene_report("fcos", (80, 76, 72), (50, 40, 25)))
    assert figures is not None
    assert headline(figures) == (
        "Of 100 masked faces of 32 pixels and more it finds 95 and labels 90 right;"
        " of 100 without a mask it finds 80 and labels 50 right."
    )


@pytest.mark.parametrize(
    ("bare", "alarms", "said"),
    [
        ((50, 40, 25), 4, "About 3 boxes in 100 are on no face."),
        ((50, 40, 25), 1, "About 1 box in 100 is on no face."),
        ((50, 40, 25), 0, "Every box is on a face."),
        ((9, 6, 3), 8, "8 of 90 boxes are on no face."),  # no hundred beside counts
        ((9, 6, 3), 1, "1 of 83 boxes is on no face."),
    ],
)
def test_false_alarms_are_told_of_beside_the_headline(
    make_scene_report: MakeSceneReport, bare: tuple[int, int, int], alarms: int, said: str
) -> None:
    report = make_scene_report("fcos", (80, 76, 72), bare)
    report["figures"]["false_alarms"] = alarms
    figures = scene_figures(report)
    assert figures is not None
    assert boxes_note(figures) == said


def test_a_class_that_does_not_occur_is_not_spoken_of(make_scene_report: MakeSceneReport) -> None:
    bare_only = scene_figures(make_scene_report("fcos", (0, 0, 0), (4, 2, 1)))
    assert bare_only is not None
    assert headline(bare_only) == (
        "Of 4 faces of 32 pixels and more without a mask it finds 2 and labels 1 right."
    )
    assert headline(bare_only, sized=False).startswith("Of 4 faces without a mask it")
    nobody = scene_figures(make_scene_report("fcos", (0, 0, 0), (0, 0, 0)))
    assert nobody is not None
    assert headline(nobody) == ""
    assert outcome_rows({"Masklens": nobody}) == []


@pytest.mark.parametrize(
    "hits, count, said", [(0, 9, "0"), (9, 9, "100"), (1, 999, "1"), (998, 999, "99"), (1, 2, "50")]
)
def test_all_and_none_are_said_only_where_it_is_so(hits: int, count: int, said: str) -> None:
    assert of_100(hits, count) == said


@pytest.mark.parametrize("damaged", [{}, {"figures": []}, {"figures": None}])
def test_a_damaged_report_is_none(
    make_scene_report: MakeSceneReport, damaged: dict[str, Any]
) -> None:
    assert scene_figures(damaged) is None
    for key in ("detector", "photos", "figures", "by_class", "recall_by_size"):
        report = make_scene_report("fcos", (4, 3, 2), (4, 3, 2))
        report.pop(key)
        assert scene_figures(report) is None
    for key in ("macro_f1", "false_alarms"):
        report = make_scene_report("fcos", (4, 3, 2), (4, 3, 2))
        report["figures"].pop(key)
        assert scene_figures(report) is None


def test_a_finders_row_has_a_dash_where_nothing_was_counted(
    make_scene_report: MakeSceneReport,
) -> None:
    asked = scene_figures(make_scene_report("fcos", (80, 76, 72), (9, 6, 3)))
    report = make_scene_report("fcos", (4, 0, 0), (0, 0, 0))
    report["figures"]["detection_precision"] = {"value": 1.0, "interval": [1.0, 1.0]}
    nothing = scene_figures(report)
    assert asked and nothing
    assert finder_rows({"First": asked, "Second": nothing}) == [
        {
            "Face finder": "First",
            "Macro F1": "75.0\xa0% (50.0 to 87.5)",
            "Mask: found": "95\xa0% (76 of 80)",
            "Mask: right": "90\xa0% (72 of 80)",
            "No Mask: found": "67\xa0% (6 of 9)",
            "No Mask: right": "33\xa0% (3 of 9)",
            "Boxes that are faces": "75.0\xa0% (50.0 to 87.5)",
        },
        {
            "Face finder": "Second",
            "Macro F1": "–",
            "Mask: found": "0\xa0% (0 of 4)",
            "Mask: right": "0\xa0% (0 of 4)",
            "No Mask: found": "– (0 of 0)",
            "No Mask: right": "– (0 of 0)",
            "Boxes that are faces": "–",
        },
    ]


@pytest.mark.parametrize("detector", DETECTOR_NAMES)
@pytest.mark.parametrize(("model", "folds"), [*((name, 0) for name in MODELS), ("mobilenet_v2", 4)])
def test_the_shipped_reports_are_of_the_shipped_models_and_agree_with_themselves(
    model: str, folds: int, detector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    folder: Path = models_dir() / "scenes" / model
    path = (folder / "folds" if folds else folder) / f"{detector}.json"
    raw = json.loads(path.read_text(encoding="utf-8"))["figures"]
    figures = read_scene_figures(detector, model, folds=folds > 0)
    assert figures is not None
    assert (figures.detector, figures.model, figures.folds) == (detector, model, folds)
    mask, bare = figures.by_class["Mask"], figures.by_class["No Mask"]
    assert (mask.faces, bare.faces) == (raw["faces_mask"], raw["faces_no_mask"])
    assert mask.found + bare.found == raw["found"]
    assert mask.found / mask.faces == raw["detection_recall_mask"]["value"]
    assert mask.right + bare.right == raw["labelled_right"]
