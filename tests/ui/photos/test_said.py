from __future__ import annotations

from dataclasses import replace

import pytest

from maskcore import Analysis, Face
from maskcore.types import NotSure
from ui.photos.said import sentence, why_not_sure

SMALL, BLURRED, UNDECIDED = (
    "the face is too small",
    "the face is too blurred",
    "the model is undecided",
)


@pytest.mark.parametrize(
    "probabilities, expected",
    [
        ([], "No face found"),
        ([0.9], "1 face: with mask"),
        ([0.1], "1 face: without mask"),
        ([0.9, 0.1], "2 faces: 1 with mask, 1 without"),
        ([0.9, 0.8, 0.1], "3 faces: 2 with mask, 1 without"),
        ([0.9] * 12, "12 faces: 12 with mask, 0 without"),
    ],
)
def test_sentence_counts_the_faces(probabilities: list[float], expected: str) -> None:
    faces = tuple(Face((0, 0, 9, 9), 0.9, probability, "Mask") for probability in probabilities)
    analysis = Analysis((100, 100), faces, 0.0, 1.0, 1.0).relabelled(0.5)
    assert sentence(analysis) == expected


@pytest.mark.parametrize(
    "probabilities, expected",
    [
        ([0.6], "1 face: not sure"),
        ([0.4], "1 face: not sure"),
        ([0.9, 0.1, 0.6], "3 faces: 1 with mask, 1 without, 1 not sure"),
        ([0.4, 0.6, 0.9], "3 faces: 1 with mask, 0 without, 2 not sure"),
        ([0.5, 0.5], "2 faces: 0 with mask, 0 without, 2 not sure"),
        ([0.9, 0.1], "2 faces: 1 with mask, 1 without"),
    ],
)
def test_faces_not_sure_of_are_counted_apart(probabilities: list[float], expected: str) -> None:
    faces = tuple(Face((0, 0, 9, 9), 0.9, probability, "Mask") for probability in probabilities)
    analysis = Analysis((100, 100), faces, 0.5, 1.0, 1.0, NotSure(margin=1.0)).relabelled(0.5)
    assert sentence(analysis) == expected


SURE = Face((0, 0, 40, 40), 0.9, 0.99, "Mask", sharpness=0.5)
FACES = {
    "sure": SURE,
    "small": replace(SURE, box_xyxy=(0, 0, 13, 10)),
    "blurred": replace(SURE, sharpness=0.1),
    "undecided": replace(SURE, mask_probability=0.6),
    "small and blurred": replace(SURE, box_xyxy=(0, 0, 13, 10), sharpness=0.1),
    "small and undecided": replace(SURE, box_xyxy=(0, 0, 13, 10), mask_probability=0.6),
    "blurred and undecided": replace(SURE, sharpness=0.1, mask_probability=0.6),
}


@pytest.mark.parametrize(
    "faces, reasons",
    [
        ([], []),
        (["sure", "sure"], []),
        (["small"], [SMALL]),
        (["sure", "small", "small"], [SMALL]),
        (["blurred"], [BLURRED]),
        (["undecided"], [UNDECIDED]),
        (["small and blurred"], [SMALL]),
        (["small and undecided"], [SMALL]),
        (["blurred and undecided"], [BLURRED]),
        (["undecided", "sure", "small"], [SMALL, UNDECIDED]),
        (["undecided", "blurred", "small"], [SMALL, BLURRED, UNDECIDED]),
    ],
)
def test_reasons_are_given_once_a_photo(faces: list[str], reasons: list[str]) -> None:
    rule = NotSure(margin=1.0, smallest_side=14, least_sharpness=0.2)
    chosen = tuple(FACES[name] for name in faces)
    analysis = Analysis((100, 100), chosen, 0.5, 1.0, 1.0, rule).relabelled(0.5)
    assert why_not_sure(analysis) == (f"Not sure: {', or '.join(reasons)}." if reasons else "")
