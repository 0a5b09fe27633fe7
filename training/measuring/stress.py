"""The stress card: how a classifier fares on spoiled pictures of its test part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification import InputSpec, LiteRtClassifier
from maskcore.classification.preprocess import crop_square, resize
from maskcore.files import write_json
from maskcore.models import read_report
from maskcore.network_input import normalise
from maskcore.types import Box, ImageRgb
from training.classifier.parts import report_photos
from training.measuring.changes import CHANGES, Change
from training.metrics import share
from training.photos.face_cut import face_box
from training.provenance import provenance

SEED = 0


def stress(name: str, data: Path, out: Path, command: str) -> dict[str, Any]:
    """Measure an installed model under every change and write the card.

    Args:
        name: the model's name.
        data: the folder that the photos of its report are in.
        out: JSON file to write.
        command: the command line, for the card.

    Returns:
        JSON values: model, part, seed, count; "rows", see ``rows``.

    Raises:
        MasklensError: the model is not installed, or its photos are not in the folder.
    """
    classifier = LiteRtClassifier.load(name)
    photos = report_photos(read_report(name), data, "test")
    answers = np.array([judge(classifier, photos.read(i), i) for i in range(len(photos))])
    card = {
        "model": name,
        "data": data.name,
        "part": "test",
        **provenance(command),
        "seed": SEED,
        "count": len(photos),
        "rows": rows(photos.labels, answers >= classifier.threshold),
    }
    write_json(out, card)
    return card


def judge(classifier: LiteRtClassifier, photo: ImageRgb, number: int) -> NDArray[np.float32]:
    """Mask probabilities, 0..1, of a photo's face under each of ``CHANGES``.

    Args:
        classifier: the model.
        photo: uint8 (H, W, 3).
        number: of the photo; chance is the same for all changes and on every run.
    """
    spec = classifier.input_spec
    box = face_box(photo, spec.crop_margin)
    squares = [
        spoiled(photo, box, change, spec, np.random.default_rng((SEED, number)))
        for change in CHANGES
    ]
    return classifier.classify_inputs(normalise(np.stack(squares), spec))


def spoiled(
    photo: ImageRgb, box: Box, change: Change, spec: InputSpec, rng: np.random.Generator
) -> ImageRgb:
    """A face cut as served, under one change, uint8 (size, size, 3)."""
    if change.on_photo:
        photo, box = change.on_photo(photo, box, rng)
    square = resize(crop_square(photo, box, spec.crop_margin), spec.size)
    if change.on_face:
        square = change.on_face(square, 1 / (1 + 2 * spec.crop_margin), rng)
    return square


def rows(labels: NDArray[np.int64], masked: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Count the answers.

    Args:
        labels: int (N,), 1 with a mask, 0 without.
        masked: bool (N, C), which were called "Mask" under each of ``CHANGES``.

    Returns:
        For each change: "change", "level", "accuracy", "recall_mask" and "recall_no_mask",
        shares with Wilson 95 % intervals and counts; where a change is for one class, of its
        faces only.
    """
    found = []
    for change, answers in zip(CHANGES, masked.T, strict=True):
        right = answers == labels
        of = {label: right[(labels == label) & (label in change.labels)] for label in (1, 0)}
        shares = {label: share(int(r.sum()), len(r)) for label, r in of.items()}
        hits = sum(s["hits"] for s in shares.values())
        count = sum(s["count"] for s in shares.values())
        found.append(
            {
                "change": change.name,
                "level": change.level,
                "accuracy": share(hits, count),
                "recall_mask": shares[1],
                "recall_no_mask": shares[0],
            }
        )
    return found
