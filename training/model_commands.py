"""Commands about installed classifiers, none of which needs TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maskcore.files import write_text
from training.provenance import provenance

SCENE_PARTS = ("train", "validation", "test")


def add_model_commands(commands: Any) -> None:
    """Add the commands to those of ``python -m training``; each carries its function."""
    faces = commands.add_parser(
        "evaluate-faces", help="measure an installed model on the annotated faces of scenes"
    )
    faces.set_defaults(act=evaluate_faces)
    faces.add_argument("--scenes", required=True, type=Path, help="Pascal VOC or YOLO folder")
    faces.add_argument("--model", default="mobilenet_v2")
    faces.add_argument("--parts", nargs="+", choices=SCENE_PARTS, default=["validation"])
    faces.add_argument("--min-side", type=float, default=32, help="smallest face, pixels")
    faces.add_argument(
        "--crop-margins", nargs="+", type=float, help="to compare; default: the card's"
    )
    faces.add_argument("--out", type=Path, metavar="FILE", help="JSON report to write")

    calibrate = commands.add_parser(
        "calibrate", help="fit an installed model's probabilities to what they promise"
    )
    calibrate.set_defaults(act=calibrate_model)
    calibrate.add_argument("model", metavar="MODEL")
    calibrate.add_argument(
        "--masks", required=True, type=Path, help="the photos of the model's report"
    )
    calibrate.add_argument(
        "--scenes", type=Path, help="annotated scenes, whose validation faces join in"
    )

    stress = commands.add_parser(
        "stress", help="measure an installed model on spoiled pictures of its test part"
    )
    stress.set_defaults(act=stress_card)
    stress.add_argument("model", metavar="MODEL")
    stress.add_argument("--data", required=True, type=Path, help="the photos of the model's report")
    stress.add_argument("--boxes", type=Path, help="made by pseudo-boxes: where the faces are")
    stress.add_argument("--out", required=True, type=Path, metavar="FILE", help="JSON to write")


def evaluate_faces(
    typed: str,
    scenes: Path,
    model: str,
    parts: list[str],
    min_side: float,
    crop_margins: list[float] | None,
    out: Path | None,
) -> None:
    """Print the figures for each crop margin; with one, write them to ``out``.

    Raises:
        ValueError: ``out`` and several crop margins.
    """
    from maskcore.classification import LiteRtClassifier
    from training.scenes import evaluate_faces, read_scenes, split_scenes

    if out and len(crop_margins or []) > 1:
        raise ValueError(f"--out takes one crop margin, got {len(crop_margins or [])}")
    divided = split_scenes(read_scenes(scenes))
    chosen = [scene for part in parts for scene in divided[part]]
    classifier = LiteRtClassifier.load(model)
    for margin in crop_margins or [classifier.input_spec.crop_margin]:
        figures = evaluate_faces(chosen, classifier, margin, min_side)
        print(summary(f"crop margin {margin:g}", figures))
        if out:
            head = {"model": model, "parts": parts, "photos": len(chosen)}
            settings = {"min_side": min_side, "crop_margin": margin}
            values = {**head, **provenance(typed), **settings, **figures}
            write_text(out, json.dumps(values, indent=1) + "\n")


def calibrate_model(typed: str, model: str, masks: Path, scenes: Path | None) -> None:
    """Refit, and print the calibration error of every part before and after."""
    from training.calibration import calibrate_model

    record = calibrate_model(model, masks, scenes, typed)
    print(f"temperature {record['temperature']:g}, fitted on {', '.join(record['fitted_on'])}")
    for part, error in record["error"].items():
        before, after = error["before"]["value"], error["after"]["value"]
        print(
            f"{part}: expected calibration error {before:.4f} before, {after:.4f} after"
            f" (n = {error['count']})"
        )


def stress_card(typed: str, model: str, data: Path, boxes: Path | None, out: Path) -> None:
    """Measure, and print accuracy and both classes' shares under each change."""
    from training.stress import stress

    card = stress(model, data, boxes, out, typed)
    titles = {"accuracy": "right", "recall_mask": "Mask", "recall_no_mask": "No Mask"}
    for row in card["rows"]:
        figures = (f"{t} {row[n]['hits']} of {row[n]['count']}" for n, t in titles.items())
        print(f"{row['change']} {row['level']}: {', '.join(figures)}".replace(" :", ":"))
    for broken in card["breaks"]:
        print(f"breaks: {broken['change']} {broken['level']} ({broken['value']:.1%})")


def summary(title: str, figures: dict[str, Any]) -> str:
    """One line a person can read: accuracy with its interval and count, recall a class."""
    accuracy = figures["accuracy"]
    low, high = accuracy["interval"]
    classes = ", ".join(
        f"{name} {recall['hits']}/{recall['count']}"
        for name, recall in ((n, c["recall"]) for n, c in figures["by_class"].items())
    )
    return (
        f"{title}: accuracy {accuracy['value']:.2%} (95 % interval {low:.2%} to {high:.2%},"
        f" n = {accuracy['count']}; right: {classes})"
    )
