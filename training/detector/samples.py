"""The detector's training pictures: crops of scenes and close-ups, changed by chance."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from maskcore.boxes import longer_sides
from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training.annotated.faces import read_boxes
from training.annotated.scenes import Scene
from training.classifier.augment import degrade
from training.config import TrainConfig
from training.detector.crop_changes import cover_part, lend_face, turn
from training.detector.crops import SMALLEST, Boxes, Crop, Sample, crop_anywhere, crop_around
from training.photos.class_names import CLASS_FOLDERS
from training.photos.data import divide, read_dataset
from training.photos.face_cut import whole_photo

# The scenes' annotators drew their boxes lower than YuNet draws them: so far from its edges, in
# shares of its box's width and height, lie theirs (medians over 412 faces of the training scenes
# that both have boxed): left, top, right, bottom.
_ANNOTATORS_EDGES = (0.0, 0.19, 0.03, 0.08)
# Sides, in pixels of the crop, to which a chosen face is brought.
SCENE_SIDES, CLOSE_UP_SIDES = (12.0, 180.0), (20.0, 250.0)
# Of the crops of scenes this share is of a place beside a face, mostly without any; where there
# are photos without faces, so many of these are of them.
BESIDE_SHARE, FACELESS_SHARE = 0.15, 0.5
# In this share of the scenes faces of close-ups take the places of others: scenes have few
# bare faces, and a detector soon knows them all. The same is why close-ups are mostly laid
# over a crop of a scene instead of a plain colour.
LENT_SHARE, LENT_BARE_SHARE = 0.4, 0.75
LAID_OVER_SHARE = 0.7
# This share of the pictures is made of several.
GROUP_SHARE = 0.15
# Faces of so many pixels and more are aimed at twice as often as smaller ones.
LARGE = 24.0
# This share of the crops is turned, by degrees of this standard deviation.
TURNED_SHARE, TURN_DEGREES = 0.4, 10.0


def scene_samples(scenes: list[Scene]) -> list[Sample]:
    """Annotated scenes as samples; a mask worn incorrectly is a face like others."""
    return [
        Sample(
            scene.image_path,
            _boxes([face.box_xyxy for face in scene.faces]),
            np.array([face.label == 0 for face in scene.faces], bool),
            _boxes([]),
            SCENE_SIDES,
        )
        for scene in scenes
    ]


def close_up_samples(root: Path, boxes_file: Path, seed: int) -> list[Sample]:
    """Close-ups of the training part with the boxes that ``pseudo-boxes`` wrote down.

    Args:
        root: folder with ``with_mask/`` and ``without_mask/``.
        boxes_file: made by ``python -m training pseudo-boxes``.
        seed: of the division, which is otherwise that of the classifier's data by default.

    Raises:
        MasklensError: the file is missing or not of that kind.
    """
    boxes = read_boxes(boxes_file)
    # For the division alone: each crop reads its photo itself, so that no pixels need be kept.
    dataset = read_dataset(root, image_size=1, find_face=whole_photo)
    members = divide(dataset, TrainConfig(data=str(root), seed=seed))["train"]
    samples = []
    for name in (dataset.paths[i] for i in members):
        if name in boxes:
            faces = as_annotated(_boxes(boxes[name]["faces"]))
            bare = np.full(len(faces), name.startswith(CLASS_FOLDERS[0]))
            doubtful = as_annotated(_boxes(boxes[name]["doubtful"]))
            samples.append(Sample(root / name, faces, bare, doubtful, CLOSE_UP_SIDES))
    return samples


def as_annotated(boxes_xyxy: Boxes) -> Boxes:
    """YuNet's boxes, (N, 4), as those who annotated the scenes would have drawn them."""
    sizes = np.tile(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 2)
    moved: Boxes = boxes_xyxy + sizes * np.array(_ANNOTATORS_EDGES, np.float32)
    return moved


def _boxes(rows: list[list[float]] | list[tuple[float, float, float, float]]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 4)


class _Faces:
    """The faces of one kind to aim at, large ones and those of small groups more often."""

    def __init__(self, samples: list[Sample], bare: bool) -> None:
        self._faces: list[tuple[Sample, int]] = []
        weights = []
        for sample in samples:
            sides = longer_sides(sample.boxes_xyxy)
            members = np.flatnonzero((sample.bare == bare) & (sides >= SMALLEST))
            self._faces += [(sample, int(i)) for i in members]
            # A crowd would else be seen as often as it has faces, and nearly all of them
            # would be small ones, enlarged.
            weights += [(2.0 if sides[i] >= LARGE else 1.0) / len(members) ** 0.5 for i in members]
        self._ends = np.cumsum(weights)

    def __len__(self) -> int:
        return len(self._faces)

    def draw(self, rng: np.random.Generator) -> tuple[Sample, int]:
        """A photo and the number of its face to aim at."""
        return self._faces[int(np.searchsorted(self._ends, rng.random() * self._ends[-1]))]


class Sampler:
    """Draws crops: scenes or close-ups, faces with or without a mask, one picture or several.

    Args:
        scenes, close_ups: the photos; ``close_ups`` may be empty. Scenes may be without faces,
            close-ups in which none was found are not used.
        close_up_share: share, 0..1, of the crops that come from close-ups.
        bare_share: share, 0..1, of the crops centred on a face without a mask.
        size: side of the crops, pixels.

    Raises:
        MasklensError: there is no face to draw.
    """

    def __init__(
        self,
        scenes: list[Sample],
        close_ups: list[Sample],
        close_up_share: float,
        bare_share: float,
        size: int,
    ) -> None:
        self._faces = {
            (kind, bare): _Faces(samples, bare)
            for kind, samples in (("scene", scenes), ("close-up", close_ups))
            for bare in (False, True)
        }
        if not any(self._faces.values()):
            raise MasklensError(
                f"The training photos hold no face of at least {SMALLEST:g} pixels."
            )
        self._faceless = [scene for scene in scenes if not len(scene.boxes_xyxy)]
        self._close_up_share = close_up_share if close_ups else 0.0
        self._bare_share = bare_share
        self._size = size

    def draw(self, rng: np.random.Generator) -> Crop:
        """One training picture.

        Returns:
            uint8 (size, size, 3), its faces (N, 4) and the regions not asked about (M, 4).
        """
        if rng.random() < GROUP_SHARE:
            image, boxes, ignored = self._group_picture(rng)
        else:
            image, boxes, ignored = self._crop(self._size, rng)
        if rng.random() < TURNED_SHARE:
            degrees = float(rng.normal(0, TURN_DEGREES))
            image, boxes, ignored = turn((image, boxes, ignored), degrees)
        if rng.random() < 0.25 and len(boxes):
            image = cover_part(image, boxes[rng.integers(len(boxes))], rng)
        return degrade(image, rng) if rng.random() < 0.7 else image, boxes, ignored

    def _crop(self, size: int, rng: np.random.Generator) -> Crop:
        kind = "close-up" if rng.random() < self._close_up_share else "scene"
        bare = rng.random() < self._bare_share
        choices = [self._faces[kind, bare], self._faces[kind, not bare], *self._faces.values()]
        faces = next(faces for faces in choices if faces)
        sample, index = faces.draw(rng)
        if kind == "close-up":
            scenes = self._faces["scene", bare] or self._faces["scene", not bare]
            if not scenes or rng.random() >= LAID_OVER_SHARE:
                return crop_around(sample, index, size, rng)
            behind = self._scene_crop(*scenes.draw(rng), size, rng)
            return crop_around(sample, index, size, rng, behind=behind)
        return self._scene_crop(sample, index, size, rng)

    def _scene_crop(self, sample: Sample, index: int, size: int, rng: np.random.Generator) -> Crop:
        beside = rng.random() < BESIDE_SHARE
        if beside and self._faceless and rng.random() < FACELESS_SHARE:
            return crop_anywhere(self._faceless[rng.integers(len(self._faceless))], size, rng)
        image, boxes, ignored = crop_around(sample, index, size, rng, beside)
        if rng.random() < LENT_SHARE:
            image, boxes = self._lend_faces(image, boxes, rng)
        return image, boxes, ignored

    def _lend_faces(
        self, image: ImageRgb, boxes: Boxes, rng: np.random.Generator
    ) -> tuple[ImageRgb, Boxes]:
        """Put faces of close-ups in the places of up to three of these."""
        lenders = self._faces["close-up", rng.random() < LENT_BARE_SHARE]
        if lenders:
            for index in rng.permutation(len(boxes))[: rng.integers(1, 4)]:
                image, boxes[index] = lend_face(image, boxes[index], *lenders.draw(rng), rng)
        return image, boxes

    def _group_picture(self, rng: np.random.Generator) -> Crop:
        """Four or nine smaller crops side by side: a made group picture."""
        rows = 2 if rng.random() < 0.6 else 3
        side = self._size // rows
        image = np.full((self._size, self._size, 3), 128, np.uint8)
        all_boxes, all_ignored = [], []
        for x, y in itertools.product(range(0, rows * side, side), repeat=2):
            part, boxes, ignored = self._crop(side, rng)
            image[y : y + side, x : x + side] = part
            offset = np.array([x, y, x, y], np.float32)
            all_boxes.append(boxes + offset)
            all_ignored.append(ignored + offset)
        return image, np.concatenate(all_boxes), np.concatenate(all_ignored)
