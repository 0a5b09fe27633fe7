"""Masklens' own detector: a small FCOS trained on faces with and without masks.

Tian, Shen, Chen and He, "FCOS: Fully Convolutional One-Stage Object Detection", ICCV
2019. ``training.detector`` makes it; it is shipped in ``models/fcos``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskcore.detection.levels import add_up_levels
from maskcore.detection.looks import Look, average_looks
from maskcore.detection.scaling import detect_at_sizes, suppress_overlaps
from maskcore.detection.tiles import OVERLAP, TILE, find_in_tiles, without_large
from maskcore.errors import ModelError
from maskcore.litert import LiteRtModel
from maskcore.models import StoredModel, load_model
from maskcore.network_input import InputSpec, normalise
from maskcore.types import Detections, ImageRgb

# What lies beyond the photo is this grey, as in training.
_GREY = 128
# What a level is less sure of than this plays no part.
_LEAST_SCORE = 0.08
# A face of so many pixels and more should be seen in any look, and one of so many and less in
# any but the smallest, where larger ones are left to it.
_PLAIN, _LEFT_TO_SMALLEST = 20, 0.85 * OVERLAP
# A mirrored look enlarges a photo as far as training enlarges faces.
_MIRRORED_ENLARGED = 1.75


@dataclass(frozen=True)
class FcosSettings:
    """How the network is used; in the card under "serving", chosen on scenes that validate.

    Attributes:
        score_threshold: faces of photos below this score, 0..1, are left out; it is the mean
            of the looks that could see them.
        live_score_threshold: the same for live video, where there is one look.
        nms_iou: overlap, 0..1, above which two boxes are one face.
        live_side: working size for live video, pixels of the longer side.
        photo_sides: working sizes for photos; a large photo is looked at in all of them,
            for large faces in the small ones and for small faces in the large ones.
        enlarge: largest factor by which a small photo is enlarged, but in the mirror.
        mirrored_sides: working sizes of further looks at photos, mirrored and, at the
            smallest of them, enlarged up to 1.75 times.
    """

    score_threshold: float = 0.5
    live_score_threshold: float = 0.5
    nms_iou: float = 0.4
    live_side: int = 256
    photo_sides: tuple[int, ...] = (384, 768, 1536, 4096)
    enlarge: float = 1.0
    mirrored_sides: tuple[int, ...] = ()

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> FcosSettings:
        """Read the card's "serving".

        Raises:
            KeyError, TypeError, ValueError: it is missing or does not fit.
        """
        values = card["serving"]
        sides = {name: tuple(values[name]) for name in ("photo_sides", "mirrored_sides")}
        return cls(**{**values, **sides})

    def __post_init__(self) -> None:
        sides = (*self.photo_sides, *self.mirrored_sides, self.live_side)
        if not self.photo_sides or min(sides) < 32:
            raise ValueError(
                "live_side, photo_sides and mirrored_sides must be 32 pixels or more, got"
                f" {self.live_side}, {self.photo_sides} and {self.mirrored_sides}"
            )
        # A look in tiles sees no large faces, and where there are others would deny them.
        if self.mirrored_sides and max(min(self.photo_sides), min(self.mirrored_sides)) > TILE:
            raise ValueError(
                f"one of photo_sides and one of mirrored_sides must be at most {TILE} pixels,"
                f" got {self.photo_sides} and {self.mirrored_sides}"
            )
        for name in ("score_threshold", "live_score_threshold", "nms_iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name)}")


class FcosDetector:
    """Faces with and without masks, from 10 pixels up to the whole picture."""

    def __init__(
        self, model: StoredModel, live: bool = False, settings: FcosSettings | None = None
    ) -> None:
        """Prepare the network.

        Args:
            model: content and card, verified by ``load_model``.
            live: one fast look, for video, instead of several, for photos.
            settings: used instead of those in the card.

        Raises:
            ModelError: the card is not that of such a detector, or the file cannot be run.
        """
        self._spec = InputSpec.from_card(model.card)
        try:
            self._strides: list[int] = model.card["strides"]
            self._settings = settings or FcosSettings.from_card(model.card)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The card of model {model.name!r} is not that of a face detector."
                " Install the model again."
            ) from error
        self._sides = (self._settings.live_side,) if live else self._settings.photo_sides
        self._mirrored_sides = () if live else self._settings.mirrored_sides
        self._threshold = (
            self._settings.live_score_threshold if live else self._settings.score_threshold
        )
        self._model = LiteRtModel(model.content)
        try:
            self._look(np.zeros((32, 32, 3), np.uint8), self._threshold)
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"Model {model.name!r} cannot be run: its file does not fit its card"
                " or this version of LiteRT. Install the model again."
            ) from error

    @classmethod
    def load(cls, live: bool = False) -> FcosDetector:
        """Load the installed detector.

        Raises:
            ModelError: it is missing or damaged.
        """
        return cls(load_model("fcos"), live)

    def detect(self, image_rgb: ImageRgb) -> Detections:
        """Find faces.

        Args:
            image_rgb: uint8 (H, W, 3).

        Returns:
            Boxes in the image's pixels, scores in 0..1, surest first.
        """
        looks = self._looks(image_rgb)
        if len(looks) == 1:
            return looks[0].found
        found = average_looks(looks)
        sure = found.scores >= self._threshold
        return suppress_overlaps(found.boxes_xyxy[sure], found.scores[sure], self._settings.nms_iou)

    def _looks(self, image_rgb: ImageRgb) -> list[Look]:
        """Look at the photo at each working size that is worth it, as it is and mirrored."""
        settings, longest = self._settings, max(image_rgb.shape[:2])
        straight = _worthwhile(self._sides, longest * settings.enlarge)
        # The smallest may enlarge, see below; the others need photos of their size.
        smallest = min(self._mirrored_sides, default=0)
        mirrored = _worthwhile(self._mirrored_sides, max(longest, smallest))
        one_look = len(straight) + len(mirrored) == 1
        least = self._threshold if one_look else min(_LEAST_SCORE, self._threshold)
        looks = [
            self._look_at_size(image_rgb, side, settings.enlarge, least, side == straight[0])
            for side in straight
        ]
        flipped = np.ascontiguousarray(image_rgb[:, ::-1]) if mirrored else image_rgb
        for side in mirrored:
            look = self._look_at_size(flipped, side, _MIRRORED_ENLARGED, least, side == mirrored[0])
            boxes = look.found.boxes_xyxy.copy()
            boxes[:, [0, 2]] = image_rgb.shape[1] - boxes[:, [2, 0]]
            looks.append(Look(Detections(boxes, look.found.scores), look.sizes))
        return looks

    def _look_at_size(
        self, image_rgb: ImageRgb, side: int, enlarge: float, least: float, smallest: bool
    ) -> Look:
        """One look; large faces are left to the smallest working size, which sees them better."""
        nms_iou = self._settings.nms_iou

        def find(working_rgb: ImageRgb) -> Detections:
            seen = find_in_tiles(working_rgb, lambda tile: self._look(tile, least), nms_iou)
            return seen if smallest else without_large(seen)

        found = detect_at_sizes(image_rgb, [side], find, nms_iou, enlarge)
        factor = min(side / max(image_rgb.shape[:2]), enlarge)
        largest = np.inf if smallest else _LEFT_TO_SMALLEST / factor
        return Look(found, (_PLAIN / factor, largest))

    def _look(self, image_rgb: ImageRgb, score_threshold: float) -> Detections:
        """Run the network over one picture as it is."""
        height, width = image_rgb.shape[:2]
        block = self._strides[-1]
        padded = cv2.copyMakeBorder(
            image_rgb, 0, -height % block, 0, -width % block, cv2.BORDER_CONSTANT, value=[_GREY] * 3
        )
        maps = self._model.run(normalise(padded[None], self._spec))
        # Levels come back in any order; their height tells them apart.
        maps.sort(key=lambda level: -level.shape[1])
        found = []
        least = min(_LEAST_SCORE, score_threshold)
        for level, stride in zip(maps, self._strides, strict=True):
            boxes, scores = decode(level[0], stride, least)
            found.append(
                suppress_overlaps(
                    boxes.clip(0, (width, height, width, height)), scores, self._settings.nms_iou
                )
            )
        scores = np.concatenate(add_up_levels(found))
        mine = np.concatenate([level.scores for level in found])
        sure = np.flatnonzero(scores >= score_threshold)
        # Twins in two levels have the same sum: the surer level's box stays.
        sure = sure[np.argsort(-mine[sure], kind="stable")]
        boxes = np.concatenate([level.boxes_xyxy for level in found])
        return suppress_overlaps(boxes[sure], scores[sure], self._settings.nms_iou)


def decode(
    level: NDArray[np.float32], stride: int, score_threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes and scores of the cells of one level that see a face.

    Args:
        level: (h, w, 5): logit, then left, top, right, bottom from the cell's centre, pixels.
        stride: pixels a cell.
        score_threshold: 0..1.

    Returns:
        (N, 4) xyxy boxes and (N,) scores in 0..1.
    """
    scores = (1 / (1 + np.exp(-level[..., 0]))).astype(np.float32)
    y, x = np.nonzero(scores >= score_threshold)
    left, top, right, bottom = level[y, x, 1:].T
    x_centre, y_centre = (x + 0.5) * stride, (y + 0.5) * stride
    boxes = np.stack([x_centre - left, y_centre - top, x_centre + right, y_centre + bottom], axis=1)
    return boxes.astype(np.float32), scores[y, x]


def _worthwhile(sides: tuple[int, ...], largest: float) -> list[int]:
    """The working sizes, up to the largest to be had, that are well above the one before.

    A second look at nearly the same size adds false alarms and time, but hardly a face.
    """
    chosen: list[int] = []
    for side in sorted(sides):
        side = min(side, round(largest))
        if not chosen or side >= 1.5 * chosen[-1]:
            chosen.append(side)
    return chosen
