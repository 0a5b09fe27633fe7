"""Judging photos that somebody brings to measure a model on. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification import LiteRtClassifier
from maskcore.errors import ImageError, MasklensError
from maskcore.images import read_image
from maskcore.types import Box
from training.annotated.scenes import SMALLEST_MEASURED, Scene, SceneFace, read_scenes
from training.classifier.parts import judged_report
from training.config import DATA_FILE
from training.job_files import read_values, run_of_model
from training.measuring.own_files import OwnFiles
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import photo_files
from training.photos.face_cut import largest_face, shown
from training.photos.intake import content_hash, hash_in_name

_BATCH = 32
# More faces in a photo would take long, a larger one much memory.
_MAX_FACES, _MAX_SIDE = 1_000, 10_000
# Pixels of all squares cut out of a photo: people beside one another fill the largest photo twice
# at most.
_MAX_CUT = 2 * _MAX_SIDE**2


@dataclass(frozen=True)
class JudgedPhoto:
    """One photo or face: its name, 1 (mask) or 0, the probability of a mask, where it is."""

    path: str
    label: int
    mask_probability: float
    file: str
    box_xyxy: Box | None = None


def judge_photos(
    files: OwnFiles,
    classifier: LiteRtClassifier,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> tuple[list[JudgedPhoto], list[str]]:
    """Judge photos of the two class folders, each cut to its face, as in training.

    Args:
        files: the photos.
        classifier: the mask model.
        progress: told how many are done, of how many.

    Returns:
        The photos, and the names of those that cannot be read or were refused before.
    """
    found = [
        (_within(files.root, path), label)
        for label, folder in enumerate(CLASS_FOLDERS)
        for path in photo_files(files.root / folder)
    ]
    judged: list[JudgedPhoto] = []
    unreadable = list(files.refused)
    for start in range(0, len(found), _BATCH):
        progress(start, len(found))
        inputs: list[NDArray[np.float32]] = []
        good = []
        for path, label in found[start : start + _BATCH]:
            try:
                image = read_image(files.root / path)
            except ImageError:
                unreadable.append(files.name_of(path))
                continue
            inputs.append(shown(image, largest_face(image), classifier.input_spec))
            good.append((path, label))
        if good:
            answers = classifier.classify_inputs(np.concatenate(inputs))
            judged += [
                JudgedPhoto(files.name_of(path), label, float(answer), path)
                for (path, label), answer in zip(good, answers, strict=True)
            ]
    return judged, unreadable


def read_own_scenes(files: OwnFiles) -> tuple[list[Scene], list[str]]:
    """The annotated photos that can be read, and the names of the others.

    Raises:
        MasklensError: an annotation cannot be understood, its box lies far off the photo or is
            too large, or there are too many faces in a photo, or too large ones together.
    """
    try:
        annotated = read_scenes(files.root)
    except MasklensError as error:
        sentence = str(error)
        for place, name in files.names.items():
            sentence = sentence.replace(place, name)
        raise MasklensError(sentence) from error
    scenes, unreadable = [], list(files.refused)
    for scene in annotated:
        name = files.name_of(_within(files.root, scene.image_path))
        try:
            height, width = read_image(scene.image_path).shape[:2]
        except ImageError:
            unreadable.append(name)
            continue
        if len(scene.faces) > _MAX_FACES:
            raise MasklensError(
                f"{len(scene.faces):,} faces are annotated in the photo {name}; at most"
                f" {_MAX_FACES:,} are accepted. Annotate fewer, or take the photo away."
            )
        if not all(_near(face.box_xyxy, width, height) for face in scene.faces):
            raise MasklensError(
                f"The box of a face lies far off the photo {name}. Pascal VOC counts in pixels,"
                " YOLO in shares of the photo's width and height, 0 to 1."
            )
        # A square of the longer side is cut out, however flat the box is.
        if any(face.longer_side > _MAX_SIDE for face in scene.faces):
            raise MasklensError(
                f"The box of a face in the photo {name} is more than {_MAX_SIDE:,} pixels wide or"
                " high. Correct the box, or take the photo away."
            )
        if sum(face.longer_side**2 for face in scene.faces) > _MAX_CUT:
            raise MasklensError(
                f"The boxes of faces in the photo {name} are too large together. Correct them, or"
                " take the photo away."
            )
        scenes.append(Scene(scene.image_path, tuple(_to_tenths(face) for face in scene.faces)))
    return scenes, unreadable


def _to_tenths(face: SceneFace) -> SceneFace:
    """A face with the edges of its box in tenths of a pixel.

    YOLO's shares have few digits: of 32 pixels they make 31.9998, which would be too small.
    """
    x0, y0, x1, y1 = (round(edge, 1) for edge in face.box_xyxy)
    return replace(face, box_xyxy=(x0, y0, x1, y1))


def _near(box: Box, width: int, height: int) -> bool:
    """Whether a box reaches beyond its photo by no more than the photo's own size."""
    x0, y0, x1, y1 = box
    return -width <= x0 <= x1 <= 2 * width and -height <= y0 <= y1 <= 2 * height


def judge_faces(
    files: OwnFiles,
    scenes: Iterable[Scene],
    classifier: LiteRtClassifier,
    on_scene: Callable[[int], None] = lambda done: None,
) -> list[JudgedPhoto]:
    """Judge annotated faces of ``SMALLEST_MEASURED`` pixels and more, cut out as when served."""
    judged = []
    for done, scene in enumerate(scenes):
        on_scene(done)
        faces = scene.faces_from(SMALLEST_MEASURED)
        if not faces:
            continue
        boxes = [box for _, box, _ in faces]
        answers = classifier.mask_probabilities(read_image(scene.image_path), boxes)
        file = _within(files.root, scene.image_path)
        judged += [
            JudgedPhoto(f"{files.name_of(file)}, face {number}", label, float(answer), file, box)
            for (number, box, label), answer in zip(faces, answers, strict=True)
        ]
    return judged


def _too_small(face: SceneFace) -> bool:
    return face.longer_side < SMALLEST_MEASURED


def left_out(scenes: Iterable[Scene]) -> tuple[int, int]:
    """How many annotated faces ``judge_faces`` leaves out.

    Returns:
        Those below ``SMALLEST_MEASURED`` pixels, and of the others those whose mask is worn
        wrongly.
    """
    faces = [face for scene in scenes for face in scene.faces]
    small = sum(_too_small(face) for face in faces)
    return small, sum(face.label is None and not _too_small(face) for face in faces)


def learned_from(judged: Sequence[JudgedPhoto], root: Path, model: str) -> int:
    """How many photos or faces are of files that an installed model's run learned from.

    Known only where the run is still here and its photos were taken in under names of our own.

    Args:
        judged: as they were judged.
        root: the folder of their files.
        model: its name.
    """
    learned = _learned_hashes(model)
    files = {photo.file for photo in judged} if learned else set()
    known = {file for file in files if content_hash((root / file).read_bytes()) in learned}
    return sum(photo.file in known for photo in judged)


def _learned_hashes(model: str) -> set[str]:
    run = run_of_model(model)
    data = (read_values(run / DATA_FILE) if run else None) or {}
    try:
        return {hash_in_name(name) for name in data["parts"]["train"]["paths"]} - {""}
    except (LookupError, TypeError):  # none, or damaged
        return set()


def _within(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def own_report(
    judged: list[JudgedPhoto], model: str, threshold: float, data: str, created: str
) -> dict[str, Any]:
    """A report as ``training.classifier.evaluate`` writes it, of one part named "given".

    Raises:
        MasklensError: there is no photo.
    """
    if not judged:
        raise MasklensError(
            "There is nothing to measure on: no photo could be read, or no annotated face has"
            f" {SMALLEST_MEASURED:.0f} pixels."
        )
    given = judged_report(
        [photo.path for photo in judged],
        np.array([photo.label for photo in judged], np.int64),
        np.array([photo.mask_probability for photo in judged]),
        threshold,
    )
    return {
        "model": model,
        "data": data,
        "created": created,
        "command": "",
        "parts": {"given": given},
    }
