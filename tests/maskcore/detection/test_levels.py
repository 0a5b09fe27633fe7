from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from maskcore.detection.levels import add_up_levels
from maskcore.types import Detections

Scored = tuple[tuple[float, ...], float]
MakeDetections = Callable[..., Detections]

# The first two share 29/31.
FACE, TWIN, ELSEWHERE = (10, 10, 40, 40), (11, 10, 41, 40), (60, 60, 80, 80)


@pytest.mark.parametrize(
    ("levels", "sums"),
    [
        ([[(FACE, 0.45)], [(TWIN, 0.3)]], [[0.75], [0.75]]),
        ([[(FACE, 0.2)], [(TWIN, 0.3)], [(FACE, 0.4)]], [[0.9], [0.9], [0.9]]),
        ([[(FACE, 0.2)], [(ELSEWHERE, 0.3)], [(FACE, 0.4)]], [[0.6], [0.3], [0.6]]),
        (
            [[(ELSEWHERE, 0.6), (FACE, 0.45)], [(TWIN, 0.3), (ELSEWHERE, 0.1)]],
            [[0.7, 0.75], [0.75, 0.7]],
        ),
        ([[(FACE, 0.45), (ELSEWHERE, 0.6)], [(TWIN, 0.3)]], [[0.75, 0.6], [0.75]]),
        ([[(FACE, 0.45)], []], [[0.45], []]),
        ([[], [], [(FACE, 0.3), (ELSEWHERE, 0.9)]], [[], [], [0.3, 0.9]]),
        ([[(FACE, 0.45)]], [[0.45]]),
        ([[], [], []], [[], [], []]),
        ([], []),
    ],
)
def test_levels_that_see_the_same_face_add_up(
    scored: MakeDetections, levels: list[list[Scored]], sums: list[list[float]]
) -> None:
    added = add_up_levels([scored(*faces) for faces in levels])

    assert len(added) == len(sums)
    for scores, expected in zip(added, sums, strict=True):
        assert scores.dtype == np.float32
        assert scores.shape == (len(expected),)
        np.testing.assert_allclose(scores, expected, rtol=1e-6)


@pytest.mark.parametrize("scores", [(0.8, 0.7), (1.0, 1.0), (0.5, 0.5), (0.4, 0.4, 0.4)])
def test_sum_of_levels_is_a_chance_and_stops_at_1(
    scored: MakeDetections, scores: tuple[float, ...]
) -> None:
    added = add_up_levels([scored((FACE, score)) for score in scores])

    assert [one.tolist() for one in added] == [[1.0]] * len(scores)


# Squares of 10 x 10 share (10 - moved) / (10 + moved): 0.613 and 0.587.
@pytest.mark.parametrize(("moved", "total"), [(2.4, 0.7), (-2.4, 0.7), (2.6, 0.4), (-2.6, 0.4)])
def test_boxes_that_share_too_little_are_of_two_faces(
    scored: MakeDetections, moved: float, total: float
) -> None:
    mine = scored(((20, 20, 30, 30), 0.4))

    added = add_up_levels([mine, scored(((20, 20 + moved, 30, 30 + moved), 0.3))])

    np.testing.assert_allclose(added[0], [total], rtol=1e-6)


@pytest.mark.parametrize("surer_first", [False, True])
def test_a_level_counts_once_for_a_face_and_as_sure_as_it_is(
    scored: MakeDetections, surer_first: bool
) -> None:
    left, right = ((17.6, 20, 27.6, 30), 0.2), ((22.4, 20, 32.4, 30), 0.3)
    others = [right, left] if surer_first else [left, right]

    added = add_up_levels([scored(((20, 20, 30, 30), 0.4)), scored(*others)])

    np.testing.assert_allclose(added[0], [0.7], rtol=1e-6)
    np.testing.assert_allclose(added[1], [score + 0.4 for _, score in others], rtol=1e-6)


def test_adding_up_leaves_the_levels_as_they_are(scored: MakeDetections) -> None:
    found = [scored((FACE, 0.25)), scored((TWIN, 0.5))]

    add_up_levels(found)

    assert [level.scores.tolist() for level in found] == [[0.25], [0.5]]
