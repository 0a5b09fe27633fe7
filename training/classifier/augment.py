"""Changing training photos the way cameras, distance and detectors change faces."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.classification.preprocess import resize
from maskcore.types import ImageRgb


def augment(image_rgb: ImageRgb, size: int, rng: np.random.Generator) -> ImageRgb:
    """One random variation of a photo: turned, badly cropped, small, blurred, dark, noisy.

    Args:
        image_rgb: uint8 (H, W, 3).
        size: side of the result, pixels.
        rng: where chance comes from.

    Returns:
        uint8 (size, size, 3).
    """
    image = _warp(image_rgb, size, rng)
    if rng.random() < 0.5:
        image = _shrink_and_enlarge(image, rng)
    return degrade(image, rng, _any_blur)


def slight_blur(rng: np.random.Generator) -> float:
    """A Gaussian's sigma in pixels that leaves small faces to be found."""
    return rng.uniform(0.5, 2.5)


def _any_blur(rng: np.random.Generator) -> float:
    """Mostly as slight, and up to one that leaves of a face little more than its colours."""
    return float(np.exp(rng.uniform(np.log(0.5), np.log(6))))


def degrade(
    image: ImageRgb,
    rng: np.random.Generator,
    blur: Callable[[np.random.Generator], float] = slight_blur,
) -> ImageRgb:
    """Blur, light, noise and compression, each by chance.

    Args:
        image: uint8 (H, W, 3).
        rng: where chance comes from.
        blur: draws the Gaussian's sigma, pixels.

    Returns:
        uint8 (H, W, 3).
    """
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), blur(rng))
    image = _relight(image, rng)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 14), image.shape)
        image = (image + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        image = through_jpeg(image, int(rng.integers(20, 85)))
    return np.ascontiguousarray(image)


def through_jpeg(image_rgb: ImageRgb, quality: int) -> ImageRgb:
    """What is left of a picture saved as JPEG of a quality, 0..100."""
    image_bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    read: ImageRgb = cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return read


def _warp(image_rgb: ImageRgb, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn, zoom, shift, stretch and mirror in one resampling."""
    # Shrinking by a warp alone would alias; a working copy twice the size is enough.
    if max(image_rgb.shape[:2]) > 2 * size:
        image_rgb = resize(image_rgb, 2 * size)
    height, width = image_rgb.shape[:2]
    angle = np.deg2rad(np.clip(rng.normal(0, 12), -35, 35))
    zoom = np.exp(rng.uniform(np.log(0.8), np.log(1.45)))
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    mirror = rng.choice([-1.0, 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # From the photo's square of side 1 about its centre to the result's.
    matrix = turn @ np.diag([mirror * zoom * stretch, zoom / stretch])
    shift = rng.uniform(-0.12, 0.12, 2)
    affine = np.zeros((2, 3))
    affine[:, :2] = size * matrix @ np.diag([1 / width, 1 / height])
    affine[:, 2] = size * (0.5 + shift) - affine[:, :2] @ (width / 2, height / 2)
    border = rng.choice([cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101])
    warped: NDArray[np.uint8] = cv2.warpAffine(
        image_rgb, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=int(border)
    )
    return warped


def _shrink_and_enlarge(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What a face of 14 to 96 pixels looks like once it is enlarged to the input size."""
    size = image.shape[0]
    small = round(np.exp(rng.uniform(np.log(14), np.log(96))))
    return resize(resize(image, small), size)


def _relight(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Brightness, contrast, gamma and tint; now and then no colour at all."""
    values = np.arange(256) / 255
    gamma = np.exp(rng.uniform(np.log(0.6), np.log(1.8)))
    gain = np.exp(rng.uniform(np.log(0.45), np.log(1.3)))
    tint = rng.uniform(0.9, 1.1, 3)
    offset = rng.uniform(-0.08, 0.08)
    curves = values[:, None] ** gamma * gain * tint + offset
    table = (curves * 255).clip(0, 255).astype(np.uint8)[None]
    image = cv2.LUT(image, table)
    if rng.random() < 0.1:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        image = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return image
