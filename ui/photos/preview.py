"""Pictures as small as the page shows them, and as addresses that hold them."""

from __future__ import annotations

import base64

from maskcore import encode_image, read_image
from maskcore.classification.preprocess import crop_square, resize
from maskcore.drawing import blur_faces
from maskcore.types import Box, ImageRgb

PREVIEW_SIDE = 1280
# Of a panorama more is kept, or faces in it could not be made out.
PANORAMA_HEIGHT, PANORAMA_SIDE = 480, 6400
THUMBNAIL_SIDE = 96
_DATA_URL = "data:image/jpeg;base64,"


def preview_side(image_rgb: ImageRgb) -> int:
    """How many pixels an image's longer side may have on the page.

    ``PREVIEW_SIDE``; of a panorama so many that its shorter side has ``PANORAMA_HEIGHT``, though
    no more than ``PANORAMA_SIDE``.
    """
    shorter, longer = sorted(image_rgb.shape[:2])
    return min(max(PREVIEW_SIDE, PANORAMA_HEIGHT * longer // shorter), PANORAMA_SIDE)


def jpeg_url(jpeg: bytes) -> str:
    """An address that holds a JPEG."""
    return _DATA_URL + base64.b64encode(jpeg).decode()


def thumbnail(image_rgb: ImageRgb, box_xyxy: Box) -> str:
    """A face, ``THUMBNAIL_SIDE`` pixels high and wide, as an address."""
    face = resize(crop_square(image_rgb, box_xyxy, margin=0.1), THUMBNAIL_SIDE)
    return jpeg_url(encode_image(face, quality=85))


def blurred(thumbnail: str) -> str:
    """A thumbnail made unrecognisable."""
    image = read_image(base64.b64decode(thumbnail.removeprefix(_DATA_URL)))
    height, width = image.shape[:2]
    # All of it: beside the face there may be another.
    return jpeg_url(encode_image(blur_faces(image, [(0, 0, width, height)]), quality=85))
