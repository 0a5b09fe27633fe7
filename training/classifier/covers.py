"""Hands, cloth, beards and dyes drawn on faces in training: what hides a mouth need not be a mask.

They differ on purpose from the shapes of ``training.measuring``, with which the stress card
asks whether this was understood or only those drawings learned.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.types import ImageRgb

Mask = NDArray[np.float32]
# How much of each pixel is covered, 0..1, (S, S), and by which colours, (S, S, 3), in 0..255.
Cover = tuple[Mask, Mask]
# From a face, the share of the square's side that it takes, and whether it wears a mask.
Draw = Callable[[ImageRgb, float, bool, np.random.Generator], Cover]


def cover_face(
    square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator
) -> ImageRgb:
    """Draw a hand, cloth, a beard or a dye on a face, as far as its class can still be told.

    Args:
        square: uint8 (S, S, 3), a face in its middle; left as it is.
        face_share: share of the square's side that the face takes.
        masked: the face wears a mask: enough of it stays in sight. Otherwise mouth and nose
            may vanish.
        rng: where chance comes from.

    Returns:
        uint8 (S, S, 3).
    """
    draws, shares = _DRAWN[masked]
    cover, texture = draws[rng.choice(len(draws), p=shares)](square, face_share, masked, rng)
    blended = square + cover[..., None] * (texture - square)
    return blended.round().clip(0, 255).astype(np.uint8)


def _hand(square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator) -> Cover:
    """A palm with fingers, of the face's own skin, or of any patch of the picture."""
    side = len(square)
    unit = face_share * side
    if masked:  # anywhere, and so small that cloth shows beside it
        place, radii = rng.uniform((0.1, 0.2), (0.9, 0.95)), rng.uniform(0.07, 0.2, 2)
    else:
        place = rng.uniform((0.3, 0.55), (0.7, 0.85))
        radii = rng.uniform((0.15, 0.12), (0.4, 0.32))
    centre = (side - unit) / 2 + place * unit
    towards = rng.uniform(0, 2 * np.pi)
    cover = np.zeros((side, side), np.float32)
    shade = np.ones((side, side), np.float32)
    middle = round(float(centre[0])), round(float(centre[1]))
    axes = max(1, round(float(radii[0] * unit))), max(1, round(float(radii[1] * unit)))
    cv2.ellipse(cover, middle, axes, float(np.rad2deg(towards)), 0, 360, 1.0, -1, cv2.LINE_AA)
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


def _cloth(square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator) -> Cover:
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


def _dye(square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator) -> Cover:
    """Another colour from the nose down, under which all shapes and shades stay."""
    side = len(square)
    unit = face_share * side
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    x, y = (columns - side / 2) / unit, (rows - (side - unit) / 2) / unit
    across, down = rng.uniform(0.36, 0.46), rng.uniform(0.45, 0.55)
    top, sag = rng.uniform(0.42, 0.58), rng.uniform(0, 0.6)
    inside = ((x / across) ** 2 + ((y - 0.5) / down) ** 2 < 1) & (y > top + sag * x**2)
    cover = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), max(0.5, 0.015 * unit))
    gains = np.exp(rng.uniform(np.log(0.15), np.log(1.1))) * rng.uniform(0.75, 1.25, 3)
    return cover, (square * gains).astype(np.float32)


def _beard(square: ImageRgb, face_share: float, masked: bool, rng: np.random.Generator) -> Cover:
    """Single hairs about jaw, chin and upper lip."""
    side = len(square)
    unit = face_share * side
    inner, outer = rng.uniform(0.12, 0.28), rng.uniform(0.38, 0.5)
    turns = rng.uniform(-0.3, np.pi + 0.3, int(rng.integers(150, 700)))
    out = rng.uniform(inner, outer, len(turns))
    jaw = np.stack([0.5 + 0.9 * out * np.cos(turns), 0.6 + out * np.sin(turns)], axis=1)
    begins = rng.uniform(0.5, 0.75)  # beside the face
    lip = rng.uniform(-1, 1, int(rng.integers(0, 120))) * rng.uniform(0.1, 0.2)
    above = rng.uniform(0.66, 0.72, len(lip)) + np.abs(lip) / 4
    roots = np.concatenate([jaw[jaw[:, 1] > begins], np.stack([0.5 + lip, above], axis=1)])
    grows = np.concatenate([turns[jaw[:, 1] > begins], np.full(len(lip), np.pi / 2)])
    cover = np.zeros((side, side), np.float32)
    shade = np.ones((side, side), np.float32)
    width = rng.uniform(0.012, 0.03) * unit
    for root, towards in zip(roots, grows, strict=True):
        start = (side - unit) / 2 + root * unit
        end = start + rng.uniform(0.02, 0.08) * unit * _direction(towards + rng.normal(0, 0.4))
        _line(cover, start, end, width, 1.0)
        _line(shade, start, end, width, rng.uniform(0.6, 1.5))
    grey = rng.uniform(10, 70) if rng.random() < 0.7 else rng.uniform(70, 170)
    colour = grey * rng.uniform((1.0, 0.8, 0.65), (1.25, 0.95, 0.9))
    cover = cv2.GaussianBlur(cover, (0, 0), max(0.4, rng.uniform(0.003, 0.015) * unit))
    return cover * rng.uniform(0.75, 1.0), (shade[..., None] * colour).astype(np.float32)


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


# On bare faces and on masked ones: what is drawn, and the share of each. More beards than
# this, and masks in the shade of a hand were taken for beards.
_DRAWN: tuple[tuple[tuple[Draw, ...], tuple[float, ...]], ...] = (
    ((_hand, _cloth, _dye, _beard), (0.4, 0.4, 0.08, 0.12)),
    ((_hand, _cloth, _dye), (0.45, 0.4, 0.15)),
)
