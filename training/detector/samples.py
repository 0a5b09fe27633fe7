"""The detector's training pictures: crops of scenes and close-ups, changed by chance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.errors import MasklensError
from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.augment import degrade
from training.data import CLASS_FOLDERS, read_dataset, split
from training.faces import read_boxes
from training.scenes import Scene

# Faces smaller than this, pixels of the crop, are not asked for.
SMALLEST = 7.0
# A face of which less is left in the crop is neither face nor background.
LEAST_VISIBLE = 0.4
# Sides, in pixels of the crop, to which a chosen face is brought.
SCENE_SIDES, CLOSE_UP_SIDES = (12.0, 180.0), (20.0, 250.0)
# Beyond this factor an enlarged face is a smear that nobody will look for.
LARGEST_FACTOR = 3.0
# Of the crops of scenes this share is of a place beside a face, mostly without any.
BESIDE_SHARE = 0.15
# In this share of the scenes faces of close-ups take the places of others: scenes have few
# bare faces, and a detector soon knows them all. The same is why close-ups are mostly laid
# over a crop of a scene instead of a plain colour.
LAID_OVER_SHARE = 0.7
LENT_SHARE, LENT_BARE_SHARE = 0.4, 0.75
# A face of which this share or more is left beside a close-up laid over it is still asked for.
_STILL_ASKED, _STILL_THERE = 0.75, 0.1
# An ellipse so many times as large as the lent face's box is taken over.
_LENT_GROWTH = 1.3

Boxes = NDArray[np.float32]
# A picture, uint8 (S, S, 3), its faces, (N, 4), and the regions not asked about, (M, 4).
Crop = tuple[ImageRgb, Boxes, Boxes]


@dataclass(frozen=True)
class Sample:
    """One photo with its faces.

    Attributes:
        path: the photo.
        boxes_xyxy: float32 (N, 4) faces, pixels.
        bare: bool (N,), which of them wear no mask.
        doubtful_xyxy: float32 (M, 4), neither face nor background.
        sides: smallest and largest side to which a face of it is brought in a crop.
    """

    path: Path
    boxes_xyxy: Boxes
    bare: NDArray[np.bool_]
    doubtful_xyxy: Boxes
    sides: tuple[float, float]


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


def close_up_samples(root: Path, boxes_file: Path, part: str, seed: int) -> list[Sample]:
    """Close-ups with the boxes that ``pseudo-boxes`` wrote down.

    Args:
        root: folder with ``with_mask/`` and ``without_mask/``.
        boxes_file: made by ``python -m training pseudo-boxes``.
        part: train, validation or test, divided as the classifier's data are by default.
        seed: of that division.

    Raises:
        MasklensError: the file is missing or not of that kind.
    """
    boxes = read_boxes(boxes_file)
    dataset = read_dataset(root, 96)
    members = split(dataset.labels, dataset.groups, 0.15, 0.15, seed)[part]
    samples = []
    for name in (dataset.paths[i] for i in members):
        if name in boxes:
            faces = _boxes(boxes[name]["faces"])
            bare = np.full(len(faces), name.startswith(CLASS_FOLDERS[0]))
            doubtful = _boxes(boxes[name]["doubtful"])
            samples.append(Sample(root / name, faces, bare, doubtful, CLOSE_UP_SIDES))
    return samples


def _boxes(rows: list[list[float]] | list[tuple[float, float, float, float]]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 4)


class Sampler:
    """Draws crops: scenes or close-ups, faces with or without a mask, one picture or several."""

    def __init__(
        self,
        scenes: list[Sample],
        close_ups: list[Sample],
        close_up_share: float,
        bare_share: float,
        size: int,
    ) -> None:
        """Args:
        scenes, close_ups: the photos; ``close_ups`` may be empty.
        close_up_share: share, 0..1, of the crops that come from close-ups.
        bare_share: share, 0..1, of the crops centred on a face without a mask.
        size: side of the crops, pixels.

        Raises:
            MasklensError: there is no face to draw.
        """
        self._faces = {
            (kind, bare): [
                (sample, i)
                for sample in samples
                for i in np.flatnonzero(sample.bare == bare)
                if (sample.boxes_xyxy[i, 2:] - sample.boxes_xyxy[i, :2]).max() >= SMALLEST
            ]
            for kind, samples in (("scene", scenes), ("close-up", close_ups))
            for bare in (False, True)
        }
        if not any(self._faces.values()):
            raise MasklensError(
                f"The training photos hold no face of at least {SMALLEST:g} pixels."
            )
        self._close_up_share = close_up_share if close_ups else 0.0
        self._bare_share = bare_share
        self._size = size

    def draw(self, rng: np.random.Generator) -> Crop:
        """One training picture.

        Returns:
            uint8 (size, size, 3), its faces (N, 4) and the regions not asked about (M, 4).
        """
        if rng.random() < 0.25:
            image, boxes, ignored = self._group_picture(rng)
        else:
            image, boxes, ignored = self._crop(self._size, rng)
        if rng.random() < 0.25 and len(boxes):
            image = cover_part(image, boxes[rng.integers(len(boxes))], rng)
        return degrade(image, rng) if rng.random() < 0.7 else image, boxes, ignored

    def _crop(self, size: int, rng: np.random.Generator) -> Crop:
        kind = "close-up" if rng.random() < self._close_up_share else "scene"
        bare = rng.random() < self._bare_share
        choices = [self._faces[kind, bare], self._faces[kind, not bare], *self._faces.values()]
        faces = next(faces for faces in choices if faces)
        sample, index = faces[rng.integers(len(faces))]
        if kind == "close-up":
            scenes = self._faces["scene", bare] or self._faces["scene", not bare]
            if not scenes or rng.random() >= LAID_OVER_SHARE:
                return crop_around(sample, int(index), size, rng)
            behind = self._scene_crop(*scenes[rng.integers(len(scenes))], size, rng)
            return crop_around(sample, int(index), size, rng, behind=behind)
        return self._scene_crop(sample, index, size, rng)

    def _scene_crop(
        self, sample: Sample, index: np.int64, size: int, rng: np.random.Generator
    ) -> Crop:
        beside = rng.random() < BESIDE_SHARE
        image, boxes, ignored = crop_around(sample, int(index), size, rng, beside)
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
                lender, face = lenders[rng.integers(len(lenders))]
                image, boxes[index] = lend_face(image, boxes[index], lender, int(face), rng)
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


def crop_around(
    sample: Sample,
    index: int,
    size: int,
    rng: np.random.Generator,
    beside: bool = False,
    behind: Crop | None = None,
) -> Crop:
    """Cut a square out of a photo so that one face has a chance size at a chance place.

    Args:
        sample: the photo.
        index: of the face.
        size: side of the square, pixels.
        rng: where chance comes from.
        beside: aim a few faces' widths beside the face instead.
        behind: another crop of that size, on which the photo is laid; left as it is.

    Returns:
        uint8 (size, size, 3), faces (N, 4), regions not asked about (M, 4). What lies
        beyond the photo is one plain colour, as in service, or what is ``behind`` it.
    """
    image = read_image(sample.path)
    box = sample.boxes_xyxy[index]
    own_side = float((box[2:] - box[:2]).max())
    high = min(sample.sides[1], 0.95 * size, LARGEST_FACTOR * own_side)
    side = np.exp(rng.uniform(np.log(min(sample.sides[0], high)), np.log(high)))
    factor = float(side / own_side)
    stretch = np.exp(rng.uniform(-0.08, 0.08))
    scale = np.array([factor * stretch, factor / stretch])
    # A warp alone would alias when shrinking.
    if factor < 0.75:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        scale, done = scale / factor, factor
    else:
        done = 1.0
    mirror = rng.random() < 0.5
    # The face's centre lands where the whole face fits, as far as it does.
    room = max(0.0, size - side) / 2
    target = size / 2 + rng.uniform(-room, room, 2)
    centre = (box[:2] + box[2:]) / 2 * done
    if beside:
        centre = centre + rng.uniform(-6, 6, 2) * (box[2:] - box[:2]) * done
    matrix = np.array([[-scale[0] if mirror else scale[0], 0.0, 0.0], [0.0, scale[1], 0.0]])
    matrix[:, 2] = target - matrix[:, :2] @ centre
    if rng.random() < 0.85:
        # Mostly no more of the plain border than the photo's size makes necessary.
        left_top = (_moved(np.array([[0, 0, *image.shape[1::-1]]], np.float32), matrix))[0]
        slack = size - (left_top[2:] - left_top[:2])
        matrix[:, 2] += np.clip(left_top[:2], slack.clip(max=0), slack.clip(min=0)) - left_top[:2]
    shade = int(rng.integers(256)) if rng.random() < 0.5 else 128
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    warp = matrix.copy()
    warp[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    if behind is None:
        crop = cv2.warpAffine(image, warp, (size, size), borderValue=(shade, shade, shade))
    else:
        crop = behind[0].copy()
        cv2.warpAffine(image, warp, (size, size), crop, borderMode=cv2.BORDER_TRANSPARENT)

    faces = _moved(sample.boxes_xyxy * done, matrix)
    doubtful = _moved(sample.doubtful_xyxy * done, matrix).clip(0, size)
    inside = faces.clip(0, size)
    visible = _areas(inside) / np.maximum(_areas(faces), 1e-6)
    large = (inside[:, 2:] - inside[:, :2]).max(axis=1, initial=0) >= SMALLEST
    asked = (visible >= LEAST_VISIBLE) & large
    ignored = np.concatenate([inside[~asked & (visible > 0)], doubtful])
    if behind is None:
        return crop, inside[asked], ignored
    photo = _moved(np.array([[0, 0, *image.shape[1::-1]]], np.float32), matrix)
    still_asked, still_there = _left_uncovered(behind, photo)
    return (
        crop,
        np.concatenate([inside[asked], still_asked]),
        np.concatenate([ignored, still_there]),
    )


def _left_uncovered(behind: Crop, photo_xyxy: Boxes) -> tuple[Boxes, Boxes]:
    """Of what lies behind a photo, (1, 4), the faces still asked for and what is left of others."""
    _, faces, ignored = behind
    covered = np.concatenate(
        [
            np.maximum(faces[:, :2], photo_xyxy[:, :2]),
            np.minimum(faces[:, 2:], photo_xyxy[:, 2:]),
        ],
        axis=1,
    )
    meet = (covered[:, 2:] > covered[:, :2]).all(axis=1)
    left = 1 - meet * _areas(covered) / np.maximum(_areas(faces), 1e-6)
    asked = left >= _STILL_ASKED
    return faces[asked], np.concatenate([faces[~asked & (left >= _STILL_THERE)], ignored])


def lend_face(
    image: ImageRgb, box: Boxes, lender: Sample, index: int, rng: np.random.Generator
) -> tuple[ImageRgb, Boxes]:
    """Put the face of another photo in the place of one, as large and about as bright.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face to be replaced, pixels.
        lender: the other photo.
        index: of its face.
        rng: where chance comes from.

    Returns:
        A copy of the image, and the new face's box, (4,), within it.
    """
    photo, face = read_image(lender.path), lender.boxes_xyxy[index]
    if rng.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
        face = np.array([photo.shape[1] - face[2], face[1], photo.shape[1] - face[0], face[3]])
    scale = float((box[2:] - box[:2]).max() / (face[2:] - face[:2]).max())
    if scale < 0.75:  # a warp alone would alias
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face, scale = face * scale, 1.0
    target, source = (box[:2] + box[2:]) / 2, (face[:2] + face[2:]) / 2
    half = (face[2:] - face[:2]) / 2 * scale
    matrix = np.array([[scale, 0, 0], [0, scale, 0]])
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    matrix[:, 2] = target - scale * source + 0.5 * scale - 0.5
    height, width = image.shape[:2]
    moved = cv2.warpAffine(photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros((height, width), np.float32)
    middle = (round(float(target[0])), round(float(target[1])))
    axes = (
        max(1, round(float(half[0]) * _LENT_GROWTH)),
        max(1, round(float(half[1]) * _LENT_GROWTH)),
    )
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    inside = mask > 0.5
    if not inside.any():
        return image, box
    gain = (image[inside].mean() + 20) / (moved[inside].mean() + 20)
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.5, 0.08 * float(half.max())))[..., None]
    lit = moved * float(np.clip(gain, 0.6, 1.6))
    blended = image * (1 - mask) + lit * mask
    new_box = np.concatenate([target - half, target + half]).clip(0, (width, height) * 2)
    return blended.clip(0, 255).astype(np.uint8), new_box.astype(np.float32)


def cover_part(image: ImageRgb, box: Boxes, rng: np.random.Generator) -> ImageRgb:
    """Lay a hand-, scarf- or microphone-like shape over the lower part of a face.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face, pixels.
        rng: where chance comes from.
    """
    image = image.copy()
    width, height = box[2:] - box[:2]
    height_, width_ = image.shape[:2]
    x = float(rng.uniform(box[0], box[2]))
    y = float(rng.uniform(box[1] + 0.5 * height, box[3]))
    # Skin, cloth and metal: a colour of the picture itself or any.
    colour = image[int(rng.integers(height_)), int(rng.integers(width_))].tolist()
    if rng.random() < 0.5:
        colour = rng.integers(0, 256, 3).tolist()
    axes = (
        max(1, round(width * rng.uniform(0.1, 0.6))),
        max(1, round(height * rng.uniform(0.08, 0.3))),
    )
    angle = float(rng.uniform(0, 180))
    cv2.ellipse(image, (round(x), round(y)), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):  # fingers, folds
        end = (round(x + rng.normal(0, 0.4 * width)), round(y + rng.normal(0, 0.4 * height)))
        thickness = max(1, round(width * rng.uniform(0.04, 0.12)))
        cv2.line(image, (round(x), round(y)), end, colour, thickness, cv2.LINE_AA)
    return image


def _moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    x = boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2]
    y = boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1).astype(np.float32)


def _areas(boxes: Boxes) -> Boxes:
    areas: Boxes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
