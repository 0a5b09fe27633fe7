"""The photos that a run or a report names, read again without grouping or dividing anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.errors import MasklensError
from maskcore.images import read_image
from maskcore.network_input import InputSpec
from maskcore.types import Box, ImageRgb
from training.config import DATA_FILE
from training.metrics import classification_figures
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import folder_label, in_threads
from training.photos.face_cut import largest_face, shown


@dataclass(frozen=True)
class Photos:
    """Some photos of a data folder.

    Attributes:
        root: the folder that holds the class folders.
        paths: N file names relative to ``root``, with forward slashes.
        relabelled: of photos whose folder is wrong, the class folder they belong in.
        boxes: by file name, where their faces were found, in pixels, None for nowhere; in
            others they are looked for.
    """

    root: Path
    paths: tuple[str, ...]
    relabelled: Mapping[str, str] = field(default_factory=dict)
    boxes: Mapping[str, Box | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def labels(self) -> NDArray[np.int64]:
        """int (N,), 1 with a mask, 0 without."""
        places = (self.relabelled.get(path, path) for path in self.paths)
        return np.array([folder_label(place) for place in places], np.int64)

    def read(self, index: int) -> ImageRgb:
        """One photo at its full size, uint8 (H, W, 3).

        Raises:
            MasklensError: it is not in the folder.
        """
        path = self.root / self.paths[index]
        if not path.is_file():
            raise MasklensError(
                f"The data have changed since the run: {self.paths[index]} is gone. Put it back."
            )
        return read_image(path)

    def inputs(self, spec: InputSpec) -> NDArray[np.float32]:
        """All of them as a model's input, each cut to its face, float32 (N, S, S, 3)."""
        return np.concatenate(list(in_threads(lambda i: self._input(i, spec), range(len(self)))))

    def _input(self, index: int, spec: InputSpec) -> NDArray[np.float32]:
        photo, path = self.read(index), self.paths[index]
        box = self.boxes[path] if path in self.boxes else largest_face(photo)
        return shown(photo, box, spec)


def run_photos(run_dir: Path, root: Path, part: str) -> Photos:
    """The photos of a run's part, as the run wrote them down, not as they would fall now.

    Raises:
        MasklensError: the run does not say.
    """
    try:
        saved = json.loads((run_dir / DATA_FILE).read_text(encoding="utf-8"))
        paths = tuple(saved["parts"][part]["paths"])
        return Photos(root, paths, saved.get("relabelled", {}), saved.get("boxes", {}))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise MasklensError(
            f"{run_dir.name} does not say which photos it was trained on: its {DATA_FILE} cannot"
            " be read."
        ) from error


def report_photos(report: dict[str, Any], root: Path, part: str) -> Photos:
    """The photos of a part of an installed model's report.

    Raises:
        MasklensError: the report has no such part.
    """
    try:
        photos = report["parts"][part]["photos"]
        moved = {
            photo["path"]: photo["label"]
            for photo in photos
            if not photo["path"].startswith(f"{photo['label']}/")
        }
        return Photos(root, tuple(photo["path"] for photo in photos), moved)
    except (LookupError, TypeError) as error:
        raise MasklensError(
            f"The model's report does not name the photos of its {part} part. Evaluate its run"
            " and install it again."
        ) from error


def judged_report(
    paths: Sequence[str],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating[Any]],
    threshold: float,
) -> dict[str, Any]:
    """What a report says of photos or faces that a model has judged.

    Args:
        paths: N names.
        labels: int (N,), 1 with a mask, 0 without; N at least 1.
        probabilities: of a mask, 0..1, (N,).
        threshold: 0..1.

    Returns:
        ``classification_figures`` and, in "photos", every photo's probability to six digits.
    """
    # The figures are those of what is written down: whoever reads it computes them again.
    written = np.array([round(float(probability), 6) for probability in probabilities])
    return {
        **classification_figures(labels, written, threshold),
        "photos": [
            {
                "path": path,
                "label": CLASS_FOLDERS[label],
                "mask_probability": float(probability),
            }
            for path, label, probability in zip(paths, labels, written, strict=True)
        ],
    }
