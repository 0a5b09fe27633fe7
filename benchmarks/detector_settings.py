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

Scenes are small photos. With ``--put-together 2`` four of a part at a time make one of twice
their side, with ``4`` sixteen: how faces of the same size are found in larger photos.
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
from maskcore.types import Detections, Face, ImageRgb
from training.annotated.scene_parts import scenes_of_parts
from training.annotated.scene_report import count, figures, match
from training.annotated.scenes import Scene, read_scenes

THRESHOLDS = (0.35, 0.38, 0.41, 0.43, 0.46, 0.5, 0.55, 0.6, 0.65, 0.7)
# Working sizes for photos, those in the mirror, and how far photos are enlarged.
CANDIDATES = (
    ((256,), (), 1.0),
    ((320,), (), 1.0),
    ((384,), (), 1.0),
    ((512,), (), 1.5),
    ((320,), (384,), 1.0),
    ((384,), (320,), 1.0),
    ((384,), (384,), 1.0),
    ((384,), (448,), 1.0),
    ((320, 768, 1536, 4096), (384,), 1.0),
    ((320, 768, 1536, 4096), (384, 768), 1.0),
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


def put_together(scenes: list[Scene], side: int) -> list[tuple[ImageRgb, Scene]]:
    """Photos with their faces, or ``side`` x ``side`` of them at a time, drawn by chance, as one.

    What is left over is not used.
    """
    if side == 1:
        return [(read_image(scene.image_path), scene) for scene in scenes]
    order = np.random.default_rng(0).permutation(len(scenes))
    made = []
    for start in range(0, len(scenes) - side * side + 1, side * side):
        chosen = [scenes[i] for i in order[start : start + side * side]]
        images = [read_image(scene.image_path) for scene in chosen]
        cell = max(max(image.shape[:2]) for image in images)
        canvas = np.full((side * cell, side * cell, 3), 128, np.uint8)
        faces = []
        for number, (image, scene) in enumerate(zip(images, chosen, strict=True)):
            y, x = (cell * place for place in divmod(number, side))
            canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
            for face in scene.faces:
                x0, y0, x1, y1 = face.box_xyxy
                faces.append(replace(face, box_xyxy=(x0 + x, y0 + y, x1 + x, y1 + y)))
        made.append((canvas, replace(chosen[0], faces=tuple(faces))))
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, type=Path)
    parser.add_argument("--detector-model", default="fcos")
    parser.add_argument("--parts", nargs="+", default=["validation"])
    parser.add_argument("--runs", nargs="+", type=Path, help="of folds")
    parser.add_argument("--put-together", type=int, default=1, metavar="SIDE")
    options = parser.parse_args()
    scenes = read_scenes(options.scenes)
    if options.runs:
        from training.measuring.folds import fold_detectors  # brings TensorFlow along

        detectors = list(fold_detectors(options.runs, scenes))
    else:
        installed = load_model(options.detector_model)
        detectors = [(installed, scenes_of_parts(scenes, options.parts, [installed.card]))]
    photos = [(model, put_together(scenes, options.put_together)) for model, scenes in detectors]
    asked = [scene for _, its_photos in photos for _, scene in its_photos]
    print(f"{len(asked)} photos")
    for sides, mirrored_sides, enlarge in CANDIDATES:
        settings = FcosSettings(
            photo_sides=sides,
            mirrored_sides=mirrored_sides,
            enlarge=enlarge,
            score_threshold=THRESHOLDS[0],
        )
        found = []
        start = time.perf_counter()
        for model, its_photos in photos:
            detector = FcosDetector(model, settings=settings)
            found += [detector.detect(image) for image, _ in its_photos]
        each_ms = (time.perf_counter() - start) / len(asked) * 1000
        print(
            f"\nworking sizes {sides}, mirrored {mirrored_sides}, enlarged {enlarge} times at"
            f" most: {each_ms:.1f} ms a photo"
        )
        print(" threshold   recall    mask    bare  precision      F1  16-32px")
        for threshold in THRESHOLDS:
            print(row(asked, found, threshold))


if __name__ == "__main__":
    main()
