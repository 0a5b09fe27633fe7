"""In how many close-ups a detector finds a face, on a part of data/masks.

The division is the one by which close-ups train the classifier and the detector.

    python -m benchmarks.close_ups --masks MASKS_DIR [--detectors fcos yunet haar] [--part test]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from maskcore import read_image
from maskcore.detection import DETECTOR_NAMES, load_detector
from training.config import TrainConfig
from training.metrics import share
from training.photos.data import divide, read_dataset
from training.photos.face_cut import whole_photo


def main() -> None:
    """Print one line for each detector and class."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument(
        "--detectors", nargs="+", choices=DETECTOR_NAMES, default=["fcos", "yunet", "haar"]
    )
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    # For the division alone.
    dataset = read_dataset(options.masks, image_size=1, find_face=whole_photo)
    members = divide(dataset, TrainConfig(data=str(options.masks)))[options.part]
    for name in options.detectors:
        detector = load_detector(name)
        for label, called in ((1, "mask"), (0, "bare")):
            paths = [
                options.masks / dataset.paths[i] for i in members if dataset.labels[i] == label
            ]
            found = sum(len(detector.detect(read_image(path))) > 0 for path in paths)
            figure = share(found, len(paths))
            low, high = figure["interval"]
            print(
                f"{name:<10}{called:<6}{found} of {len(paths)} = {figure['value']:.3f}"
                f" ({low:.3f}-{high:.3f})"
            )


if __name__ == "__main__":
    main()
