"""Finding faces: one protocol, one module an implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from maskcore.detection.fcos import FcosDetector
from maskcore.detection.haar import HaarDetector
from maskcore.detection.yunet import YuNetDetector, yunet_available
from maskcore.types import Detections, ImageRgb


class Detector(Protocol):
    """Anything that finds faces; safe to call from several threads."""

    def detect(self, image_rgb: ImageRgb) -> Detections:
        """Find faces in a uint8 (H, W, 3) RGB image; boxes in its pixels."""
        ...


# The argument says whether it is for live video: a smaller working size, one look.
_LOADERS: dict[str, Callable[[bool], Detector]] = {
    "fcos": FcosDetector.load,
    "yunet": lambda live: YuNetDetector(longest_sides=(640,) if live else (1280, 320)),
    "haar": lambda live: HaarDetector(longest_side=640 if live else 1280),
    "haar_alt2": lambda live: HaarDetector(
        "haarcascade_frontalface_alt2", min_neighbors=3, longest_side=640 if live else 1280
    ),
}
DETECTOR_NAMES = tuple(_LOADERS)


def load_detector(name: str, live: bool = False) -> Detector:
    """Load a detector by name.

    Args:
        name: one of ``DETECTOR_NAMES``.
        live: for video, where speed counts, instead of photos, where small faces do.

    Raises:
        ValueError: no detector has that name.
        ModelError: the detector's file is missing or damaged.
    """
    if name not in _LOADERS:
        raise ValueError(f"detector must be one of {', '.join(DETECTOR_NAMES)}, got {name!r}")
    return _LOADERS[name](live)


__all__ = [
    "DETECTOR_NAMES",
    "Detector",
    "FcosDetector",
    "HaarDetector",
    "YuNetDetector",
    "load_detector",
    "yunet_available",
]
