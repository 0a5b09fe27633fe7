"""Judging the annotated faces of scenes, whoever would have found them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification import LiteRtClassifier, preprocess
from maskcore.errors import MasklensError
from maskcore.images import read_image
from training.annotated.scenes import Scene
from training.metrics import classification_figures


def face_probabilities(
    asked: Iterable[tuple[LiteRtClassifier, Sequence[Scene]]], crop_margin: float, min_side: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ask models about the annotated faces.

    Args:
        asked: a model and the photos that it is asked about; several where none of them may
            be asked about all.
        crop_margin: used instead of the one in the model's card.
        min_side: faces with a shorter longer side, in pixels, are left out.

    Returns:
        N labels, 1 with a mask, 0 without, and N probabilities of a mask, 0..1.

    Raises:
        MasklensError: no face is left.
    """
    labels: list[int] = []
    probabilities = [np.zeros(0, np.float32)]
    for classifier, scene in ((model, scene) for model, scenes in asked for scene in scenes):
        spec = replace(classifier.input_spec, crop_margin=crop_margin)
        faces = scene.faces_from(min_side)
        if faces:
            boxes = [box for _, box, _ in faces]
            inputs = preprocess(read_image(scene.image_path), boxes, spec)
            probabilities.append(classifier.classify_inputs(inputs))
            labels += [label for _, _, label in faces]
    if not labels:
        raise MasklensError(f"These scenes hold no face of at least {min_side:g} pixels.")
    return np.array(labels, np.int64), np.concatenate(probabilities)


def evaluate_faces(
    asked: Sequence[tuple[LiteRtClassifier, Sequence[Scene]]], crop_margin: float, min_side: float
) -> dict[str, Any]:
    """Measure a classifier on the annotated faces; see ``face_probabilities``.

    Returns:
        ``classification_figures`` at the threshold that all of ``asked`` have.
    """
    labels, probabilities = face_probabilities(asked, crop_margin, min_side)
    return classification_figures(labels, probabilities, asked[0][0].threshold)
