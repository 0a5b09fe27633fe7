"""Boxes for close-ups nobody annotated, from a detector that is good at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskcore.detection.scaling import suppress_overlaps
from maskcore.detection.yunet import YuNetDetector
from maskcore.errors import ImageError
from maskcore.files import write_text
from maskcore.images import read_image
from maskcore.types import Detections, ImageRgb
from training.photos.data import photo_files
from training.provenance import provenance

# Longer sides in pixels at which the teacher looks; a face that fills the picture is
# found in a small copy with a border around it.
LOOKS = (160, 320, 640)
BORDER = 0.25
FACE_SCORE, DOUBT_SCORE = 0.75, 0.3


def pseudo_boxes(data: Path, out: Path, command: str) -> dict[str, int]:
    """Let YuNet mark the faces of all photos below a folder and write its boxes down.

    Args:
        data: the folder.
        out: JSON file to write: "boxes", by file name relative to ``data``, with "faces"
            and "doubtful" (N, 4) boxes in pixels; doubtful ones are neither face nor
            background. Photos without a face are left out.
        command: the command line, kept in the file.

    Returns:
        Counts of photos, photos with a face, and faces.

    Raises:
        ModelError: YuNet's file is not installed.
    """
    teacher = YuNetDetector(score_threshold=DOUBT_SCORE, longest_sides=(10_000,))
    paths = photo_files(data)
    boxes: dict[str, Any] = {}
    for path in tqdm(paths, unit="photo", disable=None):
        try:
            found = look(teacher, read_image(path))
        except ImageError:
            continue
        sure = found.scores >= FACE_SCORE
        if sure.any():
            boxes[path.relative_to(data).as_posix()] = {
                "faces": found.boxes_xyxy[sure].round(1).tolist(),
                "doubtful": found.boxes_xyxy[~sure].round(1).tolist(),
            }
    values = {**provenance(command), "teacher": "yunet", "boxes": boxes}
    write_text(out, json.dumps(values) + "\n")
    faces = sum(len(entry["faces"]) for entry in boxes.values())
    return {"photos": len(paths), "with a face": len(boxes), "faces": faces}


def look(teacher: YuNetDetector, image_rgb: ImageRgb) -> Detections:
    """Find faces at several sizes, with a border, as is and mirrored; duplicates merged.

    Args:
        teacher: finds faces in one picture.
        image_rgb: uint8 (H, W, 3).
    """
    height, width = image_rgb.shape[:2]
    border = round(BORDER * max(height, width))
    framed = cv2.copyMakeBorder(
        image_rgb, *[border] * 4, cv2.BORDER_CONSTANT, value=(128, 128, 128)
    )
    boxes, scores = [], []
    for side in LOOKS:
        factor = side / max(height, width)
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(framed, None, fx=factor, fy=factor, interpolation=method)
        for mirror in (False, True):
            found = teacher.detect(np.ascontiguousarray(scaled[:, ::-1]) if mirror else scaled)
            x0, y0, x1, y1 = found.boxes_xyxy.T
            if mirror:
                x0, x1 = scaled.shape[1] - x1, scaled.shape[1] - x0
            boxes.append(np.stack([x0, y0, x1, y1], axis=1) / factor - border)
            scores.append(found.scores)
    merged: NDArray[np.float32] = np.concatenate(boxes).clip(0, (width, height, width, height))
    return suppress_overlaps(merged, np.concatenate(scores), nms_iou=0.4)
