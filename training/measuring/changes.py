"""What spoils pictures of faces, one thing at a time and by a stated amount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from maskcore.types import Box, ImageRgb, longer_side
from training.classifier.augment import through_jpeg
from training.measuring.face_drawings import (
    black_beard,
    dark,
    dyed_mask,
    full_beard,
    patterned,
    skin_coloured,
)

# On a photo and its face, before the face is cut out.
OnPhoto = Callable[[ImageRgb, Box, np.random.Generator], tuple[ImageRgb, Box]]
# On the face as cut for the model, and the share of the square's side that the face takes.
OnFace = Callable[[ImageRgb, float, np.random.Generator], ImageRgb]


@dataclass(frozen=True)
class Change:
    """One way to spoil a picture.

    Attributes:
        name: for people.
        level: how much of it, with its unit.
        on_photo, on_face: what is done; either may be missing.
        labels: of the faces that it is for, 1 with a mask, 0 without: under some no mask could
            be told, others are of masks.
    """

    name: str
    level: str
    on_photo: OnPhoto | None = None
    on_face: OnFace | None = None
    labels: tuple[int, ...] = (1, 0)


def smaller(side: float) -> OnPhoto:
    """The face's longer side is ``side`` pixels, unless it was less before."""

    def change(photo: ImageRgb, box: Box, rng: np.random.Generator) -> tuple[ImageRgb, Box]:
        height, width = photo.shape[:2]
        factor = min(1.0, side / longer_side(box))
        size_wh = max(1, round(width * factor)), max(1, round(height * factor))
        fx, fy = size_wh[0] / width, size_wh[1] / height
        small = cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA)
        return small, (box[0] * fx, box[1] * fy, box[2] * fx, box[3] * fy)

    return change


def turned(degrees: float) -> OnPhoto:
    """The photo turned about the face's centre, to either side by chance."""

    def change(photo: ImageRgb, box: Box, rng: np.random.Generator) -> tuple[ImageRgb, Box]:
        centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        matrix = cv2.getRotationMatrix2D(centre, degrees * rng.choice([-1.0, 1.0]), 1.0)
        height, width = photo.shape[:2]
        rotated: ImageRgb = cv2.warpAffine(
            photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return rotated, box

    return change


def shifted(share: float) -> OnPhoto:
    """The face's box off by a share of its longer side, in any direction."""

    def change(photo: ImageRgb, box: Box, rng: np.random.Generator) -> tuple[ImageRgb, Box]:
        angle = rng.uniform(0, 2 * np.pi)
        off = share * longer_side(box)
        x, y = off * float(np.cos(angle)), off * float(np.sin(angle))
        return photo, (box[0] + x, box[1] + y, box[2] + x, box[3] + y)

    return change


def blurred(share: float) -> OnFace:
    """A Gaussian whose sigma is a share of the face's side."""

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        blurry: ImageRgb = cv2.GaussianBlur(square, (0, 0), share * face * len(square))
        return blurry

    return change


def noisy(deviation: float) -> OnFace:
    """Gaussian noise of this standard deviation, in grey levels of 255, on each channel."""

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        noise = rng.normal(0, deviation, square.shape)
        return (square + noise).round().clip(0, 255).astype(np.uint8)

    return change


def darker(share: float) -> OnFace:
    """Only a share of the light, as by a short exposure."""

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        return (square * share).round().astype(np.uint8)

    return change


def compressed(quality: int) -> OnFace:
    """Saved as JPEG, 0..100, and read again."""

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        return through_jpeg(square, quality)

    return change


def hand(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
    """A fist of the face's own colour before mouth and nose; a mask shows on either side."""
    x, y, unit = _place(square, face, 0.5 + rng.uniform(-0.1, 0.1), 0.72)
    skin = np.median(_forehead(square, face), axis=0)
    changed = square.copy()
    axes = round(0.22 * unit), round(0.2 * unit)
    cv2.ellipse(changed, (x, y), axes, 0, 0, 360, (skin * 0.9).tolist(), -1, cv2.LINE_AA)
    for number in range(4):  # knuckles
        at = x + round((number - 1.5) * 0.1 * unit), y - round(0.12 * unit)
        cv2.ellipse(
            changed,
            at,
            (round(0.055 * unit), round(0.12 * unit)),
            0,
            0,
            360,
            (skin * (0.8 + 0.05 * number)).tolist(),
            -1,
            cv2.LINE_AA,
        )
    return changed


def scarf(top: float) -> OnFace:
    """Striped cloth of any colour from a share of the face's height down."""

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        _, y, unit = _place(square, face, 0.5, top)
        colours = rng.integers(20, 236, (2, 3))
        rows, columns = np.mgrid[: len(square), : len(square)]
        # Folds hang in the middle; its edge is cloth's, not a ruler's.
        edge = y + 0.06 * unit * np.sin(np.pi * columns / len(square))
        stripes = ((rows - edge) / (0.09 * unit)).astype(int) % 2
        cloth = colours[stripes] * (0.85 + 0.15 * np.sin(columns / (0.05 * unit)))[..., None]
        covered = (rows >= edge)[..., None]
        return np.where(covered, cloth, square).round().clip(0, 255).astype(np.uint8)

    return change


def sunglasses(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
    """Two dark lenses and a bridge."""
    changed = square.copy()
    dark = (25, 25, 30)
    for across in (0.31, 0.69):
        x, y, unit = _place(square, face, across, 0.38)
        axes = round(0.15 * unit), round(0.11 * unit)
        cv2.ellipse(changed, (x, y), axes, 0, 0, 360, dark, -1, cv2.LINE_AA)
    start, end = _place(square, face, 0.2, 0.35), _place(square, face, 0.8, 0.35)
    cv2.line(changed, start[:2], end[:2], dark, max(1, round(0.03 * start[2])), cv2.LINE_AA)
    return changed


def _place(square: ImageRgb, face: float, across: float, down: float) -> tuple[int, int, float]:
    """A place in the face, in shares of it, as pixels x and y; and the face's side, pixels."""
    side = len(square)
    unit = face * side
    start = (side - unit) / 2
    return round(start + across * unit), round(start + down * unit), unit


def _forehead(square: ImageRgb, face: float) -> ImageRgb:
    """Pixels (N, 3) between hair and eyes."""
    left, top, unit = _place(square, face, 0.35, 0.18)
    size_wh = max(1, round(0.3 * unit)), max(1, round(0.1 * unit))
    return square[top : top + size_wh[1], left : left + size_wh[0]].reshape(-1, 3)


CHANGES = (
    Change("nothing", "as served"),
    *(Change("small face", f"{side} px", on_photo=smaller(side)) for side in (48, 32, 24, 16)),
    *(Change("blur", f"{n} % of the face", on_face=blurred(n / 100)) for n in (2, 4, 8)),
    *(Change("noise", f"{n} grey levels", on_face=noisy(n)) for n in (10, 20, 40)),
    *(Change("darkness", f"{n} % of the light", on_face=darker(n / 100)) for n in (50, 25, 10)),
    *(Change("JPEG", f"quality {n}", on_face=compressed(n)) for n in (30, 15, 8)),
    *(Change("turned head", f"{n} degrees", on_photo=turned(n)) for n in (15, 30, 45)),
    *(Change("shifted box", f"{n} % of the face", on_photo=shifted(n / 100)) for n in (10, 20, 30)),
    Change("hand", "before the mouth", on_face=hand),
    Change("scarf", "up to the chin", on_face=scarf(0.9)),
    Change("scarf", "over the mouth, bare faces", on_face=scarf(0.6), labels=(0,)),
    Change("sunglasses", "dark", on_face=sunglasses),
    Change("beard", "full, bare faces", on_face=full_beard, labels=(0,)),
    Change("beard", "a black U, bare faces", on_face=black_beard, labels=(0,)),
    Change("mask", "dark, masked faces", on_face=dyed_mask(dark), labels=(1,)),
    Change("mask", "patterned, masked faces", on_face=dyed_mask(patterned), labels=(1,)),
    Change("mask", "skin-coloured, masked faces", on_face=dyed_mask(skin_coloured), labels=(1,)),
)
