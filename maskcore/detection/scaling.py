"""Looking for faces at a working size and giving boxes in the photo's own pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from maskcore.types import Detections, ImageRgb


def detect_at_sizes(
    image_rgb: ImageRgb,
    longest_sides: Sequence[int],
    detect: Callable[[ImageRgb], Detections],
    nms_iou: float = 0.4,
    enlarge: float = 1.0,
) -> Detections:
    """Run a detector on the photo brought to each working size and merge what it finds.

    A photo is enlarged by ``enlarge`` at most: working sizes beyond that fall together
    into one pass. Boxes are clipped to the photo; of boxes that overlap by more than
    ``nms_iou`` the surest stays.

    Args:
        image_rgb: uint8 (H, W, 3).
        longest_sides: working sizes, pixels of the longer side.
        detect: finds faces in one image, boxes in that image's pixels.
        nms_iou: intersection over union in 0..1 above which two boxes are one face.
        enlarge: largest factor, 1 or more, by which a small photo is enlarged.

    Returns:
        Faces in the photo's own pixels, surest first.
    """
    height, width = image_rgb.shape[:2]
    boxes, scores = [], []
    largest = round(max(height, width) * enlarge)
    for side in sorted({min(side, largest) for side in longest_sides}, reverse=True):
        factor = side / max(height, width)
        working_wh = max(1, round(width * factor)), max(1, round(height * factor))
        found = detect(_resized(image_rgb, working_wh))
        # Rounding moves the two axes by different factors on narrow pictures.
        boxes.append(found.boxes_xyxy * np.tile(np.divide((width, height), working_wh), 2))
        scores.append(found.scores)
    merged = np.concatenate(boxes).clip(0, (width, height, width, height)).astype(np.float32)
    return suppress_overlaps(merged, np.concatenate(scores), nms_iou)


def _resized(image_rgb: ImageRgb, size_wh: tuple[int, int]) -> ImageRgb:
    """Bring a photo to another size: area average when shrinking, else bilinear."""
    width, height = size_wh
    # OpenCV averages two by two pixels ten times as fast as it shrinks by other factors, and
    # what was averaged already bears the rest to be interpolated, in a quarter of the time.
    shrink = cv2.INTER_AREA
    while image_rgb.shape[1] >= 2 * width and image_rgb.shape[0] >= 2 * height:
        half_wh = image_rgb.shape[1] // 2, image_rgb.shape[0] // 2
        image_rgb = cv2.resize(image_rgb, half_wh, interpolation=cv2.INTER_AREA)
        shrink = cv2.INTER_LINEAR
    if image_rgb.shape[1::-1] == size_wh:
        return image_rgb
    method = shrink if width < image_rgb.shape[1] else cv2.INTER_LINEAR
    resized: ImageRgb = cv2.resize(image_rgb, size_wh, interpolation=method)
    return resized


def suppress_overlaps(boxes_xyxy: np.ndarray, scores: np.ndarray, nms_iou: float) -> Detections:
    """Keep the surest of overlapping boxes (greedy non-maximum suppression).

    Args:
        boxes_xyxy: (N, 4) pixels; boxes without area are dropped.
        scores: (N,) in 0..1.
        nms_iou: overlap in 0..1 above which the weaker box goes.
    """
    boxes_xywh = np.hstack([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]])
    solid = np.flatnonzero((boxes_xywh[:, 2:] > 0).all(axis=1))
    if not solid.size:
        return Detections.empty()
    kept = cv2.dnn.NMSBoxes(
        boxes_xywh[solid].tolist(), scores[solid].astype(float).tolist(), 0.0, nms_iou
    )
    order = solid[np.asarray(kept, dtype=int)]
    return Detections(
        boxes_xyxy[order].astype(np.float32), np.asarray(scores)[order].astype(np.float32)
    )
