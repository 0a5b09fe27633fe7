"""How often faces are told right, by how clear, how large and how sharp they are.

Three tables, each with shares of right answers, their Wilson 95 % intervals and counts:

- margin: the faces of 32 pixels and more, and of them those whose log odds lie at least so
  far from the threshold's;
- side: the scenes' own faces by their longer side, and those of 32 pixels and more shrunk to
  each band, every face to a side drawn from it, and enlarged again as served;
- sharpness: the faces of 32 pixels and more, blurred, by what is left of their sharpness.

Proposed are the smallest margin at which the called are right in 99.5 % (where all of them
are, the largest at which no more than 3 % go uncalled), and the smallest side and the least
sharpness down to which every band is right in 95 %; bands of few faces have no say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.specimens import SMALLEST, Specimen
from maskcore.classification import preprocess, sharpness
from maskcore.types import NotSure, logit
from training.metrics import share

LARGE = 32.0
SIDES = (SMALLEST, 12.0, 16.0, 24.0, LARGE)
MARGINS = np.round(np.arange(0, 8.001, 0.05), 2)
SHARPNESSES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
RIGHT_OF_CALLED, MOST_UNCALLED, RIGHT_IN_BAND = 0.995, 0.03, 0.95
FEWEST = 20  # faces in a band that has a say


def measure(specimens: list[Specimen], threshold: float) -> dict[str, Any]:
    """Every table and what follows from it, as JSON values.

    Args:
        specimens: the faces.
        threshold: that of all their classifiers, 0..1.
    """
    large = [specimen for specimen in specimens if specimen.longer_side >= LARGE]
    margins = margin_rows(large, threshold)
    sides = side_rows(specimens)
    blurs = sharpness_rows(large)
    proposed = {
        "margin": proposed_margin(margins),
        "smallest_side": lowest_good(sides),
        "least_sharpness": lowest_good(blurs),
    }
    rule = NotSure(**{name: value for name, value in proposed.items() if value is not None})
    sources = sorted({specimen.source for specimen in specimens})
    return {
        "faces": {
            source: {
                "count": sum(s.source == source for s in specimens),
                "large": sum(s.source == source for s in large),
                "bare": sum(s.source == source and s.label == 0 for s in specimens),
            }
            for source in sources
        },
        "margins": margins[::5],
        "sides": sides,
        "sharpness": blurs,
        "proposed": proposed,
        "outcome": {
            source: outcome([s for s in specimens if s.source == source], rule, threshold)
            for source in sources
        },
    }


def judge(specimens: Sequence[Specimen]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which are told right, bool (N,), and their mask probabilities, 0..1, (N,)."""
    right, probabilities = np.zeros(len(specimens), bool), np.zeros(len(specimens), np.float32)
    for classifier in {specimen.classifier for specimen in specimens}:
        mine = np.array([specimen.classifier is classifier for specimen in specimens])
        chosen = [specimen for specimen in specimens if specimen.classifier is classifier]
        inputs = [preprocess(s.picture, [s.box_xyxy], classifier.input_spec) for s in chosen]
        probabilities[mine] = classifier.classify_inputs(np.concatenate(inputs))
        labels = np.array([specimen.label for specimen in chosen])
        right[mine] = (probabilities[mine] >= classifier.threshold) == labels
    return right, probabilities


def right_share(right: NDArray[np.bool_]) -> dict[str, Any]:
    """How many are right, with interval and count."""
    return share(int(right.sum()), len(right))


def called_and_right(right: NDArray[np.bool_], called: NDArray[np.bool_]) -> dict[str, Any]:
    """How many are called, and how many of the called are right."""
    return {"called": right_share(called), "right": right_share(right[called])}


def margin_rows(specimens: list[Specimen], threshold: float) -> list[dict[str, Any]]:
    """Called and right at each of ``MARGINS``."""
    right, probabilities = judge(specimens)
    middle = logit(threshold)
    distances = np.array([abs(logit(float(p)) - middle) for p in probabilities])
    return [
        {"margin": float(margin), **called_and_right(right, distances >= margin)}
        for margin in MARGINS
    ]


def proposed_margin(rows: list[dict[str, Any]]) -> float | None:
    """As the module says; None where no margin helps."""
    if not rows[0]["right"]["count"]:
        return None
    if rows[0]["right"]["value"] >= RIGHT_OF_CALLED:
        kept = [row for row in rows if row["called"]["value"] >= 1 - MOST_UNCALLED]
        return float(kept[-1]["margin"])
    good = (row for row in rows if (row["right"]["value"] or 0) >= RIGHT_OF_CALLED)
    return next((float(row["margin"]) for row in good), None)


def side_rows(specimens: list[Specimen]) -> list[dict[str, Any]]:
    """Right in each band of sides: as they are, shrunk to it, together; median sharpness."""
    rng = np.random.default_rng(0)
    large = [specimen for specimen in specimens if specimen.longer_side >= LARGE]
    rows = []
    for low, high in zip(SIDES, (*SIDES[1:], np.inf), strict=True):
        own = [specimen for specimen in specimens if low <= specimen.longer_side < high]
        shrunk = [s.shrunk(rng.uniform(low, high)) for s in large] if high <= LARGE else []
        own_right, shrunk_right = judge(own)[0], judge(shrunk)[0]
        rows.append(
            {
                **band(low, high),
                "own": right_share(own_right),
                "shrunk": right_share(shrunk_right),
                "right": right_share(np.concatenate([own_right, shrunk_right])),
                "sharpness": median(sharpness_of(own + shrunk)),
            }
        )
    return rows


def sharpness_rows(specimens: list[Specimen]) -> list[dict[str, Any]]:
    """Right in each band of sharpness, all faces blurred by each of ``SIGMAS``."""
    right, sharp = [], []
    for sigma in SIGMAS:
        smeared = [specimen.blurred(sigma) for specimen in specimens]
        right.append(judge(smeared)[0])
        sharp.append(sharpness_of(smeared))
    all_right, all_sharp = np.concatenate(right), np.concatenate(sharp)
    return [
        {
            **band(low, high),
            "right": right_share(all_right[(low <= all_sharp) & (all_sharp < high)]),
        }
        for low, high in zip(SHARPNESSES, (*SHARPNESSES[1:], np.inf), strict=True)
    ]


def band(low: float, high: float) -> dict[str, float | None]:
    """A band's ends as JSON has them."""
    return {"from": low, "below": high if np.isfinite(high) else None}


def sharpness_of(specimens: Sequence[Specimen]) -> NDArray[np.float64]:
    """Of each, (N,)."""
    return np.array([sharpness(s.picture, s.box_xyxy) for s in specimens], float)


def median(values: NDArray[np.float64]) -> float | None:
    """None of nothing."""
    return round(float(np.median(values)), 3) if len(values) else None


def lowest_good(rows: list[dict[str, Any]]) -> float | None:
    """Where the last band begins, going down, that is right often enough; None: not even one."""
    lowest = None
    for row in reversed(rows):
        if row["right"]["count"] < FEWEST:
            continue
        if row["right"]["value"] < RIGHT_IN_BAND:
            break
        lowest = row["from"]
    return lowest


def outcome(specimens: list[Specimen], rule: NotSure, threshold: float) -> dict[str, Any]:
    """What a rule does to the faces as they are."""
    right, probabilities = judge(specimens)
    sides = np.array([specimen.longer_side for specimen in specimens])
    faces = zip(probabilities, sides, sharpness_of(specimens), strict=True)
    called = np.array(
        [
            rule.is_sure(float(probability), threshold, side, sharp)
            for probability, side, sharp in faces
        ]
    )
    large = sides >= LARGE
    return {
        "all": called_and_right(right, called),
        "large": called_and_right(right[large], called[large]),
    }
