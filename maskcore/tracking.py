"""Faces over time: who is who from frame to frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from maskcore.boxes import areas, overlaps
from maskcore.judgements import Judgements
from maskcore.motion import Motion
from maskcore.types import Box, Detections, Face, NotSure, longer_side

# A face matched so often is still shown so long after its last match, but no longer than it
# had been there: a false alarm of a few frames is soon over.
SHOWN_FROM, SHOWN_SECONDS = 3, 0.5
# For so long a missed face may come back with its number.
KEPT_SECONDS = 1.5
# After so long without a look nobody can tell whether these are the same people.
LONGEST_GAP_SECONDS = 3.0
# A person counts once matched so often, over so long, in half of the frames searched.
COUNTED_FROM, COUNTED_SECONDS = 3, 0.5

# Boxes that overlap by this IoU are near; others may match if their centres are less than a
# face apart. The sides of neither differ by more than this factor.
_LEAST_IOU, _SIZE_RATIO = 0.1, 2.0
# What it costs to leave two alone: more than any one match, and less than two distant ones,
# so that a row of people does not move up by one when the first leaves.
_ALONE = 2.0
# Of two faces at one place, the one that was not missed just before is in front.
_MISSED = 0.1


class FaceTracker:
    """The people in one video. Not for several threads."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._last_number = 0
        self._people: set[int] = set()
        self._seconds = 0.0
        self._size_wh: tuple[int, int] | None = None

    @property
    def unique(self) -> int:
        """People so far: faces seen often and long enough not to be a flickering false alarm."""
        return len(self._people)

    def update(
        self, detections: Detections | None, seconds: float, size_wh: tuple[int, int]
    ) -> list[Track]:
        """Go on to another frame.

        Args:
            detections: faces found in it; None where it was not searched, and faces move on
                as they did.
            seconds: the frame's time; should it go back a little, no time has passed.
            size_wh: the frame's size in pixels; where it differs from that of the frame
                before, faces are scaled and keep their numbers.

        Returns:
            The faces to be shown, by number: matched now, missed only shortly, or moved on.
        """
        passed = seconds - self._seconds
        if abs(passed) > LONGEST_GAP_SECONDS:
            self._tracks = []
        for track in self._tracks:
            if self._size_wh is not None and size_wh != self._size_wh:
                track.motion.scale(size_wh[0] / self._size_wh[0], size_wh[1] / self._size_wh[1])
            track.go_on(max(passed, 0.0))
        self._seconds, self._size_wh = seconds, size_wh
        self._tracks = [track for track in self._tracks if not track.is_gone(seconds)]
        if detections is not None:
            self._match(detections, seconds)
        for track in self._tracks:
            track.box_xyxy = _within(track.motion.box_xyxy, size_wh)
        return [track for track in self._tracks if track.is_shown(seconds, size_wh)]

    def _match(self, detections: Detections, seconds: float) -> None:
        boxes = detections.boxes_xyxy.astype(np.float64)
        forecast = np.array([track.motion.box_xyxy for track in self._tracks]).reshape(-1, 4)
        costs = _costs(forecast, boxes)
        costs += _MISSED * np.array([track.missed for track in self._tracks], float)[:, None]
        matched = {
            int(column): self._tracks[row]
            for row, column in zip(*linear_sum_assignment(costs), strict=True)
            if costs[row, column] < _ALONE
        }
        for track in self._tracks:
            track.searches += 1
            track.missed = True
        for index, (box, score) in enumerate(zip(boxes, detections.scores, strict=True)):
            if index in matched:
                matched[index].meet(box, float(score), seconds)
            else:
                self._last_number += 1
                self._tracks.append(Track(self._last_number, box, float(score), seconds))
        self._people |= {track.number for track in matched.values() if track.is_steady()}


class Track:
    """One face over time.

    Attributes:
        number: from 1, never used again.
        box_xyxy: pixels of the latest frame and within it, never empty.
        score: the detector's certainty in 0..1 when last matched.
        seen: whether it was matched in the latest frame.
        missed: whether it was not in the latest frame searched.
        first_seconds, seen_seconds: times of first and last match.
        matches, searches: frames it was found in, and those searched since the first.
        motion: where it is thought to be, also beyond the frame.
        judgements: what the classifier said of it.
    """

    def __init__(
        self, number: int, box_xyxy: NDArray[np.float64], score: float, seconds: float
    ) -> None:
        self.number = number
        self.motion = Motion(box_xyxy)
        self.box_xyxy: Box = self.motion.box_xyxy
        self.score = score
        self.seen, self.missed = True, False
        self.first_seconds = self.seen_seconds = seconds
        self.matches = self.searches = 1
        self.judgements = Judgements()

    def go_on(self, passed: float) -> None:
        """Move on by so many seconds."""
        self.seen = False
        self.motion.go_on(passed, to_rest=self.missed)

    def meet(self, box_xyxy: NDArray[np.float64], score: float, seconds: float) -> None:
        """Take in the detection that is this face."""
        self.motion.meet(box_xyxy)
        self.score, self.seen_seconds = score, seconds
        self.seen, self.missed = True, False
        self.matches += 1

    def is_gone(self, seconds: float) -> bool:
        """Whether it would be somebody else who comes now."""
        return seconds - self.seen_seconds > (KEPT_SECONDS if self.missed else LONGEST_GAP_SECONDS)

    def is_shown(self, seconds: float, size_wh: tuple[int, int]) -> bool:
        """Whether the face is thought to be in the frame."""
        if self.seen:
            return True
        x, y = self.motion.centre_xy
        longest = min(SHOWN_SECONDS, self.seen_seconds - self.first_seconds)
        bridged = self.matches >= SHOWN_FROM and seconds - self.seen_seconds <= longest
        return 0 <= x <= size_wh[0] and 0 <= y <= size_wh[1] and (bridged or not self.missed)

    def is_steady(self) -> bool:
        """Whether it was seen often and long enough to be a person."""
        return (
            self.matches >= COUNTED_FROM
            and self.matches * 2 >= self.searches
            and self.seen_seconds - self.first_seconds >= COUNTED_SECONDS
        )

    def face(self, threshold: float, not_sure: NotSure) -> Face:
        """The face as judged so far, at least once.

        Args:
            threshold, not_sure: see ``Judgements.decide``.
        """
        judgements = self.judgements
        label, sure = judgements.decide(longer_side(self.box_xyxy), threshold, not_sure)
        return Face(
            box_xyxy=self.box_xyxy,
            score=self.score,
            mask_probability=judgements.mask_probability,
            label=label,
            sharpness=judgements.sharpness,
            sure=sure,
            track=self.number,
        )


def _within(box_xyxy: Box, size_wh: tuple[int, int]) -> Box:
    """The part of a box within the frame, at least a pixel at its edge."""
    (x0, y0, x1, y1), (width, height) = box_xyxy, size_wh
    x0, y0 = min(max(x0, 0.0), width - 1.0), min(max(y0, 0.0), height - 1.0)
    return x0, y0, max(min(x1, float(width)), x0 + 1), max(min(y1, float(height)), y0 + 1)


def _costs(forecast: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What it costs to match forecast box i with found box j: below 1 near, below 2 far."""
    a, b = forecast[:, None], boxes[None]
    iou = overlaps(forecast, boxes)
    area_a, area_b = areas(forecast)[:, None], areas(boxes)
    apart = np.linalg.norm(a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:], axis=2) / 2
    faces_apart = apart / np.sqrt((area_a + area_b) / 2)
    costs = np.where(iou >= _LEAST_IOU, 1 - iou, np.where(faces_apart < 1, 1 + faces_apart, _ALONE))
    alike = np.maximum(area_a, area_b) < np.minimum(area_a, area_b) * _SIZE_RATIO**2
    return np.where(alike, costs, _ALONE)
