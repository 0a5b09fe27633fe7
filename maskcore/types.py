"""The results that travel between the parts: plain, frozen, checked where they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import longer_sides

Label = Literal["Mask", "No Mask"]
Verdict = Literal["Mask", "No Mask", "Not sure"]
ImageRgb = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def longer_side(box_xyxy: Box) -> float:
    """In the box's unit."""
    x0, y0, x1, y1 = box_xyxy
    return max(x1 - x0, y1 - y0)


def label_for(mask_probability: float, threshold: float) -> Label:
    """Name the class: "Mask" from the threshold upwards, else "No Mask"."""
    return "Mask" if mask_probability >= threshold else "No Mask"


def logit(probability: float) -> float:
    """Log odds of a probability in 0..1, kept finite."""
    probability = min(max(probability, 1e-7), 1 - 1e-7)
    return math.log(probability / (1 - probability))


@dataclass(frozen=True)
class NotSure:
    """From where on a face is too doubtful to call; in the card, chosen on validation data.

    Attributes:
        margin: log odds on either side of the threshold within which neither class is called.
        smallest_side: a face whose longer side is shorter, pixels, is not called.
        least_sharpness: nor is one with less ``maskcore.classification.sharpness``.
    """

    margin: float = 0.0
    smallest_side: float = 0.0
    least_sharpness: float = 0.0

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> NotSure:
        """Read the card's "not_sure"; a card without one calls every face.

        Raises:
            ValueError: it holds something else than these numbers, 0 or more.
        """
        values = card.get("not_sure", {})
        numbers = values.values() if isinstance(values, dict) else [None]
        if not all(
            isinstance(value, int | float) and 0 <= value < math.inf for value in numbers
        ) or not set(values) <= {field.name for field in fields(cls)}:
            raise ValueError(f"not_sure must hold numbers of 0 or more by name, got {values!r}")
        return cls(**{name: float(value) for name, value in values.items()})

    def is_sure(
        self,
        mask_probability: float,
        threshold: float,
        longer_side: float = math.inf,
        sharpness: float = math.inf,
    ) -> bool:
        """Whether a face of this probability (0..1), size (pixels) and sharpness is called.

        Where size and sharpness are not given, the probability alone decides.
        """
        return (
            abs(logit(mask_probability) - logit(threshold)) >= self.margin
            and longer_side >= self.smallest_side
            and sharpness >= self.least_sharpness
        )


@dataclass(frozen=True)
class Detections:
    """Faces found in one image, before anything is known of masks.

    Attributes:
        boxes_xyxy: float32 (N, 4), pixels of the image searched: left, top, right, bottom.
        scores: float32 (N,), the detector's certainty in 0..1, comparable within one detector.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes_xyxy.ndim != 2 or self.boxes_xyxy.shape[1] != 4:
            raise ValueError(f"boxes_xyxy must have shape (N, 4), got {self.boxes_xyxy.shape}")
        if self.scores.shape != (len(self.boxes_xyxy),):
            raise ValueError(
                f"scores must have shape ({len(self.boxes_xyxy)},), got {self.scores.shape}"
            )
        if (self.boxes_xyxy[:, 2:] <= self.boxes_xyxy[:, :2]).any():
            raise ValueError("every box must have its right and bottom beyond its left and top")

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def largest(self) -> Box | None:
        """The box with the longest side; None without any."""
        if not len(self):
            return None
        largest = longer_sides(self.boxes_xyxy).argmax()
        left, top, right, bottom = self.boxes_xyxy[largest].tolist()
        return left, top, right, bottom

    @classmethod
    def empty(cls) -> Detections:
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Face:
    """One face and what was decided about it.

    Attributes:
        box_xyxy: pixels of the photo: left, top, right, bottom.
        score: the detector's certainty in 0..1.
        mask_probability: the classifier's probability of a mask in 0..1.
        label: what that probability means at the threshold in force.
        sharpness: of the face's picture, as ``maskcore.classification.sharpness`` has it.
        sure: whether the label is to be relied on, by the model's ``NotSure``.
        track: in video, the number of the person's track; 0 in photos.
    """

    box_xyxy: Box
    score: float
    mask_probability: float
    label: Label
    sharpness: float = math.inf
    sure: bool = True
    track: int = 0

    @property
    def verdict(self) -> Verdict:
        """What people are told."""
        return self.label if self.sure else "Not sure"

    @property
    def certainty(self) -> float:
        """How sure the classifier is of the label, 0..1."""
        mask = self.mask_probability
        return mask if self.label == "Mask" else 1 - mask

    @property
    def longer_side(self) -> float:
        """Pixels."""
        return longer_side(self.box_xyxy)

    def judged(self, threshold: float, not_sure: NotSure) -> Face:
        """The same face under another threshold, 0..1."""
        return replace(
            self,
            label=label_for(self.mask_probability, threshold),
            sure=not_sure.is_sure(
                self.mask_probability, threshold, self.longer_side, self.sharpness
            ),
        )


@dataclass(frozen=True)
class Analysis:
    """Everything found in one photo.

    Attributes:
        size_wh: width and height of the photo in pixels.
        faces: from left to right, by the boxes' centres; in video, by number of the track.
        threshold: mask probability, 0..1, from which a face counts as masked.
        detect_ms: milliseconds spent finding faces.
        classify_ms: milliseconds spent telling masks.
        not_sure: the model's rule for faces too doubtful to call.
    """

    size_wh: tuple[int, int]
    faces: tuple[Face, ...]
    threshold: float
    detect_ms: float
    classify_ms: float
    not_sure: NotSure = NotSure()

    def count(self, verdict: Verdict) -> int:
        """Of how many faces this is said."""
        return sum(face.verdict == verdict for face in self.faces)

    def relabelled(self, threshold: float) -> Analysis:
        """The same faces judged by another threshold (0..1), without looking again."""
        faces = tuple(face.judged(threshold, self.not_sure) for face in self.faces)
        return replace(self, faces=faces, threshold=threshold)
