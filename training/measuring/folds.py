"""Networks of folds: each is asked only about scenes that it has never seen.

``fit`` and ``fit-detector`` with ``--folds N --fold 0``, 1 and so on make them. Together they
answer for all scenes that are not for testing, as a network trained on all of these would
answer for others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from maskcore.classification import LiteRtClassifier
from maskcore.detection import Detector, load_detector
from maskcore.detection.fcos import FcosDetector
from maskcore.errors import MasklensError
from maskcore.models import StoredModel, read_card
from maskcore.pipeline import MaskPipeline
from training.annotated.scene_parts import all_folds, check_kept, part_names
from training.annotated.scenes import Scene
from training.classifier.evaluate import load_network
from training.config import DATA_FILE, RunConfig, TrainConfig
from training.detector.config import DetectorConfig
from training.detector.export import load_detector_network
from training.installing.export import to_litert
from training.job_files import read_values

_LEARNED_FROM_SCENES = "fcos"


@dataclass(frozen=True)
class FoldRuns:
    """One run a fold.

    Attributes:
        seed: of the division.
        runs: folders, in the order of the folds that validated them.
        card: of the installed model as which they are asked; empty for none.
    """

    seed: int
    runs: tuple[Path, ...]
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def division(self) -> tuple[int, int]:
        """How many folds, and the seed."""
        return len(self.runs), self.seed

    def unseen(self, scenes: list[Scene]) -> Iterator[tuple[Path, list[Scene]]]:
        """Each run and those of the scenes that it never saw.

        Raises:
            MasklensError: a run, or the installed model, divided other scenes than these.
        """
        for run, parts in zip(self.runs, all_folds(scenes, *self.division), strict=True):
            check_kept(self.card, scenes, parts["test"])
            divided = (read_values(run / DATA_FILE) or {}).get("scenes")
            # Photos that came or went since deal out all others anew.
            if divided and divided != part_names(parts):
                raise MasklensError(
                    f"{run.name} learned from other scenes: photos have come or gone since. Put"
                    " them back as they were, or train the folds again."
                )
            yield run, parts["validation"]


def fold_runs(runs: Sequence[Path], kind: type[RunConfig]) -> FoldRuns:
    """Runs of all folds of one division, in any order.

    Args:
        runs: folders.
        kind: what they trained.

    Raises:
        MasklensError: one is not such a run or not of a fold, or they are not one for each
            fold of one division.
    """
    configs = {run: kind.load(run) for run in runs}
    if not configs or any(config.folds < 2 for config in configs.values()):
        raise MasklensError("These must be runs of folds, made with --folds 2 or more.")
    ordered = sorted(configs, key=lambda run: configs[run].fold)
    found = [(configs[run].folds, configs[run].seed, configs[run].fold) for run in ordered]
    seed = found[0][1]
    if found != [(len(found), seed, fold) for fold in range(len(found))]:
        raise MasklensError(
            "Give one run for each fold, all of them with the same --folds and --seed."
        )
    return FoldRuns(seed, tuple(ordered))


def fold_detectors(
    runs: Sequence[Path], scenes: list[Scene]
) -> Iterator[tuple[StoredModel, list[Scene]]]:
    """The detector of each run, with the installed one's card, and the scenes it never saw.

    Raises:
        MasklensError: see ``fold_runs``.
    """
    for run, unseen in fold_runs(runs, DetectorConfig).unseen(scenes):
        yield _detector(run), unseen


def fold_classifiers(
    runs: Sequence[Path], card: dict[str, Any], scenes: list[Scene]
) -> Iterator[tuple[LiteRtClassifier, list[Scene]]]:
    """The mask model of each run, to be asked as an installed one is, and the scenes unseen.

    Args:
        runs: folders.
        card: of an installed model, whose calibration, threshold and margins are used.
        scenes: all of them.

    Raises:
        MasklensError: see ``fold_runs``; or the scenes were divided by another seed than the
            model's, so that its test part would be asked about.
    """
    for run, unseen in _of_seed(fold_runs(runs, TrainConfig), card).unseen(scenes):
        yield _classifier(run, card), unseen


def fold_pipelines(
    model_runs: Sequence[Path],
    detector_runs: Sequence[Path],
    names: tuple[str, str],
    scenes: list[Scene],
) -> Iterator[tuple[MaskPipeline, list[Scene]]]:
    """Detector and mask model of each fold, and the scenes that neither of them saw.

    Args:
        model_runs: of ``fit``.
        detector_runs: of ``fit-detector``; none for a detector that learned from other photos.
        names: of the installed detector and mask model as which they are asked.
        scenes: all of them.

    Raises:
        MasklensError: see ``fold_classifiers``; or the runs do not match.
    """
    detector, model = names
    if (detector == _LEARNED_FROM_SCENES) != bool(detector_runs):
        raise MasklensError(
            f"With runs of folds {_LEARNED_FROM_SCENES}, and no other detector, needs runs, too:"
            " --detector-runs."
        )
    card = read_card(model)
    classifiers = _of_seed(fold_runs(model_runs, TrainConfig), card)
    finders: Iterable[Detector]
    if detector_runs:
        detectors = fold_runs(detector_runs, DetectorConfig)
        if detectors.division != classifiers.division:
            raise MasklensError("The runs of detector and mask model are not of the same folds.")
        finders = (FcosDetector(_detector(run)) for run in detectors.runs)
    else:
        finders = itertools.repeat(load_detector(detector))
    for (run, unseen), finder in zip(classifiers.unseen(scenes), finders, strict=False):
        yield MaskPipeline(finder, _classifier(run, card)), unseen


def _of_seed(folds: FoldRuns, card: dict[str, Any]) -> FoldRuns:
    if folds.seed != card.get("seed", 0):
        raise MasklensError(
            f"The runs divided the scenes by seed {folds.seed}, the model by"
            f" {card.get('seed', 0)}: what is kept for testing would be asked about."
        )
    return replace(folds, card=card)


def _detector(run: Path) -> StoredModel:
    card = read_card(_LEARNED_FROM_SCENES)
    return StoredModel(run.name, card, to_litert(load_detector_network(run), card["weights"]))


def _classifier(run: Path, card: dict[str, Any]) -> LiteRtClassifier:
    content = to_litert(load_network(run), card.get("weights", "float32"))
    return LiteRtClassifier(StoredModel(run.name, card, content))
