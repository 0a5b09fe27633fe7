"""Photos and faces to draw on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskcore.types import Box, Face, Verdict

Image = NDArray[np.uint8]


GROUND = (90, 120, 60)


def ground(width: int, height: int) -> Image:
    return np.full((height, width, 3), GROUND, np.uint8)


def face(box: Box, verdict: Verdict = "Mask", mask_probability: float = 0.75) -> Face:
    if verdict == "Not sure":
        return Face(box, 0.9, mask_probability, "Mask", sure=False)
    return Face(box, 0.9, mask_probability, verdict)
