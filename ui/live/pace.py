"""Sharing the machine among the streams: whose turn it is to have a picture labelled."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

# A stream that has sent nothing for so long takes no share.
IDLE_SECONDS = 2.0
# Pictures a second that a core labels, decodes and encodes beside what a page needs; see
# benchmarks/live.py. What is asked beyond it piles up and makes every picture late.
PICTURES_A_CORE = 16.0
# What a camera sends where nothing else needs the machine.
FULL_RATE = 30
# Cameras are told a rate and keep it roughly: only what comes well above it is passed over.
_SLACK = 1.25


@dataclass
class _Turn:
    seen: float
    due: float


class SharedPace:
    """Lets several streams together go through so many pictures a second, all at one rate.

    A stream on its own is not held back. Safe under many threads.

    Args:
        pictures_per_second: of all streams together; by default by the number of cores.
    """

    def __init__(self, pictures_per_second: float | None = None) -> None:
        self._rate = pictures_per_second or PICTURES_A_CORE * (os.cpu_count() or 1)
        self._turns: WeakKeyDictionary[object, _Turn] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def my_turn(self, stream: object, seconds: float) -> bool:
        """Whether the picture that a stream has just sent is to be labelled.

        Args:
            stream: whose picture it is.
            seconds: now, the same clock for all streams.
        """
        with self._lock:
            turn = self._turns.setdefault(stream, _Turn(seconds, seconds))
            turn.seen = seconds
            streams = self._streams(seconds)
            if streams > 1 and seconds < turn.due:
                return False
            # From when it was due, so that a camera's own rhythm does not stretch the interval;
            # from now, where it was late, so that nothing is made up for in a rush.
            turn.due = max(turn.due + streams / (self._rate * _SLACK), seconds)
            return True

    def camera_rate(self, seconds: float) -> int:
        """Pictures a second that each camera had better send, so that few are in vain."""
        with self._lock:
            streams = self._streams(seconds)
        if streams < 2:
            return FULL_RATE
        return min(FULL_RATE, max(1, round(self._rate / streams)))

    def _streams(self, seconds: float) -> int:
        return sum(seconds - turn.seen < IDLE_SECONDS for turn in self._turns.values())
