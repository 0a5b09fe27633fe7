"""Annotated scenes: photos with a box and a class for every face."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from maskcore.classification import InputSpec, LiteRtClassifier, preprocess
from maskcore.errors import ImageError, MasklensError
from maskcore.images import read_image
from maskcore.types import Box, longer_side
from training.class_names import KNOWN, face_label
from training.data import in_threads
from training.likeness import group_near_duplicates, photo_hashes
from training.metrics import classification_figures
from training.splits import split
from training.yolo_names import class_names


@dataclass(frozen=True)
class SceneFace:
    """One annotated face: its box in pixels and 1 (mask), 0 (no mask) or None (neither)."""

    box_xyxy: Box
    label: int | None

    @property
    def longer_side(self) -> float:
        """Pixels."""
        return longer_side(self.box_xyxy)


@dataclass(frozen=True)
class Scene:
    """One annotated photo."""

    image_path: Path
    faces: tuple[SceneFace, ...]


def read_scenes(root: Path) -> list[Scene]:
    """Read annotated photos: ``root/images`` and beside it, under the same file names,

    - Pascal VOC: ``root/annotations/*.xml``, and
    - YOLO: ``root/labels/*.txt`` (class number, centre x and y, width and height as
      shares of the photo's) and ``root/classes.txt`` with the classes' names in order, or
      ``root/data.yaml``; see ``training.yolo_names``.

    Of a photo that has both, Pascal VOC's is read. A class may have any name that
    ``training.class_names.face_label`` knows.

    Returns:
        Scenes, sorted by name, those of Pascal VOC before those of YOLO.

    Raises:
        MasklensError: no annotations, an unknown class, or a photo missing.
    """
    voc = sorted((root / "annotations").glob("*.xml"))
    passed_over = {path.stem for path in voc} | {"classes"}
    yolo = sorted(path for path in (root / "labels").glob("*.txt") if path.stem not in passed_over)
    if not voc and not yolo:
        raise MasklensError(
            "No annotations were found: the folder must hold annotations/*.xml (Pascal VOC) or"
            " labels/*.txt and classes.txt or data.yaml (YOLO)."
        )
    images = {path.stem: path for path in sorted((root / "images").glob("*"))}
    classes = class_names(root) if yolo else []
    scenes = []
    for path in [*voc, *yolo]:
        is_voc = path.suffix.lower() == ".xml"
        if path.stem not in images:
            raise MasklensError(f"images/ has no photo for {path.parent.name}/{path.name}.")
        try:
            found = _voc_faces(path) if is_voc else _yolo_faces(path, classes, images[path.stem])
            faces = tuple(found)
        except (ET.ParseError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A KeyError is a class that is not known; its name may be long or of several lines.
            named = str(error.args[0]) if isinstance(error, KeyError) else ""
            got = f'; its class "{" ".join(named.split())[:60]}" is not known' if named else ""
            raise MasklensError(
                f"{path.parent.name}/{path.name} is not a {'Pascal VOC' if is_voc else 'YOLO'} file"
                f" with the classes {KNOWN}{got}."
            ) from error
        scenes.append(Scene(images[path.stem], faces))
    return scenes


def _voc_faces(path: Path) -> Iterator[SceneFace]:
    for obj in ET.parse(path).iter("object"):
        bounds = obj.find("bndbox")
        x0, y0, x1, y1 = (float(bounds.find(k).text) for k in ("xmin", "ymin", "xmax", "ymax"))  # type: ignore[union-attr,arg-type]
        yield SceneFace((x0, y0, x1, y1), face_label(obj.find("name").text))  # type: ignore[union-attr]


def _yolo_faces(path: Path, classes: list[str], image_path: Path) -> Iterator[SceneFace]:
    try:
        height, width = read_image(image_path).shape[:2]
    except ImageError:  # shares of nothing: whoever looks at the photo says what is wrong
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            number, x, y, w, h = line.split()
            if int(number) < 0:  # Python would count from the end
                raise ValueError(f"class number must be 0 or more, got {number}")
            box = (
                (float(x) - float(w) / 2) * width,
                (float(y) - float(h) / 2) * height,
                (float(x) + float(w) / 2) * width,
                (float(y) + float(h) / 2) * height,
            )
            yield SceneFace(box, face_label(classes[int(number)]))


def split_scenes(scenes: list[Scene], seed: int = 0) -> dict[str, list[Scene]]:
    """Divide scenes into train (80 %), validation (10 %) and test (10 %).

    Photos that look alike stay together, and scenes with a bare face, which are few, are
    spread evenly. The division depends on the photos and the seed alone: whatever
    command tunes on one part leaves the same test part untouched.
    """
    parts = _split(scenes, _hashes(scenes), seed)
    return {name: [scenes[i] for i in members] for name, members in parts.items()}


def fold_scenes(
    scenes: list[Scene], folds: int, fold: int, seed: int = 0
) -> dict[str, list[Scene]]:
    """Divide scenes anew into train and validation; the test part is that of ``split_scenes``.

    Args:
        scenes: the photos.
        folds: in how many alike folds training and validation scenes together are divided;
            with 1, all of them are in both parts, with 0 they stay as they are.
        fold: which of them is the validation part, from 0; the others train.
        seed: of both divisions.

    Raises:
        MasklensError: too few scenes for so many folds.
    """
    return all_folds(scenes, folds, seed)[fold]


def all_folds(scenes: list[Scene], folds: int, seed: int = 0) -> list[dict[str, list[Scene]]]:
    """The divisions of ``fold_scenes``, fold by fold; one where there are none or one."""
    hashes = _hashes(scenes)
    parts = _split(scenes, hashes, seed)
    kept = np.concatenate([parts["train"], parts["validation"]])
    divisions = [(kept, kept) if folds else (parts["train"], parts["validation"])]
    if folds > 1:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        bare = _with_bare_face(scenes)[kept]
        try:
            divided = list(splitter.split(kept, bare, _groups(hashes[kept])))
        except ValueError as error:
            raise MasklensError(
                f"Too few scenes for {folds} folds: each needs one with and one without a bare"
                " face."
            ) from error
        divisions = [(kept[train], kept[validation]) for train, validation in divided]
    return [
        {
            name: [scenes[i] for i in members]
            for name, members in (("train", train), ("validation", held), ("test", parts["test"]))
        }
        for train, held in divisions
    ]


def _split(
    scenes: list[Scene], hashes: NDArray[np.bool_], seed: int
) -> dict[str, NDArray[np.int64]]:
    return split(
        _with_bare_face(scenes), _groups(hashes), validation_share=0.1, test_share=0.1, seed=seed
    )


def _hashes(scenes: list[Scene]) -> NDArray[np.bool_]:
    """``photo_hashes`` of each scene, bool (N, 2, 64)."""
    return np.stack(list(in_threads(lambda s: photo_hashes(read_image(s.image_path)), scenes)))


def _groups(hashes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Scenes that look alike share a number, int (N,)."""
    return group_near_duplicates(hashes)[0]


def _with_bare_face(scenes: list[Scene]) -> NDArray[np.int64]:
    return np.array([any(face.label == 0 for face in scene.faces) for scene in scenes], np.int64)


def face_probabilities(
    asked: Iterable[tuple[LiteRtClassifier, Sequence[Scene]]], crop_margin: float, min_side: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Judge the annotated faces, whoever would have found them.

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
        spec = InputSpec(**{**classifier.input_spec.to_card(), "crop_margin": crop_margin})
        faces = [f for f in scene.faces if f.label is not None and f.longer_side >= min_side]
        if faces:
            boxes = [face.box_xyxy for face in faces]
            inputs = preprocess(read_image(scene.image_path), boxes, spec)
            probabilities.append(classifier.classify_inputs(inputs))
            labels += [face.label for face in faces if face.label is not None]
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
