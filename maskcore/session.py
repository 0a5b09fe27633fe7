"""What a live session has shown: figures of the moment, and a log of every second."""

from __future__ import annotations

import csv
import io
import threading
from collections import deque
from dataclasses import astuple, dataclass, fields

from maskcore.types import Analysis

# Figures of the moment are means over so many seconds.
WINDOW_SECONDS = 2.0
# Eight hours; a session left running does not fill the memory.
MOST_ROWS = 8 * 3600


@dataclass(frozen=True)
class Second:
    """One row of the log.

    Attributes:
        seconds: since the session began.
        frames: processed in this second.
        dropped: frames passed over in it because the ones before took too long.
        mask, no_mask, not_sure: faces in view in its last frame.
        people: different faces seen since the session began.
        detect_ms, classify_ms: means over its frames, milliseconds.
    """

    seconds: int
    frames: int
    dropped: int
    mask: int
    no_mask: int
    not_sure: int
    people: int
    detect_ms: float
    classify_ms: float


@dataclass(frozen=True)
class Now:
    """The figures of the moment.

    Attributes:
        frames_per_second: processed.
        detect_ms, classify_ms: milliseconds a frame.
        dropped: frames passed over since the session began.
        mask, no_mask, not_sure: faces in view.
        people: different faces seen since the session began.
        mask_share: of all the time that faces were in view and called, the share, 0..1,
            with a mask; None before any was.
    """

    frames_per_second: float = 0.0
    detect_ms: float = 0.0
    classify_ms: float = 0.0
    dropped: int = 0
    mask: int = 0
    no_mask: int = 0
    not_sure: int = 0
    people: int = 0
    mask_share: float | None = None


class SessionLog:
    """Counts while one thread adds frames and others read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, float, float]] = deque()
        self._rows: deque[Second] = deque(maxlen=MOST_ROWS)
        self._start: float | None = None
        self._latest = 0.0
        self._dropped = 0
        self._people = 0
        self._counts = (0, 0, 0)
        self._face_seconds = [0.0, 0.0]

    def add(self, analysis: Analysis, seconds: float, dropped: int, people: int) -> None:
        """Count one frame.

        Args:
            analysis: of the frame.
            seconds: when it was done, on a clock that never goes back.
            dropped: frames passed over just before it.
            people: different faces seen so far.
        """
        with self._lock:
            if self._start is None:
                self._start = self._latest = seconds
            mask, no_mask = analysis.count("Mask"), analysis.count("No Mask")
            # A pause between two streams is nobody's time.
            passed = min(seconds - self._latest, 1.0)
            self._face_seconds[0] += mask * passed
            self._face_seconds[1] += no_mask * passed
            self._counts = (mask, no_mask, analysis.count("Not sure"))
            self._latest = seconds
            self._dropped += dropped
            self._people = people
            self._recent.append((seconds, analysis.detect_ms, analysis.classify_ms))
            while self._recent[0][0] < seconds - WINDOW_SECONDS:
                self._recent.popleft()
            self._log_row(int(seconds - self._start), dropped, analysis)

    def _log_row(self, second: int, dropped: int, analysis: Analysis) -> None:
        frames, lost, detect, classify = 0, 0, 0.0, 0.0
        if self._rows and self._rows[-1].seconds == second:
            row = self._rows.pop()
            frames, lost = row.frames, row.dropped
            detect, classify = row.detect_ms * frames, row.classify_ms * frames
        self._rows.append(
            Second(
                second,
                frames + 1,
                lost + dropped,
                *self._counts,
                self._people,
                (detect + analysis.detect_ms) / (frames + 1),
                (classify + analysis.classify_ms) / (frames + 1),
            )
        )

    def now(self, seconds: float) -> Now:
        """The figures at a time on the same clock; no faces where no frame came lately."""
        with self._lock:
            recent = [row for row in self._recent if row[0] >= seconds - WINDOW_SECONDS]
            called = sum(self._face_seconds)
            share = self._face_seconds[0] / called if called else None
            if not recent:
                return Now(dropped=self._dropped, people=self._people, mask_share=share)
            span = max(seconds, recent[-1][0]) - recent[0][0]
            return Now(
                # Of n frames n - 1 intervals are seen; the last one is still running.
                frames_per_second=(len(recent) - 1) / span if span > 0 else 0.0,
                detect_ms=sum(row[1] for row in recent) / len(recent),
                classify_ms=sum(row[2] for row in recent) / len(recent),
                dropped=self._dropped,
                mask=self._counts[0],
                no_mask=self._counts[1],
                not_sure=self._counts[2],
                people=self._people,
                mask_share=share,
            )

    @property
    def is_empty(self) -> bool:
        """Whether no frame has been counted."""
        return self._start is None

    def rows(self) -> list[Second]:
        """The log, oldest second first."""
        with self._lock:
            return list(self._rows)

    def csv(self) -> str:
        """The log as CSV text, one row a second in which a frame came."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(field.name for field in fields(Second))
        for row in self.rows():
            writer.writerow(round(value, 2) for value in astuple(row))
        return stream.getvalue()
