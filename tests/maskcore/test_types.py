from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from maskcore.types import Analysis, Detections, Face, NotSure, label_for, logit

BOX = (1.0, 2.0, 3.0, 4.0)
LOG_3 = math.log(3)


def detections(boxes: object, scores: object) -> Detections:
    return Detections(np.array(boxes, np.float32), np.array(scores, np.float32))


def analysis(*probabilities: float) -> Analysis:
    faces = tuple(Face(BOX, 0.9, value, label_for(value, 0.5)) for value in probabilities)
    return Analysis((40, 30), faces, threshold=0.5, detect_ms=1.5, classify_ms=2.5)


@pytest.mark.parametrize(
    ("probability", "threshold", "label"),
    [
        (0.5, 0.5, "Mask"),
        (0.4999, 0.5, "No Mask"),
        (0.5001, 0.5, "Mask"),
        (0.0, 0.0, "Mask"),
        (0.9999, 1.0, "No Mask"),
        (1.0, 1.0, "Mask"),
    ],
)
def test_threshold_itself_is_a_mask(probability: float, threshold: float, label: str) -> None:
    assert label_for(probability, threshold) == label


@pytest.mark.parametrize(
    ("boxes", "scores", "complaint"),
    [
        ([1, 2, 3, 4], [1], r"boxes_xyxy must have shape \(N, 4\), got \(4,\)"),
        ([[1, 2, 3]], [1], r"boxes_xyxy must have shape \(N, 4\), got \(1, 3\)"),
        ([BOX], [1, 1], r"scores must have shape \(1,\), got \(2,\)"),
        ([BOX], [[1]], r"scores must have shape \(1,\), got \(1, 1\)"),
        ([(5, 2, 5, 4)], [1], "right and bottom beyond its left and top"),
        ([BOX, (1, 4, 3, 2)], [1, 1], "right and bottom beyond its left and top"),
    ],
)
def test_detections_that_fit_together_badly_are_refused(
    boxes: object, scores: object, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        detections(boxes, scores)


def test_detections_are_counted() -> None:
    assert len(detections([BOX, (0, 0, 9, 9)], [0.9, 0.1])) == 2


def test_no_faces_are_detections_too() -> None:
    none = Detections.empty()

    assert len(none) == 0
    assert none.boxes_xyxy.shape == (0, 4) and none.scores.shape == (0,)
    assert none.boxes_xyxy.dtype == none.scores.dtype == np.float32


def test_results_are_frozen() -> None:
    found = analysis(0.7)

    for result, name in ((found, "threshold"), (found.faces[0], "label")):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, "other")


def test_analysis_counts_labels() -> None:
    found = analysis(0.2, 0.7, 0.9)

    assert (found.count("Mask"), found.count("No Mask"), found.count("Not sure")) == (2, 1, 0)
    assert analysis().count("Mask") == 0


def test_certainty_is_that_of_the_label() -> None:
    relabelled = analysis(0.2, 0.7).relabelled(0.8)

    assert [face.certainty for face in analysis(0.2, 0.7).faces] == pytest.approx([0.8, 0.7])
    assert [face.certainty for face in relabelled.faces] == pytest.approx([0.8, 0.3])


def test_a_face_not_sure_of_is_counted_as_that_alone() -> None:
    found = analysis(0.2, 0.7, 0.9)
    doubtful = replace(found, faces=(*found.faces[:2], replace(found.faces[2], sure=False)))

    assert [face.verdict for face in doubtful.faces] == ["No Mask", "Mask", "Not sure"]
    assert doubtful.faces[2].label == "Mask"
    assert [doubtful.count(v) for v in ("Mask", "No Mask", "Not sure")] == [1, 1, 1]


def test_relabelling_changes_labels_and_threshold_alone() -> None:
    found = analysis(0.2, 0.7, 0.9)

    stricter = found.relabelled(0.9)

    assert [face.label for face in stricter.faces] == ["No Mask", "No Mask", "Mask"]
    assert [face.label for face in found.faces] == ["No Mask", "Mask", "Mask"]
    assert stricter.threshold == 0.9 and found.threshold == 0.5
    assert stricter.relabelled(0.5) == found


# Log odds: of 1/2 none, of 3/4 log 3, of 9/10 twice that.
@pytest.mark.parametrize(
    ("probability", "threshold", "distance"),
    [(0.75, 0.5, LOG_3), (0.25, 0.5, LOG_3), (0.9, 0.75, LOG_3), (0.5, 0.75, LOG_3), (0.6, 0.6, 0)],
)
def test_margin_is_in_log_odds_on_either_side_of_the_threshold(
    probability: float, threshold: float, distance: float
) -> None:
    assert NotSure(margin=max(0, distance - 1e-9)).is_sure(probability, threshold, 40, 1)
    assert not NotSure(margin=distance + 1e-9).is_sure(probability, threshold, 40, 1)


@pytest.mark.parametrize(
    ("rule", "sure"),
    [
        (NotSure(margin=LOG_3), True),
        (NotSure(margin=math.nextafter(LOG_3, 2)), False),
        (NotSure(smallest_side=40.0), True),
        (NotSure(smallest_side=math.nextafter(40.0, 41)), False),
        (NotSure(least_sharpness=0.3), True),
        (NotSure(least_sharpness=math.nextafter(0.3, 1)), False),
        (NotSure(LOG_3, 40.0, 0.3), True),
        (NotSure(LOG_3, 40.0, 0.31), False),
        (NotSure(LOG_3, 41.0, 0.3), False),
        (NotSure(1.1, 40.0, 0.3), False),
        (NotSure(), True),
    ],
    ids=str,
)
def test_limits_themselves_are_sure(rule: NotSure, sure: bool) -> None:
    assert rule.is_sure(0.75, 0.5, longer_side=40.0, sharpness=0.3) is sure


def test_without_a_rule_the_worst_face_is_called() -> None:
    assert NotSure().is_sure(0.5, 0.5, longer_side=0.1, sharpness=0.0)


@pytest.mark.parametrize(
    ("probability", "threshold", "sure"),
    [(1.0, 0.5, True), (0.0, 0.5, True), (1.0, 1.0, False), (0.0, 0.0, False), (0.5, 1.0, True)],
)
def test_certainties_are_measured_too(probability: float, threshold: float, sure: bool) -> None:
    assert math.isfinite(logit(probability)) and math.isfinite(logit(threshold))
    assert NotSure(margin=5).is_sure(probability, threshold, 40, 1) is sure


@pytest.mark.parametrize(
    ("card", "rule"),
    [
        ({}, NotSure(0, 0, 0)),
        ({"not_sure": {}}, NotSure(0, 0, 0)),
        ({"not_sure": {"smallest_side": 14}}, NotSure(0, 14, 0)),
        (
            {"not_sure": {"margin": 1, "smallest_side": 14, "least_sharpness": 0.2}},
            NotSure(1, 14, 0.2),
        ),
        ({"not_sure": {"margin": 0}}, NotSure()),
    ],
)
def test_rule_is_read_from_the_card(card: dict[str, object], rule: NotSure) -> None:
    assert NotSure.from_card(card) == rule


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "not_sure must hold numbers of 0 or more by name, got None"),
        ([1.0], "numbers of 0 or more by name, got"),
        (1.0, "not_sure must hold numbers of 0 or more by name, got 1.0"),
        ({"margin": None}, "numbers of 0 or more by name, got"),
        ({"margin": [1]}, "numbers of 0 or more by name, got"),
        ({"marginn": 1.0}, "numbers of 0 or more by name, got"),
        ({"margin": -0.1}, "numbers of 0 or more by name, got"),
        (
            {"margin": 1, "smallest_side": -1},
            "numbers of 0 or more by name, got",
        ),
        ({"least_sharpness": float("nan")}, "numbers of 0 or more by name, got"),
        ({"margin": "wide"}, "wide"),
        ({"margin": "1.0"}, "1.0"),
        ({"margin": float("inf")}, "inf"),
    ],
    ids=str,
)
def test_what_is_no_rule_is_refused(value: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        NotSure.from_card({"not_sure": value})


def test_the_longer_side_counts() -> None:
    assert Face((10, 20, 15, 60), 0.9, 0.9, "Mask").longer_side == 40
    assert Face((10, 20, 60, 25), 0.9, 0.9, "Mask").longer_side == 50


def test_moving_the_threshold_makes_a_face_unsure_and_back() -> None:
    found = replace(analysis(0.75, 0.999), not_sure=NotSure(margin=1)).relabelled(0.5)

    near = found.relabelled(0.7)
    beyond = near.relabelled(0.95)

    assert [face.verdict for face in found.faces] == ["Mask", "Mask"]
    assert [face.verdict for face in near.faces] == ["Not sure", "Mask"]
    assert [face.label for face in near.faces] == ["Mask", "Mask"]
    assert [face.verdict for face in beyond.faces] == ["No Mask", "Mask"]
    assert near.not_sure == found.not_sure
    assert beyond.relabelled(0.5) == found


def test_a_small_or_smeared_face_stays_unsure_at_every_threshold() -> None:
    small = Face((0, 0, 13, 9), 0.9, 0.999, "Mask", sharpness=1.0)
    smeared = Face((0, 0, 50, 50), 0.9, 0.999, "Mask", sharpness=0.19)
    rule = NotSure(smallest_side=14, least_sharpness=0.2)
    found = Analysis((90, 90), (small, smeared), 0.5, 1.0, 1.0, rule)

    for threshold in (0.01, 0.5, 0.99):
        assert found.relabelled(threshold).count("Not sure") == 2
