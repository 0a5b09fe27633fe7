"""The portrait that pictures of our own are made of.

NASA's of the astronaut Eileen Collins, in the public domain: https://flic.kr/p/r9qvLn, the upper
384 of 512 rows as scikit-image ships it.
"""

from __future__ import annotations

from pathlib import Path

from maskcore.images import read_image
from maskcore.types import ImageRgb


def portrait() -> ImageRgb:
    """The whole of it, uint8 (384, 512, 3)."""
    return read_image(Path(__file__).with_suffix(".png"))
