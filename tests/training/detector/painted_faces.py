"""Photos painted in code, on which the colour of a face tells where it came to lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maskcore.types import ImageRgb
from training.detector.crops import Sample

Box = tuple[int, int, int, int]

NONE = np.zeros((0, 4), np.float32)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
COLOURS = (RED, GREEN, BLUE, (255, 255, 0), (255, 0, 255))


def painted(
    path: Path,
    size_wh: tuple[int, int],
    faces: list[Box],
    sides: tuple[float, float],
    doubtful: NDArray[np.float32] = NONE,
) -> Sample:
    """A black photo on which each face is a box of a colour of its own."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for (x0, y0, x1, y1), colour in zip(faces, COLOURS, strict=False):
        image[max(y0, 0) : y1, max(x0, 0) : x1] = colour
    Image.fromarray(image).save(path)
    boxes = np.array(faces, np.float32).reshape(-1, 4)
    return Sample(path, boxes, np.zeros(len(faces), bool), doubtful, sides)


def of_colour(image: ImageRgb, colour: tuple[int, ...]) -> NDArray[np.bool_]:
    """Pixels that are more of this colour, whose channels are 0 or 255, than of any other."""
    on = np.array(colour) == 255
    mask: NDArray[np.bool_] = (
        image[..., on].min(axis=-1).astype(int) - image[..., ~on].max(axis=-1) > 127
    )
    return mask


def coloured_box(image: ImageRgb, colour: tuple[int, ...]) -> list[int]:
    y, x = np.nonzero(of_colour(image, colour))
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def covered(seen: NDArray[np.bool_], region: NDArray[np.float32]) -> float:
    """Share of a region, at least a pixel wide, of which ``seen`` holds."""
    x0, y0, x1, y1 = region.round().astype(int)
    inside = seen[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    return float(inside.mean()) if inside.size else 0.0
