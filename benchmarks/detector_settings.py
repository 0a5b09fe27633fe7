"""How a trained detector is best used: working sizes and score threshold.

Prints, for each set of working sizes and each threshold, recall and precision on faces of
32 pixels and more, and recall on faces of 16 to 32. The settings chosen from this table go
into ``python -m training install-detector``.

    python -m benchmarks.detector_settings --scenes SCENES_DIR [--detector-model fcos]
        [--parts validation]
    python -m benchmarks.detector_settings --scenes SCENES_DIR --runs RUN_DIR...

The first asks an installed detector about validation scenes, which is of use if they did
not train it: the shipped one learned from them (``--folds 1``). The second asks each of the
runs of ``fit-detector --folds N --fold 0``, 1 and so on about the scenes that validated it,
and so all scenes that are not for testing are asked about.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from maskcore import read_image
from maskcore.detection.fcos import FcosDetector, FcosSettings
from maskcore.models import StoredModel, load_model
from maskcore.types import Detections, Face
from training.scene_report import count, figures, match
from training.scenes import Scene, read_scenes, split_scenes

THRESHOLDS = (0.35, 0.4, 0.43, 0.46, 0.5, 0.55, 0.6, 0.65, 0.7)
# Working sizes for photos, that of the mirrored second look, and how far photos are enlarged.
CANDIDATES = (
    ((256,), 0, 1.0),
    ((320,), 0, 1.0),
    ((384,), 0, 1.0),
    ((512,), 0, 1.5),
    ((320,), 384, 1.0),
    ((384,), 320, 1.0),
    ((384,), 384, 1.0),
    ((384,), 448, 1.0),
    ((320, 768, 1536, 3072), 384, 1.0),
    ((384, 768, 1536, 3072), 384, 1.0),
)


def row(scenes: list[Scene], found: list[Detections], threshold: float) -> str:
    """Figures of one setting at one threshold."""
    large, small = np.zeros((2, 6), int), np.zeros((2, 6), int)
    for scene, detections in zip(scenes, found, strict=True):
        faces = tuple(
            Face(tuple(map(float, box)), float(score), 1.0, "Mask")  # the label plays no part
            for box, score in zip(detections.boxes_xyxy, detections.scores, strict=True)
            if score >= threshold
        )
        taken, loose = match(scene.faces, faces)
        large += count(scene.faces, taken, loose, 32)
        between = [
            (face, hit)
            for face, hit in zip(scene.faces, taken, strict=True)
            if 16 <= face.longer_side < 32
        ]
        if between:
            few, hits = zip(*between, strict=True)
            small += count(few, list(hits), [], 16)
    got, tiny = figures(large), figures(small)
    return (
        f"{threshold:>10.2f}{got['detection_recall']:>9.3f}{got['detection_recall_mask']:>8.3f}"
        f"{got['detection_recall_no_mask']:>8.3f}{got['detection_precision']:>11.3f}"
        f"{got['detection_f1']:>8.3f}{tiny['detection_recall']:>9.3f}"
    )


def installed_detector(
    name: str, root: Path, parts: list[str]
) -> Iterator[tuple[StoredModel, list[Scene]]]:
    """An installed detector and the scenes of some parts."""
    divided = split_scenes(read_scenes(root))
    yield load_model(name), [scene for part in parts for scene in divided[part]]


def fold_detectors(runs: list[Path], root: Path) -> Iterator[tuple[StoredModel, list[Scene]]]:
    """The detector of each run and the scenes that validated it."""
    # TensorFlow, which takes seconds to import, has no part in the other way.
    from training.detector.config import DetectorConfig
    from training.detector.export import load_detector_network
    from training.detector.fit import scene_parts
    from training.export import to_litert

    card = load_model("fcos").card
    seen: set[int] = set()
    for run in runs:
        config = replace(DetectorConfig.load(run), data=str(root))
        if config.folds < 2 or config.fold in seen:
            raise SystemExit(f"{run.name} is not of a fold, or of one already asked about.")
        seen.add(config.fold)
        content = to_litert(load_detector_network(run))
        yield StoredModel(run.name, card, content), scene_parts(config)["validation"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, type=Path)
    parser.add_argument("--detector-model", default="fcos")
    parser.add_argument("--parts", nargs="+", default=["validation"])
    parser.add_argument("--runs", nargs="+", type=Path, help="of folds")
    options = parser.parse_args()
    if options.runs:
        detectors = list(fold_detectors(options.runs, options.scenes))
    else:
        detectors = list(installed_detector(options.detector_model, options.scenes, options.parts))
    scenes = [scene for _, its_scenes in detectors for scene in its_scenes]
    images = {scene.image_path: read_image(scene.image_path) for scene in scenes}
    print(f"{len(scenes)} scenes")
    for sides, mirrored_side, enlarge in CANDIDATES:
        settings = FcosSettings(
            photo_sides=sides,
            mirrored_side=mirrored_side,
            enlarge=enlarge,
            score_threshold=THRESHOLDS[0],
        )
        found = []
        start = time.perf_counter()
        for model, its_scenes in detectors:
            detector = FcosDetector(model, settings=settings)
            found += [detector.detect(images[scene.image_path]) for scene in its_scenes]
        each_ms = (time.perf_counter() - start) / len(scenes) * 1000
        print(
            f"\nworking sizes {sides}, mirrored {mirrored_side}, enlarged {enlarge} times at"
            f" most: {each_ms:.1f} ms a photo"
        )
        print(" threshold   recall    mask    bare  precision      F1  16-32px")
        for threshold in THRESHOLDS:
            print(row(scenes, found, threshold))


if __name__ == "__main__":
    main()
