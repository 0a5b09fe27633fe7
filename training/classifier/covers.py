"""Hands and cloth drawn over faces in training: what covers a mouth need not be a mask.

They differ on purpose from the shapes of ``training.measuring.changes``, with which the stress card
asks whether this was understood or only those drawings learned.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.types import ImageRgb

Mask = NDArray[np.float32]


def cover_face(
    square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator
) -> ImageRgb:
    """Lay a hand or cloth over a face, as far as its class can still be told.

    Args:
        square: uint8 (S, S, 3), a face in its middle; left as it is.
        face_share: share of the square's side that the face takes.
        masked: the face wears a mask: enough of it stays in sight. Otherwise mouth and nose
            may vanish.
        rng: where chance comes from.

    Returns:
        uint8 (S, S, 3).
    """
    cover, texture = (_hand if rng.random() < 0.5 else _cloth)(square, face_share, masked, rng)
    blended = square + cover[..., None] * (texture - square)
    return blended.round().clip(0, 255).astype(np.uint8)


def _hand(
    square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator
) -> tuple[Mask, Mask]:
    """A palm with fingers, of the face's own skin, or of any patch of the picture."""
    side = len(square)
    unit = face_share * side
    if masked:  # small, anywhere
        place, radii = rng.uniform((0.1, 0.1), (0.9, 0.95)), rng.uniform(0.06, 0.14, 2)
    else:
        place = rng.uniform((0.3, 0.55), (0.7, 0.85))
        radii = rng.uniform((0.15, 0.12), (0.4, 0.32))
    centre = (side - unit) / 2 + place * unit
    towards = rng.uniform(0, 2 * np.pi)
    cover = np.zeros((side, side), np.float32)
    shade = np.ones((side, side), np.float32)
    _ellipse(cover, centre, radii * unit, towards, 1.0)
    width = rng.uniform(0.3, 0.5) * radii[1] * unit
    for number in range(int(rng.integers(0, 5))):
        angle = towards + (number - 1.5) * 0.35 + rng.normal(0, 0.1)
        tip = centre + radii.max() * rng.uniform(1.1, 1.9) * unit * _direction(angle)
        _line(cover, centre, tip, width, 1.0)
        # The gap between two fingers is darker than either.
        _line(shade, centre, tip + width * _direction(angle + np.pi / 2), width / 4, 0.7)
    texture = _skin(square, unit) if rng.random() < 0.7 else _patch(square, rng)
    shade = cv2.GaussianBlur(shade, (0, 0), max(0.5, 0.01 * unit))
    light = rng.uniform(0.65, 1.15) * shade[..., None]
    return cv2.GaussianBlur(cover, (0, 0), max(0.4, 0.008 * unit)), texture * light


def _cloth(
    square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator
) -> tuple[Mask, Mask]:
    """A scarf, collar or sheet from somewhere in the face down, wider than the face."""
    side = len(square)
    unit = face_share * side
    top = rng.uniform(0.85, 1.0) if masked else rng.uniform(0.42, 0.8)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    across = (columns - side / 2) / unit
    slope, sag = rng.uniform(-0.25, 0.25), rng.uniform(-0.2, 0.2)
    wave = 0.03 * np.sin(rng.uniform(4, 14) * across + rng.uniform(0, 6))
    edge = (side - unit) / 2 + unit * (top + slope * across + sag * across**2 + wave)
    cover = np.clip((rows - edge) / max(1.0, 0.02 * unit) + 0.5, 0, 1)
    angle, pitch = rng.uniform(0, np.pi), unit * rng.uniform(0.05, 0.3)
    along = (np.cos(angle) * rows + np.sin(angle) * columns) / pitch
    texture: Mask
    kind = rng.random()
    if kind < 0.4:
        texture = _patch(square, rng)
    else:
        colours = rng.uniform(10, 245, (2, 3)).astype(np.float32)
        pattern = along.astype(int) % 2 if kind < 0.7 else np.zeros((side, side), int)
        texture = colours[pattern]
    folds = 1 + rng.uniform(0, 0.25) * np.sin(along * rng.uniform(0.5, 2))
    return cover.astype(np.float32), (texture * folds[..., None]).astype(np.float32)


def _skin(square: ImageRgb, unit: float) -> Mask:
    """Forehead and cheeks, from hair to nose, stretched over the square."""
    side = len(square)
    start = (side - unit) / 2
    top, bottom = round(start + 0.2 * unit), round(start + 0.55 * unit)
    left, right = round(start + 0.25 * unit), round(start + 0.75 * unit)
    part = square[top : max(bottom, top + 1), left : max(right, left + 1)]
    blurred = cv2.GaussianBlur(part, (0, 0), max(0.5, 0.06 * unit))
    skin: Mask = cv2.resize(blurred, (side, side)).astype(np.float32)
    return skin


def _patch(square: ImageRgb, rng: np.random.Generator) -> Mask:
    """Any part of the picture, stretched over the square, its colours shifted."""
    side = len(square)
    size = min(side, max(2, round(side * rng.uniform(0.1, 0.4))))
    x, y = rng.integers(0, side - size + 1, 2)
    part = cv2.resize(square[y : y + size, x : x + size], (side, side))
    patch: Mask = (part * rng.uniform(0.6, 1.3, 3)).astype(np.float32)
    return patch


def _direction(angle: float) -> NDArray[np.float64]:
    return np.array([np.cos(angle), np.sin(angle)])


def _ellipse(
    mask: Mask, centre: NDArray[np.float64], radii: NDArray[np.float64], angle: float, value: float
) -> None:
    x, y = round(float(centre[0])), round(float(centre[1]))
    axes = max(1, round(float(radii[0]))), max(1, round(float(radii[1])))
    cv2.ellipse(mask, (x, y), axes, float(np.rad2deg(angle)), 0, 360, value, -1, cv2.LINE_AA)


def _line(
    mask: Mask,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    width: float,
    value: float,
) -> None:
    first = round(float(start[0])), round(float(start[1]))
    last = round(float(end[0])), round(float(end[1]))
    cv2.line(mask, first, last, value, max(1, round(float(width))), cv2.LINE_AA)
