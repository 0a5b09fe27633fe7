"""Faces over time: who is who from frame to frame, and what is said of each without flicker."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from maskcore.detection.scaling import overlaps
from maskcore.types import Box, Detections, Face, NotSure, logit

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

# Variance a second that speed gains, of centre and of log size, in units of the variance of
# one detection. Where detections stray from the forecast in the same direction again and
# again, by _DRIFT of the face's size, it gains twice as much. On made tracks with 1 % noise a
# steady box moves by 0.2 % a frame, and a nodding one lags by about 4 %.
_AGILITY = np.array([100.0, 100.0, 30.0, 30.0])
_FIRST_SPEED_VARIANCE = 1000.0
_DRIFT = 0.006
# A missed face comes to rest, lest it is carried far by the speed it had.
_REST_SECONDS = 0.5

_AVERAGE_SECONDS = 0.5
# Beyond this a classifier is no surer; else it would take long to be unlearnt.
_MOST_LOG_ODDS = 6.0
# Evidence, in log odds beyond the threshold, that it takes to change a verdict: more for a
# face whose judgements differ much from one to the next, a share of that, up to the second.
_EVIDENCE, _MOST_EVIDENCE = 0.6, 2.0
_UNREST_SECONDS, _UNREST_SHARE = 2.0, 0.8
# A face once large or sharp enough stays so down to this share of the limit.
_BAND = 0.85


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
        judgements: how many were taken in.
        judged_seconds: time of the last one; -inf before.
    """

    def __init__(
        self, number: int, box_xyxy: NDArray[np.float64], score: float, seconds: float
    ) -> None:
        self.number = number
        self.motion = _Motion(box_xyxy)
        self.box_xyxy: Box = self.motion.box_xyxy
        self.score = score
        self.seen, self.missed = True, False
        self.first_seconds = self.seen_seconds = seconds
        self.matches = self.searches = 1
        self.judgements = 0
        self.judged_seconds = -math.inf
        self._recent: deque[float] = deque(maxlen=3)
        self._log_odds = self._unrest = self._sharpness = 0.0
        self._rule: tuple[float, NotSure] | None = None
        self._masked = self._clear = self._large = self._sharp = False

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
        x, y = self.motion.at[:2]
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

    def judge(self, mask_probability: float, sharpness: float, seconds: float) -> None:
        """Take in what the classifier says of the face now.

        Log odds and sharpness are averaged over about half a second, the first ones plainly.
        What enters is the median of the last three log odds: one odd frame has no say.

        Args:
            mask_probability: 0..1.
            sharpness: as ``maskcore.classification.sharpness`` has it.
            seconds: the frame's time.
        """
        passed = max(seconds - self.judged_seconds, 0.0)
        log_odds = min(max(logit(mask_probability), -_MOST_LOG_ODDS), _MOST_LOG_ODDS)
        if self._recent:
            weight = max(1 - math.exp(-passed / _UNREST_SECONDS), 1 / self.judgements)
            self._unrest += (abs(log_odds - self._recent[-1]) - self._unrest) * weight
        self._recent.append(log_odds)
        self.judgements += 1
        weight = max(1 - math.exp(-passed / _AVERAGE_SECONDS), 1 / self.judgements)
        self._sharpness += (sharpness - self._sharpness) * weight
        if self.judgements <= 3:  # their median is all that is known
            weight = 1.0
        self._log_odds += (float(np.median(self._recent)) - self._log_odds) * weight
        self.judged_seconds = seconds

    def face(self, threshold: float, not_sure: NotSure) -> Face:
        """The face as judged so far; a verdict once given is left only with evidence.

        Args:
            threshold: mask probability in 0..1; another one than before judges afresh.
            not_sure: the model's rule for faces too doubtful to call; likewise.
        """
        ahead = self._log_odds - logit(threshold)
        if (threshold, not_sure) != self._rule:
            self._rule = threshold, not_sure
            self._masked = ahead >= 0
            self._clear = self._large = self._sharp = False
        if not self._masked:
            ahead = -ahead
        margin = not_sure.margin
        evidence = max(_EVIDENCE, min(self._unrest * _UNREST_SHARE, _MOST_EVIDENCE))
        if ahead <= -max(margin, evidence):
            self._masked, ahead = not self._masked, -ahead
        self._clear = ahead >= (min(margin / 2, margin - evidence) if self._clear else margin)
        face = Face(
            box_xyxy=self.box_xyxy,
            score=self.score,
            mask_probability=1 / (1 + math.exp(-self._log_odds)),
            label="Mask" if self._masked else "No Mask",
            sharpness=self._sharpness,
            track=self.number,
        )
        side, least = face.longer_side, not_sure.least_sharpness
        self._large = side >= not_sure.smallest_side * (_BAND if self._large else 1)
        self._sharp = self._sharpness >= least * (_BAND if self._sharp else 1)
        return replace(face, sure=self._clear and self._large and self._sharp)


class _Motion:
    """Where a box is and how it moves: a Kalman filter of centre and log size at even speed.

    Variances are in units of a detection's, whatever that is, so that they hold for faces of
    every size (Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation",
    2001, section 6.2: white noise acceleration).
    """

    def __init__(self, box_xyxy: NDArray[np.float64]) -> None:
        self.at = _centre_and_log_size(box_xyxy)
        self._speed = np.zeros(4)
        self._variance, self._covariance = np.ones(4), np.zeros(4)
        self._speed_variance = np.full(4, _FIRST_SPEED_VARIANCE)
        self._drift = np.zeros(4)

    @property
    def box_xyxy(self) -> Box:
        """Pixels."""
        x, y = float(self.at[0]), float(self.at[1])
        half_width, half_height = math.exp(self.at[2]) / 2, math.exp(self.at[3]) / 2
        return x - half_width, y - half_height, x + half_width, y + half_height

    def scale(self, x: float, y: float) -> None:
        """Go over to a frame so many times as wide and as high."""
        self.at[:2] *= (x, y)
        self.at[2:] += (math.log(x), math.log(y))
        self._speed[:2] *= (x, y)

    def go_on(self, passed: float, to_rest: bool) -> None:
        """Move on by so many seconds."""
        if to_rest:
            self._speed *= math.exp(-passed / _REST_SECONDS)
        self.at += passed * self._speed
        agility = _AGILITY * (1 + (self._drift / _DRIFT) ** 2)
        self._variance += passed * (2 * self._covariance + passed * self._speed_variance)
        self._variance += agility * passed**3 / 3
        self._covariance += passed * self._speed_variance + agility * passed**2 / 2
        self._speed_variance += agility * passed

    def meet(self, box_xyxy: NDArray[np.float64]) -> None:
        """Be corrected by a detection."""
        off = _centre_and_log_size(box_xyxy) - self.at
        size = math.exp(self.at[2:].mean())
        self._drift += (off / (size, size, 1, 1) - self._drift) * 0.3
        gain = self._variance / (self._variance + 1)
        speed_gain = self._covariance / (self._variance + 1)
        self.at += gain * off
        self._speed += speed_gain * off
        self._speed_variance -= speed_gain * self._covariance
        self._covariance *= 1 - gain
        self._variance *= 1 - gain


def _centre_and_log_size(box_xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = box_xyxy[:2], box_xyxy[2:]
    return np.concatenate([(low + high) / 2, np.log(high - low)])


def _within(box_xyxy: Box, size_wh: tuple[int, int]) -> Box:
    """The part of a box within the frame, at least a pixel at its edge."""
    (x0, y0, x1, y1), (width, height) = box_xyxy, size_wh
    x0, y0 = min(max(x0, 0.0), width - 1.0), min(max(y0, 0.0), height - 1.0)
    return x0, y0, max(min(x1, float(width)), x0 + 1), max(min(y1, float(height)), y0 + 1)


def _costs(forecast: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What it costs to match forecast box i with found box j: below 1 near, below 2 far."""
    a, b = forecast[:, None], boxes[None]
    iou = overlaps(forecast, boxes)
    area_a, area_b = (a[..., 2:] - a[..., :2]).prod(axis=2), (b[..., 2:] - b[..., :2]).prod(axis=2)
    apart = np.linalg.norm(a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:], axis=2) / 2
    faces_apart = apart / np.sqrt((area_a + area_b) / 2)
    costs = np.where(iou >= _LEAST_IOU, 1 - iou, np.where(faces_apart < 1, 1 + faces_apart, _ALONE))
    alike = np.maximum(area_a, area_b) < np.minimum(area_a, area_b) * _SIZE_RATIO**2
    return np.where(alike, costs, _ALONE)
