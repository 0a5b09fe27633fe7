"""How the trained detector is best used: working sizes and score threshold, on validation scenes.

Prints, for each set of working sizes and each threshold, recall and precision on faces of
32 pixels and more, and recall on faces of 16 to 32. The settings chosen from this table go
into ``python -m training install-detector``.

    python -m benchmarks.detector_settings --scenes SCENES_DIR [--detector-model fcos]
        [--parts validation]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from maskcore import read_image
from maskcore.detection.fcos import FcosDetector, FcosSettings
from maskcore.models import load_model
from maskcore.types import Detections, Face
from training.scene_report import count, figures, match
from training.scenes import Scene, read_scenes, split_scenes

THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
CANDIDATES = (
    ((224,), 1.0),
    ((256,), 1.0),
    ((288,), 1.0),
    ((320,), 1.0),
    ((352,), 1.0),
    ((384,), 1.0),
    ((384, 768, 1536, 3072), 1.0),
    ((416,), 1.0),
    ((416,), 1.5),
    ((512,), 1.5),
    ((640,), 2.0),
    ((320, 640), 2.0),
    ((416, 832), 2.0),
    ((416, 832), 1.0),
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, type=Path)
    parser.add_argument("--detector-model", default="fcos")
    parser.add_argument("--parts", nargs="+", default=["validation"])
    options = parser.parse_args()
    divided = split_scenes(read_scenes(options.scenes))
    scenes = [scene for part in options.parts for scene in divided[part]]
    images = [read_image(scene.image_path) for scene in scenes]
    model = load_model(options.detector_model)
    for sides, enlarge in CANDIDATES:
        settings = replace(
            FcosSettings(), photo_sides=sides, enlarge=enlarge, score_threshold=THRESHOLDS[0]
        )
        detector = FcosDetector(model, settings=settings)
        start = time.perf_counter()
        found = [detector.detect(image) for image in images]
        each_ms = (time.perf_counter() - start) / len(images) * 1000
        print(
            f"\nworking sizes {sides}, enlarged {enlarge} times at most: {each_ms:.1f} ms a photo"
        )
        print(" threshold   recall    mask    bare  precision      F1  16-32px")
        for threshold in THRESHOLDS:
            print(row(scenes, found, threshold))


if __name__ == "__main__":
    main()
