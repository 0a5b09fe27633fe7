from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from maskcore.types import Analysis, Detections, Face, label_for

BOX = (1.0, 2.0, 3.0, 4.0)


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

    assert (found.count("Mask"), found.count("No Mask")) == (2, 1)
    assert analysis().count("Mask") == 0


def test_relabelling_changes_labels_and_threshold_alone() -> None:
    found = analysis(0.2, 0.7, 0.9)

    stricter = found.relabelled(0.9)

    assert [face.label for face in stricter.faces] == ["No Mask", "No Mask", "Mask"]
    assert [face.label for face in found.faces] == ["No Mask", "Mask", "Mask"]
    assert stricter.threshold == 0.9 and found.threshold == 0.5
    assert stricter.relabelled(0.5) == found
