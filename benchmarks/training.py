"""How fast a classifier is trained from the Training page, against the usual way, in one run.

The usual way, as mask-detection projects have it: each epoch decodes every photo and runs
the frozen base over it, whole. Ours reads each photo once, finds and cuts out its face, and
computes its features once. Also measured: from submitting a run to its first event, and a
recorded set of 2 x 50 frames from submitting to an installable model.

    python -m benchmarks.training [--data DIR] [--epochs 10] [--small] [--json FILE]

Without --data photos are made from the portrait that scikit-image ships. Starting weights
are those of the installed MobileNetV2, so that nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import skimage
from PIL import Image

from maskcore import read_image
from maskcore.classification.preprocess import resize
from maskcore.files import write_json
from maskcore.network_input import normalise
from training.background import control, jobs
from training.classifier.architectures import build_base, build_head, input_spec, join
from training.classifier.installed_backbone import load_folded
from training.classifier.starting_weights import convolutions_of, installed_model
from training.config import TrainConfig
from training.events import FEATURES, READING, TRAINED, read_events
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import divide, read_dataset
from training.photos.face_cut import whole_photo


class DecodedEachTime(keras.utils.PyDataset):
    """Photos read from their files whenever they are asked for."""

    def __init__(self, paths: list[Path], labels: np.ndarray, config: TrainConfig) -> None:
        super().__init__(workers=2, max_queue_size=8)
        self._paths, self._labels, self._config = paths, labels, config

    def __len__(self) -> int:
        return math.ceil(len(self._paths) / self._config.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size = self._config.batch_size
        chosen = slice(index * size, (index + 1) * size)
        pixels = [resize(read_image(path), self._config.image_size) for path in self._paths[chosen]]
        return normalise(np.stack(pixels), input_spec(self._config)), self._labels[chosen]


def usual_way(config: TrainConfig) -> float:
    """Seconds to fit with the base run in every epoch, data divided beforehand."""
    dataset = read_dataset(Path(config.data), config.image_size, find_face=whole_photo)
    parts = divide(dataset, config)
    base = build_base(config, load_weights=False)
    load_folded(base, convolutions_of(installed_model(config.architecture)))
    base.trainable = False
    network = join(base, build_head(config, base.output_shape[1:]))
    network.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    train, validation = (
        DecodedEachTime(
            [dataset.root / dataset.paths[i] for i in parts[part]],
            dataset.labels[parts[part]],
            config,
        )
        for part in ("train", "validation")
    )
    started = time.perf_counter()
    network.fit(train, validation_data=validation, epochs=config.epochs, verbose=0)
    return time.perf_counter() - started


def submitted(config: TrainConfig) -> dict[str, float]:
    """Seconds from submitting a run to its first event, its weights and its end."""
    started = time.time()
    job = control.submit(config)
    returned = time.time() - started
    while (job := jobs.job(job.id)).is_active:
        time.sleep(0.2)
    if job.state != jobs.State.FINISHED:
        raise SystemExit(job.problem)
    events = read_events(job.folder)
    at = {event["stage"]: event["time"] for event in reversed(events)}
    return {
        "submit returns": returned,
        "first event": events[0]["time"] - started,
        "photos being read": at[READING] - started,
        "features begun": at[FEATURES] - started,
        "fit": at[TRAINED] - at[READING],
        "all": events[-1]["time"] - started,
    }


def made_photos(root: Path, a_class: int, shake: float = 0.25) -> Path:
    """Faces cut from a portrait, each a little different, half of them with a painted mask."""
    head = read_image(Path(skimage.__file__).parent / "data" / "astronaut.png")[10:230, 120:340]
    rng = np.random.default_rng(0)
    for label, folder in enumerate(CLASS_FOLDERS):
        (root / folder).mkdir(parents=True)
        for number in range(a_class):
            image = head.copy()
            if label:
                cv2.ellipse(image, (108, 150), (52, 45), 0, 0, 360, (120, 170, 220), -1)
            corners = np.float32([[0, 0], [219, 0], [0, 219]])
            moved = corners + rng.uniform(-1, 1, (3, 2)).astype(np.float32) * 219 * shake
            image = cv2.warpAffine(image, cv2.getAffineTransform(corners, moved), (220, 220))
            noisy = image * rng.uniform(0.6, 1.2) + rng.normal(0, 6, image.shape)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(
                root / folder / f"{number:05d}.jpg", quality=90
            )
    return root


def main() -> None:
    """Measure and print; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, help="with_mask/ and without_mask/")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--small", action="store_true", help="a quick check of the script alone")
    parser.add_argument("--json", type=Path, help="file to write")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MASKLENS_RUNS"] = str(Path(folder) / "runs")
        a_class = 40 if options.small else 2000
        data = options.data or made_photos(Path(folder) / "photos", a_class)
        config = TrainConfig(
            str(data),
            backbone_weights="installed",
            epochs=2 if options.small else options.epochs,
            image_size=96 if options.small else 128,
            augmented_views=0,
            # Photos made of one portrait all look alike to a perceptual hash.
            split_by="likeness" if options.data else "time",
        )
        results["ours, seconds"] = ours = submitted(config)
        results["usual way, seconds"] = usual = usual_way(config)
        results["times faster"] = usual / ours["fit"]
        recorded = made_photos(Path(folder) / "recorded", 25 if options.small else 50, shake=0.05)
        results["recorded, seconds"] = submitted(
            TrainConfig(str(recorded), backbone_weights="installed", split_by="time")
        )
        results["cores"] = os.cpu_count()
    print(json.dumps(results, indent=1))
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
