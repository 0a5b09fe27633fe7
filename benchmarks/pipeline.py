"""How fast photos are analysed, against the usual way, in one run.

The usual way, as mask-detection projects have it: Haar's cascade at the same settings,
then ``keras.Model.predict`` for each face. Ours: the same cascade or the shipped
detector, then all faces in one LiteRT call. Pictures are made from the portrait that
scikit-image ships: 640x480 with 1, 5 and 20 faces.

    python -m benchmarks.pipeline [--json FILE] [--repeats 15]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import skimage

from maskcore import MaskPipeline, read_image
from maskcore.classification import LiteRtClassifier
from maskcore.files import write_json
from maskcore.network_input import InputSpec, normalise
from training.classifier.architectures import build_model
from training.config import TrainConfig

FACES = (1, 5, 20)
WIDTH, HEIGHT = 640, 480


def picture(faces: int) -> np.ndarray:
    """A 640x480 picture with this many frontal faces on grey, uint8 (480, 640, 3)."""
    portrait = read_image(Path(skimage.__file__).parent / "data" / "astronaut.png")
    head = portrait[20:220, 130:330]
    columns = {1: 1, 5: 3, 20: 5}[faces]
    side = min(WIDTH // columns, HEIGHT // -(-faces // columns), 240)
    canvas = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    small = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    for i in range(faces):
        x, y = i % columns * side, i // columns * side
        canvas[y : y + side, x : x + side] = small
    return canvas


class UsualWay:
    """Haar, then one Keras prediction a face."""

    def __init__(self) -> None:
        path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(path))
        # Time does not depend on what the weights are.
        self._model = build_model(TrainConfig(data="", backbone_weights="none"))
        self._spec = InputSpec()

    def detect(self, image: np.ndarray) -> Any:
        """Boxes as x, y, width, height."""
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return self._cascade.detectMultiScale(gray, 1.1, 5, minSize=(24, 24))

    def classify(self, image: np.ndarray, boxes: Any) -> list[float]:
        """One prediction a face."""
        answers = []
        for x, y, w, h in boxes:
            face = cv2.resize(image[y : y + h, x : x + w], (self._spec.size, self._spec.size))
            inputs = normalise(face[None], self._spec)
            answers.append(float(self._model.predict(inputs, verbose=0)[0, 0]))
        return answers


def median_ms(work: Callable[[], Any], repeats: int) -> float:
    """Median milliseconds of a piece of work, after two runs to warm up."""
    times = []
    for i in range(repeats + 2):
        start = time.perf_counter()
        work()
        if i >= 2:
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def measure(repeats: int) -> list[dict[str, Any]]:
    """One row for each number of faces; times in milliseconds."""
    keras.config.disable_interactive_logging()
    usual = UsualWay()
    haar = MaskPipeline.load("haar", live=True)
    live = MaskPipeline.load("fcos", live=True)
    photo = MaskPipeline.load("fcos")
    inception = LiteRtClassifier.load("inception_v3")
    rows = []
    for faces in FACES:
        image = picture(faces)
        boxes = usual.detect(image)
        found = haar.detector.detect(image)
        usual_classify = median_ms(lambda i=image, b=boxes: usual.classify(i, b), repeats)
        classify = median_ms(
            lambda i=image, f=found: haar.classifier.mask_probabilities(i, f.boxes_xyxy), repeats
        )
        classify_inception = median_ms(
            lambda i=image, f=found: inception.mask_probabilities(i, f.boxes_xyxy), repeats
        )
        usual_detect = median_ms(lambda i=image: usual.detect(i), repeats)
        row = {
            "faces": faces,
            "found_haar": len(found),
            "found_fcos_live": len(live.detector.detect(image)),
            "usual_detect_ms": usual_detect,
            "usual_classify_ms": usual_classify,
            "haar_detect_ms": median_ms(lambda i=image: haar.detector.detect(i), repeats),
            "classify_ms": classify,
            "classify_inception_ms": classify_inception,
            "fcos_live_total_ms": median_ms(lambda i=image: live.analyze(i), repeats),
            "fcos_photo_total_ms": median_ms(lambda i=image: photo.analyze(i), repeats),
            "classify_times_faster": usual_classify / classify,
        }
        total = usual_detect + usual_classify
        row["live_times_faster"] = total / row["fcos_live_total_ms"]
        rows.append({key: round(value, 2) for key, value in row.items()})
    return rows


def main() -> None:
    """Print a table, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    rows = measure(options.repeats)
    for name in rows[0]:
        print(f"{name:<24}" + "".join(f"{row[name]:>12}" for row in rows))
    if options.json:
        write_json(options.json, {"cores": os.cpu_count(), "rows": rows})


if __name__ == "__main__":
    main()
