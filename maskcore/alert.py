"""Noticing that somebody without a mask stays in view."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from maskcore.types import Face

# A face gone for longer begins anew.
GONE_SECONDS = 1.5
SHOWN_SECONDS = 5.0


@dataclass(frozen=True)
class AlertRule:
    """When to raise an alert.

    Attributes:
        after_seconds: somebody without a mask has been in view for so long.
        cool_down_seconds: at least so long after the alert before.
    """

    after_seconds: float = 3.0
    cool_down_seconds: float = 15.0


class MaskAlert:
    """Watches the tracks of one video. ``count`` is the number of alerts so far."""

    def __init__(self) -> None:
        self.count = 0
        self._since: dict[int, tuple[float, float]] = {}  # track: first and last time without
        self._alerted = -math.inf

    def update(self, faces: Iterable[Face], seconds: float, rule: AlertRule) -> bool:
        """Go on to another frame.

        Args:
            faces: with the numbers of their tracks.
            seconds: the frame's time, on a clock that never goes back.
            rule: may differ from frame to frame.

        Returns:
            Whether an alert is raised now.
        """
        for face in faces:
            first, _ = self._since.get(face.track, (seconds, seconds))
            if face.verdict == "No Mask":
                self._since[face.track] = first, seconds
            elif face.verdict == "Mask":
                self._since.pop(face.track, None)
            # Not sure: neither begins nor ends it, nor is it time without.
        self._since = {
            track: times
            for track, times in self._since.items()
            if seconds - times[1] <= GONE_SECONDS
        }
        longest = max((last - first for first, last in self._since.values()), default=-1.0)
        if longest < rule.after_seconds or seconds - self._alerted < rule.cool_down_seconds:
            return False
        self._alerted = seconds
        self.count += 1
        return True

    def forget(self) -> None:
        """Begin anew with whoever is in view."""
        self._since.clear()

    def active(self, seconds: float) -> bool:
        """Whether the last alert is less than ``SHOWN_SECONDS`` old."""
        return seconds - self._alerted < SHOWN_SECONDS
