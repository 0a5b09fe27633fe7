"""What chance does to a crop: another face in a place, a turn, a blot before a mouth."""

from __future__ import annotations

import cv2
import numpy as np

from maskcore.boxes import areas
from maskcore.images import read_image
from maskcore.types import ImageRgb
from training.detector.crops import LEAST_VISIBLE, Boxes, Crop, Sample

# An ellipse so many times as large as the lent face's box is taken over.
_LENT_GROWTH = 1.3


def lend_face(
    image: ImageRgb, box: Boxes, lender: Sample, index: int, rng: np.random.Generator
) -> tuple[ImageRgb, Boxes]:
    """Put the face of another photo in the place of one, as large and about as bright.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face to be replaced, pixels.
        lender: the other photo.
        index: of its face.
        rng: where chance comes from.

    Returns:
        A copy of the image, or the image itself where nothing of the face lies in it, and the
        new face's box, (4,).
    """
    photo, face = read_image(lender.path), lender.boxes_xyxy[index]
    if rng.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
        face = np.array([photo.shape[1] - face[2], face[1], photo.shape[1] - face[0], face[3]])
    scale = float((box[2:] - box[:2]).max() / (face[2:] - face[:2]).max())
    if scale < 0.75:  # a warp alone would alias
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face, scale = face * scale, 1.0
    target, source = (box[:2] + box[2:]) / 2, (face[:2] + face[2:]) / 2
    half = (face[2:] - face[:2]) / 2 * scale
    axes = np.maximum(1, np.rint(half * _LENT_GROWTH)).astype(int)
    blur = max(0.5, 0.08 * float(half.max()))
    # All that is changed lies in this window of the picture.
    size_wh = np.array(image.shape[1::-1])
    reach = axes + int(np.ceil(4 * blur)) + 1
    start = np.clip(np.rint(target).astype(int) - reach, 0, size_wh)
    end = np.clip(np.rint(target).astype(int) + reach + 1, 0, size_wh)
    if (end <= start).any():
        return image, box
    window = image[start[1] : end[1], start[0] : end[0]]
    matrix = np.array([[scale, 0, 0], [0, scale, 0]])
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    matrix[:, 2] = target - start - scale * source + 0.5 * scale - 0.5
    moved = cv2.warpAffine(
        photo, matrix, tuple((end - start).tolist()), borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros(window.shape[:2], np.float32)
    middle = (np.rint(target).astype(int) - start).tolist()
    cv2.ellipse(mask, middle, axes.tolist(), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    inside = mask > 0.5
    if not inside.any():
        return image, box
    gain = (window[inside].mean() + 20) / (moved[inside].mean() + 20)
    mask = cv2.GaussianBlur(mask, (0, 0), blur)[..., None]
    lit = moved * float(np.clip(gain, 0.6, 1.6))
    blended = image.copy()
    blended[start[1] : end[1], start[0] : end[0]] = (window * (1 - mask) + lit * mask).clip(0, 255)
    new_box = np.concatenate([target - half, target + half]).clip(0, np.tile(size_wh, 2))
    return blended, new_box.astype(np.float32)


def turn(crop: Crop, degrees: float) -> Crop:
    """Turn a crop about its middle.

    Args:
        crop: a square picture, its faces, (N, 4), and the regions not asked about, (M, 4).
        degrees: how far, clockwise.

    Returns:
        The same, with the upright box around each turned face, taken for an ellipse; what
        comes in at the corners is the picture's edge drawn out. A face of which too little
        is left in the picture is no longer asked about.
    """
    image, faces, ignored = crop
    size = image.shape[0]
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    rotation = np.array([[cos, -sin], [sin, cos]])
    middle = np.array([size / 2, size / 2])
    matrix = np.column_stack([rotation, middle - rotation @ middle])
    # OpenCV counts from the middle of the first pixel, boxes count from its corner.
    matrix[:, 2] += rotation @ (0.5, 0.5) - 0.5
    turned: ImageRgb = cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)

    def moved(boxes: Boxes) -> Boxes:
        centres = ((boxes[:, :2] + boxes[:, 2:]) / 2 - middle) @ rotation.T + middle
        half_x, half_y = (boxes[:, 2:] - boxes[:, :2]).T / 2
        half = np.stack(
            [np.hypot(half_x * cos, half_y * sin), np.hypot(half_x * sin, half_y * cos)]
        )
        return np.concatenate([centres - half.T, centres + half.T], axis=1).astype(np.float32)

    faces = moved(faces)
    inside, ignored = faces.clip(0, size), moved(ignored).clip(0, size)
    asked = areas(inside) / np.maximum(areas(faces), 1e-6) >= LEAST_VISIBLE
    return turned, inside[asked], np.concatenate([inside[~asked], ignored])


def cover_part(image: ImageRgb, box: Boxes, rng: np.random.Generator) -> ImageRgb:
    """Lay a blot over a face, its middle in the lower half of the box.

    It is an ellipse of one colour with up to three straight lines, and resembles nothing: like
    a hand or a microphone it hides a part of the face, which stays one to be found.

    Args:
        image: uint8 (H, W, 3); left as it is.
        box: (4,) the face, pixels.
        rng: where chance comes from.

    Returns:
        A copy, uint8 (H, W, 3).
    """
    image = image.copy()
    width, height = box[2:] - box[:2]
    height_, width_ = image.shape[:2]
    x = float(rng.uniform(box[0], box[2]))
    y = float(rng.uniform(box[1] + 0.5 * height, box[3]))
    # A colour of the picture itself, which may be that of skin or cloth, or any.
    colour = image[int(rng.integers(height_)), int(rng.integers(width_))].tolist()
    if rng.random() < 0.5:
        colour = rng.integers(0, 256, 3).tolist()
    axes = (
        max(1, round(width * rng.uniform(0.1, 0.6))),
        max(1, round(height * rng.uniform(0.08, 0.3))),
    )
    angle = float(rng.uniform(0, 180))
    cv2.ellipse(image, (round(x), round(y)), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        end = (round(x + rng.normal(0, 0.4 * width)), round(y + rng.normal(0, 0.4 * height)))
        thickness = max(1, round(width * rng.uniform(0.04, 0.12)))
        cv2.line(image, (round(x), round(y)), end, colour, thickness, cv2.LINE_AA)
    return image
