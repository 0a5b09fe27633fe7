"""Masks dyed and beards drawn on a face as cut for the model, with its own light on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.types import ImageRgb

_HAIR = ((38, 28, 22), (66, 44, 30), (24, 22, 22), (95, 88, 84))


@dataclass(frozen=True)
class _Face:
    """A picture with a place in the face for each pixel, in shares of the face's side.

    Attributes:
        square: uint8 (S, S, 3).
        x: float (S, S), from the face's middle line to the right.
        y: float (S, S), from its top down.
        unit: the face's side, pixels.
    """

    square: ImageRgb
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: float

    @classmethod
    def of(cls, square: ImageRgb, face: float) -> _Face:
        side = len(square)
        rows, columns = np.mgrid[:side, :side]
        unit = face * side
        return cls(square, (columns - side / 2) / unit, (rows - (side - unit) / 2) / unit, unit)

    def oval(self, down: float, wide: float, high: float) -> NDArray[np.bool_]:
        """What lies within an ellipse on the middle line."""
        return (self.x / wide) ** 2 + ((self.y - down) / high) ** 2 < 1

    def light(self, place: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How bright each pixel is beside those of a place, 1 for as bright as they mostly are."""
        grey = cv2.cvtColor(self.square, cv2.COLOR_RGB2GRAY) / 255
        usual = float(np.median(grey[place]))
        # On black cloth the noise of the camera would become folds.
        light: NDArray[np.float64] = np.clip(1 + (grey - usual) / max(usual, 0.3), 0.4, 1.3)
        return light[..., None]

    def painted(
        self, place: NDArray[np.bool_], paint: NDArray[np.float64], softness: float
    ) -> ImageRgb:
        """The picture with paint on a place, whose edge is soft by a share of the face's side."""
        sigma = max(0.5, softness * self.unit)
        cover = cv2.GaussianBlur(place.astype(np.float64), (0, 0), sigma)[..., None]
        mixed: NDArray[np.float64] = self.square + cover * (paint - self.square)
        return mixed.round().clip(0, 255).astype(np.uint8)


Dye = Callable[[_Face, np.random.Generator], NDArray[np.float64]]


def dyed_mask(dye: Dye) -> Callable[[ImageRgb, float, np.random.Generator], ImageRgb]:
    """The mask that a face wears in another colour, its folds and shades kept.

    Args:
        dye: colours, (3,) or (S, S, 3), in 0..255.
    """

    def change(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
        of = _Face.of(square, face)
        place = _mask_place(of)
        return of.painted(place, dye(of, rng) * of.light(place), 0.012)

    return change


def dark(face: _Face, rng: np.random.Generator) -> NDArray[np.float64]:
    """Nearly black."""
    return np.array((38, 38, 44)) + rng.uniform(-15, 15, 3)


def patterned(face: _Face, rng: np.random.Generator) -> NDArray[np.float64]:
    """Dots on cloth, both of any colour."""
    cloth, dot = rng.integers(20, 236, (2, 3))
    pitch, angle = rng.uniform(0.12, 0.2), rng.uniform(0, np.pi)
    along = (np.cos(angle) * face.x + np.sin(angle) * face.y) / pitch
    across = (np.cos(angle) * face.y - np.sin(angle) * face.x) / pitch
    off = np.hypot(along - np.round(along), across - np.round(across))
    share = np.clip((0.32 - off) * pitch * face.unit + 0.5, 0, 1)[..., None]
    colours: NDArray[np.float64] = cloth + share * (dot - cloth)
    return colours


def skin_coloured(face: _Face, rng: np.random.Generator) -> NDArray[np.float64]:
    """As the face is about the eyes."""
    about = (np.abs(face.x) < 0.25) & (np.abs(face.y - 0.35) < 0.06)
    skin: NDArray[np.float64] = np.median(face.square[about], axis=0)
    return skin


def _mask_place(face: _Face) -> NDArray[np.bool_]:
    """What looks like the cloth before the mouth; where that is little, the usual place."""
    lower = face.oval(0.55, 0.43, 0.49) & (face.y > 0.45 + 0.3 * face.x**2)
    usual = face.oval(0.55, 0.4, 0.45) & (face.y > 0.5 + 0.5 * face.x**2)
    mouth = (np.abs(face.x) < 0.14) & (np.abs(face.y - 0.77) < 0.1)
    lab = cv2.cvtColor(face.square, cv2.COLOR_RGB2LAB).astype(np.float64)
    # Folds are darker than the rest, and not of another colour.
    off = np.linalg.norm((lab - np.median(lab[mouth], axis=0)) * (0.5, 1, 1), axis=2)
    alike = off < np.clip(1.5 * np.percentile(off[mouth], 90), 16, 32)
    size = max(3, round(0.08 * face.unit)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    found = (lower & alike).astype(np.uint8)
    for smoothing in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN):
        found = cv2.morphologyEx(found, smoothing, disc)
    return found > 0 if found[usual].mean() >= 0.6 else usual


def full_beard(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
    """Hair on cheeks, lip and chin, thick enough to hide the skin and not all of its light."""
    of = _Face.of(square, face)
    across = np.abs(of.x)
    cheeks = (across > 0.2) & (of.y > 0.5 + 0.18 * np.clip(1 - (across / 0.36) ** 4, 0, 1))
    lip_and_chin = (across < 0.2) & (of.y > 0.675 + 0.15 * across)
    place = of.oval(0.6, 0.39, 0.42) & (cheeks | lip_and_chin) & ~of.oval(0.785, 0.14, 0.05)
    hair = rng.normal(0, 1, of.x.shape)
    sigma_x, sigma_y = max(0.5, 0.006 * of.unit), max(0.5, 0.02 * of.unit)
    hair = cv2.GaussianBlur(hair, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y)
    hair = (hair / hair.std())[..., None]
    colour = np.array(_HAIR[rng.integers(len(_HAIR))])
    paint = colour * (1 + 0.25 * hair) * of.light(place)
    # Here and there the skin is seen between the hairs.
    thick = np.clip(0.88 + 0.06 * hair, 0, 0.97)
    return of.painted(place, square + thick * (paint - square), 0.018)


def black_beard(square: ImageRgb, face: float, rng: np.random.Generator) -> ImageRgb:
    """A black U from one temple about the chin to the other, without any light on it."""
    of = _Face.of(square, face)
    place = of.oval(0.55, 0.4, 0.47) & ~of.oval(0.55, 0.3, 0.28) & (of.y > 0.5)
    return of.painted(place, np.array((16.0, 14.0, 14.0)), 0.012)
