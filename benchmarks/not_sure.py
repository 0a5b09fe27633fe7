"""From where on a face is better not called, for an installed classifier, on validation data.

Faces of the validation scenes, and of the validation close-ups if given, are cut as served.
With the runs of folds, all scenes that are not for testing are used, and each network is asked
about those that it never saw.
What is asked and proposed: see ``benchmarks.not_sure_tables``.

    python -m benchmarks.not_sure --scenes SCENES_DIR [--model-runs RUN_DIR...]
        [--masks MASKS_DIR] [--model mobilenet_v2] [--json FILE]
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.not_sure_tables import LARGE, measure
from benchmarks.specimens import close_up_specimens, scene_specimens
from maskcore.classification import LiteRtClassifier
from maskcore.files import write_json
from maskcore.models import load_model, read_report
from training.annotated.scene_parts import scenes_of_parts
from training.annotated.scenes import Scene, read_scenes
from training.classifier.parts import report_photos
from training.provenance import provenance, without_folders


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
        specimens += close_up_specimens(photos, classifier)
    result = measure(specimens, classifier.threshold)
    show(result)
    if options.json:
        typed = shlex.join(without_folders(argument) for argument in sys.argv[1:])
        head = provenance(f"python -m benchmarks.not_sure {typed}")
        values = {**head, "model": model.name, "sha256": model.card["sha256"], **result}
        write_json(options.json, values)


if __name__ == "__main__":
    main()
