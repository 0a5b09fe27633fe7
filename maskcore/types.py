"""The results that travel between the parts: plain, frozen, checked where they are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Label = Literal["Mask", "No Mask"]
ImageRgb = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def label_for(mask_probability: float, threshold: float) -> Label:
    """Name the class: "Mask" from the threshold upwards, else "No Mask"."""
    return "Mask" if mask_probability >= threshold else "No Mask"


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
    """

    box_xyxy: Box
    score: float
    mask_probability: float
    label: Label


@dataclass(frozen=True)
class Analysis:
    """Everything found in one photo.

    Attributes:
        size_wh: width and height of the photo in pixels.
        faces: most certain face first.
        threshold: mask probability, 0..1, from which a face counts as masked.
        detect_ms: milliseconds spent finding faces.
        classify_ms: milliseconds spent telling masks.
    """

    size_wh: tuple[int, int]
    faces: tuple[Face, ...]
    threshold: float
    detect_ms: float
    classify_ms: float

    def count(self, label: Label) -> int:
        """How many faces carry this label."""
        return sum(face.label == label for face in self.faces)

    def relabelled(self, threshold: float) -> Analysis:
        """The same faces judged by another threshold (0..1), without looking again."""
        faces = tuple(
            replace(face, label=label_for(face.mask_probability, threshold)) for face in self.faces
        )
        return replace(self, faces=faces, threshold=threshold)
