"""From where on a face is better not called, for an installed classifier, on validation data.

Faces of the validation scenes, and of the validation close-ups if given, are cut as served.
With the runs of folds, all scenes that are not for testing are used, and each network is asked
about those that it never saw.
Three tables, each with shares of right answers, their Wilson 95 % intervals and counts:

- margin: the faces of 32 pixels and more, and of them those whose log odds lie at least so
  far from the threshold's;
- side: the scenes' own faces by their longer side, and those of 32 pixels and more shrunk to
  each band, every face to a side drawn from it, and enlarged again as served;
- sharpness: the faces of 32 pixels and more, blurred, by what is left of their sharpness.

Proposed are the smallest margin at which the called are right in 99.5 % (where all of them
are, the largest at which no more than 3 % go uncalled), and the smallest side and the least
sharpness down to which every band is right in 95 %; bands of few faces have no say.

    python -m benchmarks.not_sure --scenes SCENES_DIR [--model-runs RUN_DIR...]
        [--masks MASKS_DIR [--boxes FILE]] [--model mobilenet_v2] [--json FILE]
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.specimens import SMALLEST, Specimen, close_up_specimens, scene_specimens
from maskcore.classification import LiteRtClassifier, preprocess, sharpness
from maskcore.files import write_json
from maskcore.models import load_model, read_report
from maskcore.types import NotSure, logit
from training.annotated.scene_parts import scenes_of_parts
from training.annotated.scenes import Scene, read_scenes
from training.classifier.parts import report_photos
from training.metrics import share
from training.provenance import provenance, without_folders

LARGE = 32.0
SIDES = (SMALLEST, 12.0, 16.0, 24.0, LARGE)
MARGINS = np.round(np.arange(0, 8.001, 0.05), 2)
SHARPNESSES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
RIGHT_OF_CALLED, MOST_UNCALLED, RIGHT_IN_BAND = 0.995, 0.03, 0.95
FEWEST = 20  # faces in a band that has a say


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


def shown(figure: dict[str, Any]) -> str:
    """A share, its interval and its count."""
    if not figure["count"]:
        return f"{'-':>7}{'':<25}"
    low, high = figure["interval"]
    interval = f"({low:.1%} to {high:.1%})"
    return f"{figure['value']:>7.1%} {interval:<18}{figure['hits']:>5}/{figure['count']:<5}"


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    for source, counts in result["faces"].items():
        print(
            f"{source}: {counts['count']} faces, {counts['large']} of them of {LARGE:g} px and"
            f" more, {counts['bare']} bare"
        )
    print(f"\nmargin  {'called':<34} right of the called ({LARGE:g} px and more)")
    for row in result["margins"][::2]:
        if not row["called"]["hits"]:
            break
        print(f"{row['margin']:>6.2f} {shown(row['called'])} {shown(row['right'])}")
    print(f"\n     side, px  {'right as they are':<36}{'right when shrunk':<36}median sharpness")
    for row in result["sides"]:
        print(f"{ends(row)} {shown(row['own'])} {shown(row['shrunk'])} {row['sharpness']}")
    print("\n    sharpness  right, blurred")
    for row in result["sharpness"]:
        print(f"{ends(row)} {shown(row['right'])}")
    print(f"\nproposed: {result['proposed']}; with it")
    for source, parts in result["outcome"].items():
        for part, figures in parts.items():
            print(
                f"  {source}, {part:<6} called {shown(figures['called'])}"
                f" of them right {shown(figures['right'])}"
            )


def ends(row: dict[str, Any]) -> str:
    """A band, in 13 columns."""
    end = "more" if row["below"] is None else f"{row['below']:g}"
    return f"{row['from']:>6g} - {end:<4}"


def main() -> None:
    """Print the tables, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, type=Path)
    parser.add_argument("--model-runs", nargs="+", type=Path, help="of folds of the scenes")
    parser.add_argument("--masks", type=Path, help="the classifier's close-ups")
    parser.add_argument("--boxes", type=Path, help="of the close-ups, made by pseudo-boxes")
    parser.add_argument("--model", default="mobilenet_v2")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    model = load_model(options.model)
    classifier = LiteRtClassifier(model)
    scenes = read_scenes(options.scenes)
    asked: Iterable[tuple[LiteRtClassifier, list[Scene]]]
    if options.model_runs:
        from training.measuring.folds import fold_classifiers  # brings TensorFlow along

        asked = fold_classifiers(options.model_runs, model.card, scenes)
    else:
        asked = [(classifier, scenes_of_parts(scenes, ["validation"], [model.card]))]
    specimens = scene_specimens(asked)
    if options.masks:
        photos = report_photos(read_report(model.name), options.masks, "validation")
        specimens += close_up_specimens(photos, options.boxes, classifier)
    result = measure(specimens, classifier.threshold)
    show(result)
    if options.json:
        typed = shlex.join(without_folders(argument) for argument in sys.argv[1:])
        head = provenance(f"python -m benchmarks.not_sure {typed}")
        values = {**head, "model": model.name, "sha256": model.card["sha256"], **result}
        write_json(options.json, values)


if __name__ == "__main__":
    main()
