"""Where a face's box is and how it moves, from detections that stray a little."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import overlaps
from maskcore.types import Box

# Variance a second that speed gains, of centre and of log size, in units of the variance of
# one detection. Where detections stray from the forecast in the same direction again and
# again, by _DRIFT of the face's size, it gains twice as much. On made tracks with 1 % noise a
# steady box moves by 0.2 % a frame, and a nodding one lags by about 4 %.
_AGILITY = np.array([100.0, 100.0, 30.0, 30.0])
_FIRST_SPEED_VARIANCE = 1000.0
_DRIFT = 0.006
# A detection that overlaps the forecast by a smaller IoU, as at a cut, is where the face is: while
# its box came over little by little, it would be blurred beside itself.
_SAME_PLACE = 0.6
# A missed face comes to rest, lest it is carried far by the speed it had.
_REST_SECONDS = 0.5


class Motion:
    """A Kalman filter of a box's centre and log size at even speed.

    Variances are in units of a detection's, whatever that is, so that they hold for faces of
    every size (Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation",
    2001, section 6.2: white noise acceleration).

    Args:
        box_xyxy: where the face was first found, pixels, float64 (4,), not empty.
    """

    def __init__(self, box_xyxy: NDArray[np.float64]) -> None:
        self._at = _centre_and_log_size(box_xyxy)
        self._speed = np.zeros(4)
        self._variance, self._covariance = np.ones(4), np.zeros(4)
        self._speed_variance = np.full(4, _FIRST_SPEED_VARIANCE)
        self._drift = np.zeros(4)

    @property
    def centre_xy(self) -> tuple[float, float]:
        """Pixels."""
        return float(self._at[0]), float(self._at[1])

    @property
    def box_xyxy(self) -> Box:
        """Pixels."""
        x, y = self.centre_xy
        half_width, half_height = math.exp(self._at[2]) / 2, math.exp(self._at[3]) / 2
        return x - half_width, y - half_height, x + half_width, y + half_height

    def scale(self, x: float, y: float) -> None:
        """Go over to a frame so many times as wide and as high."""
        self._at[:2] *= (x, y)
        self._at[2:] += (math.log(x), math.log(y))
        self._speed[:2] *= (x, y)

    def go_on(self, passed: float, to_rest: bool) -> None:
        """Move on by so many seconds, more slowly as they pass if it is to come to rest."""
        if to_rest:
            self._speed *= math.exp(-passed / _REST_SECONDS)
        self._at += passed * self._speed
        agility = _AGILITY * (1 + (self._drift / _DRIFT) ** 2)
        self._variance += passed * (2 * self._covariance + passed * self._speed_variance)
        self._variance += agility * passed**3 / 3
        self._covariance += passed * self._speed_variance + agility * passed**2 / 2
        self._speed_variance += agility * passed

    def meet(self, box_xyxy: NDArray[np.float64]) -> None:
        """Be corrected by a detection, pixels, float64 (4,), not empty."""
        found = _centre_and_log_size(box_xyxy)
        elsewhere = overlaps(np.array([self.box_xyxy]), box_xyxy[None])[0, 0] < _SAME_PLACE
        off = found - self._at
        size = math.exp(self._at[2:].mean())
        self._drift += (off / (size, size, 1, 1) - self._drift) * 0.3
        gain = self._variance / (self._variance + 1)
        speed_gain = self._covariance / (self._variance + 1)
        self._at = found if elsewhere else self._at + gain * off
        self._speed += speed_gain * off
        self._speed_variance -= speed_gain * self._covariance
        self._covariance *= 1 - gain
        self._variance *= 1 - gain


def _centre_and_log_size(box_xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = box_xyxy[:2], box_xyxy[2:]
    return np.concatenate([(low + high) / 2, np.log(high - low)])
