"""Frames of a video in, labelled faces out that keep their identity from frame to frame."""

from __future__ import annotations

import math
from time import perf_counter

import numpy as np

from maskcore.classification import sharpness
from maskcore.pipeline import MaskPipeline
from maskcore.tracking import FaceTracker, Track
from maskcore.types import Analysis, ImageRgb

# Most pixels of a camera's picture: 4K has 8.3 megapixels. Half a megabyte of a stream can hold one
# of 268, which takes a gigabyte.
MOST_FRAME_PIXELS = 9_000_000
# What finding faces may cost of each frame's time before only every n-th frame is searched.
BUDGET_MS = 25.0
SEARCHED_AT_LEAST = 4
# A face is judged in its first frames and then at this interval: smoothing gains little
# from frames taken a moment apart.
SURE_AFTER, INTERVAL_SECONDS = 4, 0.09
# In a crowd the faces take turns.
JUDGED_AT_MOST = 8


class LiveAnalyzer:
    """What one video has shown so far. Not for several threads; one a stream.

    Args:
        search_every: look for faces in every n-th frame and follow them in between; by
            default as often as the machine is fast enough for.
    """

    def __init__(self, search_every: int | None = None) -> None:
        self.tracker = FaceTracker()
        self.search_every = search_every
        self._detect_ms = 0.0
        self._frame = 0

    def analyze(
        self,
        image_rgb: ImageRgb,
        seconds: float,
        pipeline: MaskPipeline,
        threshold: float | None = None,
    ) -> Analysis:
        """Go on to another frame.

        Args:
            image_rgb: uint8 (H, W, 3); the size may differ from the frame before.
            seconds: the frame's time, later than that of the frame before.
            pipeline: may be another one than for the frame before.
            threshold: mask probability in 0..1; by default the one in the model's card.

        Returns:
            The faces with their tracks' numbers; a face missed for a moment is still there.

        Raises:
            ValueError: a threshold outside 0..1.
        """
        threshold = pipeline.threshold_or_default(threshold)
        start = perf_counter()
        searched = self._frame % self._every() == 0
        self._frame += 1
        height, width = image_rgb.shape[:2]
        found = pipeline.detector.detect(image_rgb) if searched else None
        tracks = self.tracker.update(found, seconds, (width, height))
        detected = perf_counter()
        if searched and self._frame > 1:  # the first search pays for getting ready
            taken = (detected - start) * 1000
            self._detect_ms += (taken - self._detect_ms) * (0.1 if self._detect_ms else 1.0)
        due = sorted(
            (t for t in tracks if _due(t, seconds)), key=lambda t: t.judgements.latest_seconds
        )
        # New faces do not wait: until judged they are neither shown nor blurred.
        due = due[: max(JUDGED_AT_MOST, sum(track.judgements.count == 0 for track in due))]
        boxes = np.array([track.box_xyxy for track in due], np.float32).reshape(-1, 4)
        probabilities = pipeline.classifier.mask_probabilities(image_rgb, boxes)
        for track, probability in zip(due, probabilities, strict=True):
            sharp = sharpness(image_rgb, track.box_xyxy)
            track.judgements.add(float(probability), sharp, seconds)
        classified = perf_counter()
        not_sure = pipeline.classifier.not_sure
        return Analysis(
            size_wh=(width, height),
            faces=tuple(t.face(threshold, not_sure) for t in tracks if t.judgements.count),
            threshold=threshold,
            detect_ms=(detected - start) * 1000,
            classify_ms=(classified - detected) * 1000,
            not_sure=not_sure,
        )

    def _every(self) -> int:
        if self.search_every is not None:
            return self.search_every
        return min(max(1, math.ceil(self._detect_ms / BUDGET_MS)), SEARCHED_AT_LEAST)


def _due(track: Track, seconds: float) -> bool:
    """Whether a track's face, seen in this frame, is to be judged again."""
    judged = track.judgements
    return track.seen and (
        judged.count < SURE_AFTER or seconds - judged.latest_seconds >= INTERVAL_SECONDS
    )
