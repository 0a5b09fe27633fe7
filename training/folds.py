"""Networks of folds: each is asked only about scenes that it has never seen.

``fit`` and ``fit-detector`` with ``--folds N --fold 0``, 1 and so on make them. Together they
answer for all scenes that are not for testing, as a network trained on all of these would
answer for others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from maskcore.classification import LiteRtClassifier
from maskcore.detection import load_detector
from maskcore.detection.fcos import FcosDetector
from maskcore.errors import MasklensError
from maskcore.models import StoredModel, read_card
from maskcore.pipeline import MaskPipeline
from training.config import RunConfig, TrainConfig
from training.detector.config import DetectorConfig
from training.detector.export import load_detector_network
from training.evaluate import load_network
from training.export import to_litert
from training.scenes import Scene, fold_scenes

# How many folds, which one, and the seed of the division.
Division = tuple[int, int, int]
_LEARNED_FROM_SCENES = "fcos"


def fold_runs(runs: Sequence[Path], kind: type[RunConfig]) -> dict[Division, Path]:
    """Runs by the fold that validated them.

    Args:
        runs: folders.
        kind: what they trained.

    Raises:
        MasklensError: one is not such a run, not of a fold, or of the same fold as another.
    """
    by_division: dict[Division, Path] = {}
    for run in runs:
        config = kind.load(run)
        division = config.folds, config.fold, config.seed
        if config.folds < 2 or division in by_division:
            raise MasklensError(
                f"{run.name} was trained without --folds, or for the same fold as another run."
                " Give one run a fold."
            )
        by_division[division] = run
    return by_division


def fold_detectors(
    runs: Sequence[Path], scenes: list[Scene]
) -> Iterator[tuple[StoredModel, list[Scene]]]:
    """The detector of each run, with the installed one's card, and the scenes it never saw.

    Raises:
        MasklensError: see ``fold_runs``.
    """
    for division, run in fold_runs(runs, DetectorConfig).items():
        yield _detector(run), fold_scenes(scenes, *division)["validation"]


def fold_classifiers(
    runs: Sequence[Path], card: dict[str, Any], scenes: list[Scene]
) -> Iterator[tuple[LiteRtClassifier, list[Scene]]]:
    """The mask model of each run, to be asked as an installed one is, and the scenes unseen.

    Args:
        runs: folders.
        card: of an installed model, whose calibration, threshold and margins are used.
        scenes: all of them.

    Raises:
        MasklensError: see ``fold_runs``.
    """
    for division, run in fold_runs(runs, TrainConfig).items():
        yield _classifier(run, card), fold_scenes(scenes, *division)["validation"]


def fold_pipelines(
    model_runs: Sequence[Path],
    detector_runs: Sequence[Path],
    names: tuple[str, str],
    live: bool,
    scenes: list[Scene],
) -> Iterator[tuple[MaskPipeline, list[Scene]]]:
    """Detector and mask model of each fold, and the scenes that neither of them saw.

    Args:
        model_runs: of ``fit``.
        detector_runs: of ``fit-detector``; none for a detector that learned from other photos.
        names: of the installed detector and mask model as which they are asked.
        live: see ``MaskPipeline.load``.
        scenes: all of them.

    Raises:
        MasklensError: see ``fold_runs``; or the runs do not match.
    """
    detector, model = names
    if (detector == _LEARNED_FROM_SCENES) != bool(detector_runs):
        raise MasklensError(
            f"With runs of folds {_LEARNED_FROM_SCENES}, and no other detector, needs runs, too:"
            " --detector-runs."
        )
    classifiers = fold_runs(model_runs, TrainConfig)
    detectors = fold_runs(detector_runs, DetectorConfig)
    if detectors and detectors.keys() != classifiers.keys():
        raise MasklensError("The runs of detector and mask model are not of the same folds.")
    shared = None if detectors else load_detector(detector, live)
    for division, run in classifiers.items():
        finder = shared or FcosDetector(_detector(detectors[division]), live)
        unseen = fold_scenes(scenes, *division)["validation"]
        yield MaskPipeline(finder, _classifier(run, read_card(model))), unseen


def _detector(run: Path) -> StoredModel:
    card = read_card(_LEARNED_FROM_SCENES)
    return StoredModel(run.name, card, to_litert(load_detector_network(run), card["weights"]))


def _classifier(run: Path, card: dict[str, Any]) -> LiteRtClassifier:
    content = to_litert(load_network(run), card.get("weights", "float32"))
    return LiteRtClassifier(StoredModel(run.name, card, content))
