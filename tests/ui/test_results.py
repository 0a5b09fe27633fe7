from __future__ import annotations

import pytest

from maskcore import Analysis, Face
from ui.results import sentence


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
