"""What is said of one face of a video, frame after frame, without flicker."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from maskcore.types import Label, NotSure, logit

_AVERAGE_SECONDS = 0.5
# Beyond this a classifier is no surer; else it would take long to be unlearnt.
_MOST_LOG_ODDS = 6.0
# Evidence, in log odds beyond the threshold, that it takes to change a verdict: more for a
# face whose judgements differ much from one to the next, a share of that, up to the second.
_EVIDENCE, _MOST_EVIDENCE = 0.6, 2.0
_UNREST_SECONDS, _UNREST_SHARE = 2.0, 0.8
# A face once large or sharp enough stays so down to this share of the limit.
_BAND = 0.85


class Judgements:
    """Of one face: their average, and the verdict that follows.

    Attributes:
        count: how many were taken in.
        latest_seconds: time of the last one; -inf before.
        sharpness: the average, as ``maskcore.classification.sharpness`` has it.
    """

    def __init__(self) -> None:
        self.count = 0
        self.latest_seconds = -math.inf
        self.sharpness = 0.0
        self._recent: deque[float] = deque(maxlen=3)
        self._log_odds = self._unrest = 0.0
        self._rule: tuple[float, NotSure] | None = None
        self._masked = self._clear = self._large = self._sharp = False

    @property
    def mask_probability(self) -> float:
        """The average, 0..1."""
        return 1 / (1 + math.exp(-self._log_odds))

    def add(self, mask_probability: float, sharpness: float, seconds: float) -> None:
        """Take in what the classifier says of the face now.

        Log odds and sharpness are averaged over about half a second, the first ones plainly.
        What enters is the median of the last three log odds: one odd frame has no say.

        Args:
            mask_probability: 0..1.
            sharpness: as ``maskcore.classification.sharpness`` has it.
            seconds: the frame's time.
        """
        passed = max(seconds - self.latest_seconds, 0.0)
        log_odds = min(max(logit(mask_probability), -_MOST_LOG_ODDS), _MOST_LOG_ODDS)
        if self._recent:
            weight = max(1 - math.exp(-passed / _UNREST_SECONDS), 1 / self.count)
            self._unrest += (abs(log_odds - self._recent[-1]) - self._unrest) * weight
        self._recent.append(log_odds)
        self.count += 1
        weight = max(1 - math.exp(-passed / _AVERAGE_SECONDS), 1 / self.count)
        self.sharpness += (sharpness - self.sharpness) * weight
        if self.count <= 3:  # their median is all that is known
            weight = 1.0
        self._log_odds += (float(np.median(self._recent)) - self._log_odds) * weight
        self.latest_seconds = seconds

    def decide(self, longer_side: float, threshold: float, not_sure: NotSure) -> tuple[Label, bool]:
        """The verdict now; once given it is left only with evidence.

        Args:
            longer_side: of the face's box, pixels.
            threshold: mask probability in 0..1; another one than before judges afresh.
            not_sure: the model's rule for faces too doubtful to call; likewise.

        Returns:
            The label, and whether it is to be relied on.
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
        self._large = longer_side >= not_sure.smallest_side * (_BAND if self._large else 1)
        self._sharp = self.sharpness >= not_sure.least_sharpness * (_BAND if self._sharp else 1)
        return "Mask" if self._masked else "No Mask", self._clear and self._large and self._sharp
