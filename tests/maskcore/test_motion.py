from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.motion import Motion


def follow(
    offset: Callable[[float], tuple[float, float]], noise: float, frames: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far a box's and a detection's centre are off at each frame, in shares of the face."""
    rng, motion, before = np.random.default_rng(1), None, 0.0
    off, raw = [], []
    for seconds in frames:
        x, y = offset(seconds)
        centre = np.array([400 + 100 * x, 500 + 100 * y])
        box = np.hstack([centre - 50, centre + 50]) + rng.normal(0, 100 * noise, 4)
        if motion is None:
            motion = Motion(box)
        else:
            motion.go_on(seconds - before, to_rest=False)
            motion.meet(box)
        before = seconds
        off.append((np.array(motion.centre_xy) - centre) / 100)
        raw.append(((box[:2] + box[2:]) / 2 - centre) / 100)
    return np.array(off), np.array(raw)


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_steady_face_s_box_does_not_jitter(noise: float) -> None:
    off, raw = (values[30:] for values in follow(lambda _: (0, 0), noise, np.arange(0, 10, 1 / 30)))

    assert np.diff(off, axis=0).std() < 0.4 * np.diff(raw, axis=0).std()
    assert off.std() < 0.7 * raw.std()


@pytest.mark.parametrize(
    ("offset", "most"),
    [
        (lambda s: (1.5 * s, 0), 0.005),  # walking
        (lambda s: (1.5 * min(max(s - 2, 0), 3), 0), 0.08),  # setting off and stopping at once
        (lambda s: (s, 0.06 * math.sin(4 * math.pi * s)), 0.04),  # with every step
        (lambda s: (0, 0.15 * math.sin(2 * math.pi * s)), 0.05),  # nodding
    ],
    ids=["walk", "stop and go", "steps", "nod"],
)
def test_box_does_not_lag(offset: Callable[[float], tuple[float, float]], most: float) -> None:
    off, _ = follow(offset, 0, np.arange(0, 8, 1 / 30))

    assert np.abs(off[15:]).max() < most


def test_frame_rate_may_vary() -> None:
    rng = np.random.default_rng(2)
    frames = np.cumsum(rng.choice([1 / 60, 1 / 30, 1 / 10, 1 / 2], 60))

    off, _ = follow(lambda s: (0.8 * s, 0.1 * s), 0, frames)

    assert np.abs(off[10:]).max() < 0.01


@pytest.mark.parametrize(
    "elsewhere", [(350, 300, 450, 400), (390, 390, 490, 490), (260, 260, 440, 440)]
)
def test_box_is_at_once_where_the_face_is_after_a_cut(elsewhere: tuple[float, ...]) -> None:
    motion = Motion(np.array([300.0, 300, 400, 400]))
    for _ in range(60):
        motion.go_on(1 / 30, to_rest=False)
        motion.meet(np.array([300.0, 300, 400, 400]))
    for _ in range(5):
        motion.go_on(1 / 30, to_rest=False)
        motion.meet(np.array(elsewhere, float))
        assert motion.box_xyxy == pytest.approx(elsewhere, abs=10)
