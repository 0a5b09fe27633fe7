"""Commands that measure on annotated scenes: the mask model alone, and behind a face finder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maskcore.detection import DETECTOR_NAMES
from maskcore.files import write_json
from training.commands.options import file_to_write, folder, summary
from training.provenance import provenance

PARTS = ("train", "validation", "test")
# What the folds together hold.
_FOLDS_HOLD = ["train", "validation"]


def add_scene_commands(commands: Any) -> None:
    """Add the commands to those of ``python -m training``; each carries its function."""
    faces = commands.add_parser(
        "evaluate-faces", help="measure an installed model on the annotated faces of scenes"
    )
    faces.set_defaults(act=run_evaluate_faces)
    _add_scenes(faces, "validation")
    faces.add_argument(
        "--crop-margins", nargs="+", type=float, help="to compare; default: the card's"
    )

    scenes = commands.add_parser(
        "evaluate-scenes", help="measure detector and classifier together on annotated scenes"
    )
    scenes.set_defaults(act=run_evaluate_scenes)
    _add_scenes(scenes, "test")
    scenes.add_argument(
        "--detector",
        choices=DETECTOR_NAMES,
        default="fcos",
        help="face finder (default: %(default)s)",
    )
    scenes.add_argument(
        "--detector-runs",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN_DIR",
        help="of the same folds, where the detector learned from the scenes, too",
    )


def _add_scenes(parser: Any, part: str) -> None:
    parser.add_argument("--scenes", required=True, type=folder, help="Pascal VOC or YOLO folder")
    parser.add_argument("--model", default="mobilenet_v2", help="mask model (default: %(default)s)")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=[part], help=f"default: {part}"
    )
    parser.add_argument(
        "--model-runs",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN_DIR",
        help="of folds: each is asked, as the model is, about the scenes that it never saw,"
        " instead of the model about --parts",
    )
    parser.add_argument(
        "--min-side",
        type=float,
        default=32,
        help="longer side of the smallest face that counts, in pixels (default: %(default)g)",
    )
    parser.add_argument("--out", type=file_to_write, metavar="FILE", help="JSON report to write")


def run_evaluate_faces(
    typed: str,
    scenes: Path,
    model: str,
    parts: list[str],
    model_runs: list[Path],
    min_side: float,
    crop_margins: list[float] | None,
    out: Path | None,
) -> None:
    """Print the figures for each crop margin; with one, write them to ``out``.

    Raises:
        ValueError: ``out`` and several crop margins.
    """
    from maskcore.classification import LiteRtClassifier
    from maskcore.models import read_card
    from training.annotated.face_judging import evaluate_faces
    from training.annotated.scene_parts import scenes_of_parts
    from training.annotated.scenes import Scene, read_scenes

    if out and len(crop_margins or []) > 1:
        raise ValueError(f"--out takes one crop margin, got {len(crop_margins or [])}")
    everything = read_scenes(scenes)
    asked: list[tuple[LiteRtClassifier, list[Scene]]]
    if model_runs:
        from training.measuring.folds import fold_classifiers

        asked = list(fold_classifiers(model_runs, read_card(model), everything))
    else:
        chosen = scenes_of_parts(everything, parts, [read_card(model)])
        asked = [(LiteRtClassifier.load(model), chosen)]
    for margin in crop_margins or [asked[0][0].input_spec.crop_margin]:
        figures = evaluate_faces(asked, margin, min_side)
        print(summary(f"crop margin {margin:g}", figures))
        if out:
            photos = sum(len(its_scenes) for _, its_scenes in asked)
            head = {"model": model, **_of(parts, model_runs), "photos": photos}
            settings = {"min_side": min_side, "crop_margin": margin}
            values = {**head, **provenance(typed), **settings, **figures}
            write_json(out, values)


def run_evaluate_scenes(
    typed: str,
    scenes: Path,
    detector: str,
    model: str,
    parts: list[str],
    model_runs: list[Path],
    detector_runs: list[Path],
    min_side: float,
    out: Path | None,
) -> None:
    """Print the figures, and write them to ``out``."""
    from maskcore.models import checksums, read_card
    from maskcore.pipeline import MaskPipeline
    from training.annotated.scene_parts import scenes_of_parts
    from training.annotated.scene_report import evaluate_scenes
    from training.annotated.scenes import Scene, read_scenes

    versions = checksums(detector, model)
    everything = read_scenes(scenes)
    asked: Iterable[tuple[MaskPipeline, list[Scene]]]
    if model_runs or detector_runs:
        from training.measuring.folds import fold_pipelines

        asked = fold_pipelines(model_runs, detector_runs, (detector, model), everything)
    else:
        # Haar's cascades and YuNet have no card, and saw none of the scenes.
        names = [name for name in (detector, model) if name in versions]
        chosen = scenes_of_parts(everything, parts, [read_card(name) for name in names])
        asked = [(MaskPipeline.load(detector, model), chosen)]
    report = evaluate_scenes(asked, min_side)
    for name, figure in report["figures"].items():
        if isinstance(figure, dict):
            bracket = ""
            if figure["interval"] is not None:
                low, high = figure["interval"]
                bracket = f" (95 % interval {low:.3f} to {high:.3f})"
            print(f"{name}: {figure['value']:.3f}{bracket}")
        else:
            print(f"{name}: {figure}")
    if out:
        head = {"detector": detector, "model": model, **_of(parts, model_runs)}
        values = {**head, "sha256": versions, **provenance(typed), **report}
        write_json(out, values)


def _of(parts: list[str], model_runs: list[Path]) -> dict[str, Any]:
    """What a report is of."""
    return {"parts": _FOLDS_HOLD, "folds": len(model_runs)} if model_runs else {"parts": parts}
