"""A network that finds white spots, and the card it goes with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.classification import InputSpec
from maskcore.detection import FcosDetector
from tests.maskcore.detection.spots import Box, spots

STRIDES, LOGIT = (8, 16, 32), 3.0  # a score of 0.9526
Cell = tuple[int, Box, float]  # level, face in the network's picture, score


class FakeLiteRt:
    """Takes the place of the network: every white spot is a face, to the pixel."""

    made: list[FakeLiteRt] = []

    def __init__(self, content: bytes) -> None:
        self.inputs: list[NDArray[np.float32]] = []
        self.made.append(self)

    def sees(self, pixels: NDArray[np.float32]) -> list[Cell]:
        score = 1 / (1 + np.exp(-LOGIT))
        return [
            (int(np.searchsorted((40, 112), max(x1 - x0, y1 - y0))), (x0, y0, x1, y1), score)
            for x0, y0, x1, y1 in spots(pixels > 0.4)
        ]

    def run(self, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.inputs.append(inputs)
        height, width = inputs.shape[1:3]
        maps = [np.full((1, height // s, width // s, 5), -20, np.float32) for s in STRIDES]
        for level, (x0, y0, x1, y1), score in self.sees(inputs[0]):
            column, row = (int(c / 2 // STRIDES[level]) for c in (x0 + x1, y0 + y1))
            while maps[level][0, row, column, 0] > -20:
                column += 1  # another cell that sees the same
            x, y = (column + 0.5) * STRIDES[level], (row + 0.5) * STRIDES[level]
            logit = np.log(score / (1 - score))
            maps[level][0, row, column] = logit, x - x0, y - y0, x1 - x, y1 - y
        return [maps[1], maps[2], maps[0]]


def card(**serving: Any) -> dict[str, Any]:
    return {
        "kind": "detector",
        "strides": list(STRIDES),
        "serving": {
            "score_threshold": 0.5,
            "nms_iou": 0.4,
            "live_side": 320,
            "photo_sides": [416, 832, 1664, 3328],
            "enlarge": 1.0,
            "mirrored_sides": [],
        }
        | serving,
        "input": InputSpec().to_card(),
    }


Make = Callable[..., tuple[FcosDetector, FakeLiteRt]]


Show = Callable[..., FcosDetector]
