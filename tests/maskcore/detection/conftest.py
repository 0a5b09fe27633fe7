from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from maskcore.types import Detections


@pytest.fixture(scope="session")
def scored() -> Callable[..., Detections]:
    """(box, score)... -> the faces of one level or look."""

    def scored(*faces: tuple[tuple[float, ...], float]) -> Detections:
        boxes = np.array([box for box, _ in faces], np.float32).reshape(-1, 4)
        return Detections(boxes, np.array([score for _, score in faces], np.float32))

    return scored
