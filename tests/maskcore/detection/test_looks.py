from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from maskcore.detection.looks import Look, average_looks
from maskcore.types import Detections

Scored = tuple[tuple[float, ...], float]
MakeDetections = Callable[..., Detections]

FACE = (10, 10, 40, 40)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ([(FACE, 0.8)], [(FACE, 0.4)], [(FACE, 0.6)]),
        ([(FACE, 0.8)], [], [(FACE, 0.4)]),
        ([], [(FACE, 0.8)], [(FACE, 0.4)]),
        ([], [], []),
        # Boxes are weighted by their scores: the second lies 3 pixels to the right.
        ([((20, 20, 40, 40), 0.6)], [((23, 20, 43, 40), 0.3)], [((21, 20, 41, 40), 0.45)]),
        # Half of each is all that these share: an overlap of a third.
        ([((0, 0, 20, 20), 0.6)], [((10, 0, 30, 20), 0.4)],
         [((0, 0, 20, 20), 0.3), ((10, 0, 30, 20), 0.2)]),
        # Each face of a look is taken once, by the one that shares most with it.
        ([((0, 0, 20, 20), 0.6), ((5, 0, 25, 20), 0.9)], [((5, 0, 25, 20), 0.1)],
         [((0, 0, 20, 20), 0.3), ((5, 0, 25, 20), 0.5)]),
    ],
)  # fmt: skip
def test_two_looks_are_averaged(
    scored: MakeDetections, one: list[Scored], other: list[Scored], together: list[Scored]
) -> None:
    looks = scored(*one), scored(*other)

    found = average_looks([Look(look) for look in looks])

    expected = scored(*together)
    np.testing.assert_allclose(found.boxes_xyxy, expected.boxes_xyxy, atol=1e-5)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)
    assert found.boxes_xyxy.dtype == found.scores.dtype == np.float32
    assert [look.scores.tolist() for look in looks] == [
        scored(*faces).scores.tolist() for faces in (one, other)
    ]


@pytest.mark.parametrize(
    ("side", "other", "score"),
    [
        (50, (0.0, np.inf), 0.4),
        (50, (50.0, 50.0), 0.4),
        (50, (50.1, 99.0), 0.8),
        (50, (0.0, 49.9), 0.8),
    ],
)
def test_a_look_that_need_not_see_a_face_has_no_say(
    scored: MakeDetections, side: int, other: tuple[float, float], score: float
) -> None:
    seen = scored(((10, 10, 40, 10 + side), 0.8))
    nothing = scored()

    for looks in ([Look(seen), Look(nothing, other)], [Look(nothing, other), Look(seen)]):
        np.testing.assert_allclose(average_looks(looks).scores, [score])
    # One that need not, but does, has its say.
    doubtful = scored(((10, 10, 40, 10 + side), 0.2))
    np.testing.assert_allclose(average_looks([Look(seen), Look(doubtful, other)]).scores, [0.5])


def test_three_looks_are_averaged_with_their_boxes(scored: MakeDetections) -> None:
    boxes = (20, 20, 40, 40), (23, 20, 43, 40), (20, 23, 40, 43)
    looks = [Look(scored((box, score))) for box, score in zip(boxes, (0.6, 0.3, 0.9), strict=True)]

    found = average_looks(looks)

    np.testing.assert_allclose(found.scores, [0.6])
    np.testing.assert_allclose(found.boxes_xyxy, [(20.5, 21.5, 40.5, 41.5)], atol=1e-5)
