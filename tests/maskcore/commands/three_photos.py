"""What is in the folder of three photos, and what is said of it."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

EMPTY_FILE = "This file is empty. Choose another photo."
TOTAL = "3 photos, 4 faces: 2 with mask, 2 without; 1 could not be read: {}/sub/broken.png\n"
BOXES = [(10, 20, 40, 50), (50, 20, 80, 50)]


def photo(width: int = 100, level: int = 128) -> NDArray[np.uint8]:
    return np.full((80, width, 3), level, np.uint8)


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]
