from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore import pipeline as pipeline_module
from maskcore.classification import sharpness
from maskcore.errors import ModelError
from maskcore.pipeline import MaskPipeline
from maskcore.types import Face, NotSure

Fake = Callable[..., MaskPipeline]

PHOTO = np.zeros((30, 40, 3), np.uint8)
BOXES = [(1, 2, 11, 12), (20, 5, 30, 15), (5, 15, 15, 25)]


def test_faces_come_from_left_to_right(fake_pipeline: Fake) -> None:
    pipeline = fake_pipeline(BOXES, [0.25, 0.75, 0.5])

    analysis = pipeline.analyze(PHOTO)

    # The detector's third is between the others.
    assert analysis.faces == (
        Face((1, 2, 11, 12), float(np.float32(0.9)), 0.25, "No Mask", sharpness=0.0),
        Face((5, 15, 15, 25), float(np.float32(0.6)), 0.5, "Mask", sharpness=0.0),
        Face((20, 5, 30, 15), 0.75, 0.75, "Mask", sharpness=0.0),
    )
    assert analysis.size_wh == (40, 30)
    assert analysis.threshold == 0.5
    assert all(type(value) is float for value in analysis.faces[0].box_xyxy)


def test_the_centre_tells_what_is_left_and_the_score_where_centres_are_one(
    fake_pipeline: Fake,
) -> None:
    boxes = [(10, 0, 20, 10), (0, 0, 38, 20), (10, 15, 20, 25), (12, 0, 16, 10)]

    faces = fake_pipeline(boxes, [0.1, 0.2, 0.3, 0.4]).analyze(PHOTO).faces

    assert [face.mask_probability for face in faces] == pytest.approx([0.4, 0.1, 0.3, 0.2])


def test_parts_see_the_photo_and_all_boxes_at_once(fake_pipeline: Fake) -> None:
    pipeline = fake_pipeline(BOXES, [0.1, 0.2, 0.3])

    pipeline.analyze(PHOTO)

    assert len(pipeline.detector.seen) == 1 and pipeline.detector.seen[0] is PHOTO
    assert [boxes.tolist() for boxes in pipeline.classifier.seen] == [[list(b) for b in BOXES]]


@pytest.mark.parametrize(
    ("threshold", "labels"),
    [
        (None, ["No Mask", "Mask", "Mask"]),  # the classifier's: 0.5
        (0, ["Mask", "Mask", "Mask"]),
        (0.75, ["No Mask", "No Mask", "Mask"]),
        (0.7501, ["No Mask", "No Mask", "No Mask"]),
        (1, ["No Mask", "No Mask", "No Mask"]),
    ],
)
def test_labels_follow_the_threshold(
    fake_pipeline: Fake, threshold: float | None, labels: list[str]
) -> None:
    analysis = fake_pipeline(BOXES, [0.25, 0.75, 0.5]).analyze(PHOTO, threshold)

    assert [face.label for face in analysis.faces] == labels
    assert analysis.threshold == (0.5 if threshold is None else threshold)


def test_no_faces_are_an_empty_analysis(fake_pipeline: Fake) -> None:
    analysis = fake_pipeline().analyze(PHOTO)

    assert analysis.faces == () and analysis.size_wh == (40, 30)
    assert analysis.detect_ms >= 0 and analysis.classify_ms >= 0


def test_each_step_is_timed(fake_pipeline: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_module, "perf_counter", iter([10.0, 10.5, 10.625]).__next__)

    analysis = fake_pipeline().analyze(PHOTO)

    assert (analysis.detect_ms, analysis.classify_ms) == (500, 125)


@pytest.mark.parametrize(
    ("wrong", "received"),
    [
        (np.zeros((30, 40, 3), np.float32), r"float32 \(30, 40, 3\)"),
        (np.zeros((30, 40), np.uint8), r"uint8 \(30, 40\)"),
        (np.zeros((30, 40, 4), np.uint8), r"uint8 \(30, 40, 4\)"),
        (np.zeros((2, 30, 40, 3), np.uint8), r"uint8 \(2, 30, 40, 3\)"),
        (np.zeros((0, 40, 3), np.uint8), r"uint8 \(0, 40, 3\)"),
        (np.zeros((30, 0, 3), np.uint8), r"uint8 \(30, 0, 3\)"),
    ],
)
def test_what_is_no_rgb_image_is_refused(
    fake_pipeline: Fake, wrong: NDArray[np.generic], received: str
) -> None:
    pipeline = fake_pipeline(BOXES, [0.1, 0.2, 0.3])

    with pytest.raises(ValueError, match=rf"^image_rgb must be uint8 \(H, W, 3\).* got {received}"):
        pipeline.analyze(wrong)
    assert pipeline.detector.seen == []


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan")])
def test_threshold_out_of_range_is_refused(fake_pipeline: Fake, threshold: float) -> None:
    with pytest.raises(ValueError, match=rf"^threshold must be in 0\.\.1, got {threshold}$"):
        fake_pipeline().analyze(PHOTO, threshold)


def test_parts_that_disagree_are_not_paired(fake_pipeline: Fake) -> None:
    with pytest.raises(ValueError):
        fake_pipeline(BOXES, [0.1, 0.2]).analyze(PHOTO)


def test_another_threshold_needs_no_second_look(fake_pipeline: Fake) -> None:
    pipeline = fake_pipeline(BOXES, [0.25, 0.75, 0.5])

    relabelled = pipeline.analyze(PHOTO).relabelled(0.6)

    assert [face.label for face in relabelled.faces] == ["No Mask", "No Mask", "Mask"]
    assert len(pipeline.detector.seen) == len(pipeline.classifier.seen) == 1


def test_faces_are_judged_by_the_classifier_s_rule(fake_pipeline: Fake) -> None:
    photo = np.full((60, 60, 3), 128, np.uint8)
    photo[:, :20:2] = 30  # stripes on the left, one plain colour on the right
    boxes = [(0, 30, 9, 39), (0, 0, 20, 20), (0, 40, 20, 60), (40, 0, 60, 20)]
    pipeline = fake_pipeline(boxes, [0.99, 0.99, 0.6, 0.99])
    rule = NotSure(margin=1.0, smallest_side=10, least_sharpness=0.5)
    pipeline.classifier.not_sure = rule

    analysis = pipeline.analyze(photo)

    assert [face.sharpness for face in analysis.faces] == [sharpness(photo, box) for box in boxes]
    assert [face.sure for face in analysis.faces] == [False, True, False, False]
    assert {face.label for face in analysis.faces} == {"Mask"}
    assert analysis.not_sure == rule
    # 0.6 is far enough from 0.1: the others stay what they are.
    assert [face.sure for face in analysis.relabelled(0.1).faces] == [False, True, True, False]


def test_unknown_names_are_refused(install: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="^detector must be one of .*haar.*, got 'ssd'$"):
        MaskPipeline.load("ssd", "net")
    with pytest.raises(ModelError, match="^installed/net/card.json is missing"):
        MaskPipeline.load("haar", "net")


def test_installed_parts_work_together(
    install: Callable[..., object], tiny_models: dict[str, bytes], portrait: NDArray[np.uint8]
) -> None:
    install("net", tiny_models["good"], threshold=0.3)
    pipeline = MaskPipeline.load("haar", "net")

    analysis = pipeline.analyze(portrait)

    boxes = [face.box_xyxy for face in analysis.faces]
    np.testing.assert_allclose(boxes[0], (178, 64, 271, 165), atol=25)
    np.testing.assert_allclose(
        [face.mask_probability for face in analysis.faces],
        pipeline.classifier.mask_probabilities(portrait, boxes),
        rtol=1e-6,
    )
    assert analysis.threshold == 0.3 and analysis.size_wh == (512, 512)
