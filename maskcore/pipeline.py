"""A photo in, labelled faces out. No files, no drawing."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from maskcore.classification import Classifier, sharpness
from maskcore.detection import Detector
from maskcore.loaded import shared_classifier, shared_detector
from maskcore.types import Analysis, Face, ImageRgb, label_for


class MaskPipeline:
    """Finds faces and tells, for each, whether it wears a mask. Safe under many threads."""

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        """Put a pipeline together from its parts; ``load`` does so by name."""
        self.detector = detector
        self.classifier = classifier

    @classmethod
    def load(
        cls, detector: str = "fcos", model: str = "mobilenet_v2", live: bool = False
    ) -> MaskPipeline:
        """Put together a detector and an installed classifier, by name.

        Each is loaded once for the process, and anew where another has been installed since.

        Args:
            detector: one of ``maskcore.detection.DETECTOR_NAMES``.
            model: name of a folder under ``models/``.
            live: for video, where speed counts, instead of photos, where small faces do.

        Raises:
            ValueError: no detector has that name.
            ModelError: a file is missing or damaged; the message says how to mend it.
        """
        return cls(shared_detector(detector, live), shared_classifier(model))

    def threshold_or_default(self, threshold: float | None) -> float:
        """The threshold in force: the one asked for, else the one in the model's card.

        Raises:
            ValueError: outside 0..1.
        """
        if threshold is None:
            threshold = self.classifier.threshold
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be in 0..1, got {threshold}")
        return threshold

    def analyze(self, image_rgb: ImageRgb, threshold: float | None = None) -> Analysis:
        """Find and judge the faces of one photo.

        Args:
            image_rgb: uint8 (H, W, 3), upright.
            threshold: mask probability in 0..1 from which a face counts as masked; by
                default the one in the model's card.

        Returns:
            The faces from left to right by their centres, of two at one place the surer
            first, and the time each step took.

        Raises:
            ValueError: not a uint8 RGB image, or a threshold outside 0..1.
        """
        if image_rgb.dtype != np.uint8 or image_rgb.shape[2:] != (3,) or not image_rgb.size:
            raise ValueError(
                "image_rgb must be uint8 (H, W, 3) with at least one pixel,"
                f" got {image_rgb.dtype} {image_rgb.shape}"
            )
        threshold = self.threshold_or_default(threshold)
        start = perf_counter()
        found = self.detector.detect(image_rgb)
        detected = perf_counter()
        probabilities = self.classifier.mask_probabilities(image_rgb, found.boxes_xyxy)
        classified = perf_counter()
        not_sure = self.classifier.not_sure
        faces = [
            Face(
                box_xyxy=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                score=float(score),
                mask_probability=float(probability),
                label=label_for(float(probability), threshold),
                sharpness=sharpness(image_rgb, box),
            ).judged(threshold, not_sure)
            for box, score, probability in zip(
                found.boxes_xyxy, found.scores, probabilities, strict=True
            )
        ]
        # As people count them. The detector's order is by score, which stays for equal places.
        faces.sort(key=lambda face: face.box_xyxy[0] + face.box_xyxy[2])
        height, width = image_rgb.shape[:2]
        return Analysis(
            size_wh=(width, height),
            faces=tuple(faces),
            threshold=threshold,
            detect_ms=(detected - start) * 1000,
            classify_ms=(classified - detected) * 1000,
            not_sure=not_sure,
        )
