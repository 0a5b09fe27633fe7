"""Masklens' core: finds faces in photos and says, for each, whether it wears a mask."""

from maskcore.errors import ImageError, MasklensError, ModelError, VideoError
from maskcore.images import encode_image, read_image
from maskcore.pipeline import MaskPipeline
from maskcore.types import Analysis, Detections, Face

__all__ = [
    "Analysis",
    "Detections",
    "Face",
    "ImageError",
    "MaskPipeline",
    "MasklensError",
    "ModelError",
    "VideoError",
    "encode_image",
    "read_image",
]
