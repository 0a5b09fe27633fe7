"""How the frames of a video become upright RGB pictures, all of one size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from maskcore.errors import VideoError
from maskcore.types import ImageRgb
from maskcore.video_reader import MOST_PIXELS, VideoReader, open_video

# libx264 takes no more.
_MOST_SIDE = 16_384
# The matrices between RGB and YUV that FFmpeg converts by, as its numbers (AVColorSpace).
_MATRICES, _UNSPECIFIED = frozenset({1, 4, 5, 6, 7, 9}), 2

NO_FRAME = "No picture of this video can be read. Use another copy of it, or save it as MP4."


def look_at(source: Path | BinaryIO) -> VideoLayout:
    """Decode the first frame to learn its layout, and leave the file as it was.

    Raises:
        VideoError: there is none, or it is too large.
    """
    begin = None if isinstance(source, Path) else source.tell()
    with open_video(source) as container:
        reader = VideoReader(container)
        _check_size(reader.video.width, reader.video.height)
        frame = next((item for item in reader if not isinstance(item, av.Packet)), None)
        if frame is None:
            raise VideoError(NO_FRAME)
        layout = VideoLayout(frame, reader.video.sample_aspect_ratio)
        _check_size(*layout.upright_wh)
    if begin is not None and not isinstance(source, Path):
        source.seek(begin)
    return layout


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > _MOST_SIDE:
        raise VideoError(
            f"The pictures of this video are {width}x{height} pixels; at most"
            f" {MOST_PIXELS // 10**6} megapixels and {_MOST_SIDE} a side are accepted."
            " Save it smaller and try again."
        )


class VideoLayout:
    """How the frames of a video become upright RGB pictures, all of one size.

    Attributes:
        upright_wh: pixels of a picture.
        colours: matrix, primaries and transfer curve, as FFmpeg's numbers.
    """

    def __init__(self, frame: Any, pixel_ratio: Fraction | None) -> None:
        """Take it from a decoded frame and the ratio of its pixels' width to their height."""
        width, height = frame.width, frame.height
        if pixel_ratio and Fraction(1, 4) <= pixel_ratio <= 4:
            width = round(width * max(pixel_ratio, 1))
            height = round(height / min(pixel_ratio, 1))
        self._stored_wh = width, height
        self._swapped, self._down, self._along = _stored_in_upright(frame)
        self.upright_wh = (height, width) if self._swapped else (width, height)
        matrix = frame.colorspace if frame.colorspace in _MATRICES else _UNSPECIFIED
        self.colours = matrix, frame.color_primaries, frame.color_trc
        self._reformatter = VideoReformatter()

    def upright(self, frame: Any) -> ImageRgb:
        """The picture, uint8 (H, W, 3). A frame of another size is scaled, as players do."""
        if frame.colorspace not in _MATRICES:
            frame.colorspace = _UNSPECIFIED
        width, height = self._stored_wh
        rgb = self._reformatter.reformat(frame, width, height, "rgb24", dst_color_range="JPEG")
        image: ImageRgb = rgb.to_ndarray()
        turned = image.swapaxes(0, 1) if self._swapped else image
        return np.ascontiguousarray(turned[:: self._down, :: self._along])


def _stored_in_upright(frame: Any) -> tuple[bool, int, int]:
    """How a frame lies in the upright picture: axes swapped, steps down and along."""
    data = next((item for item in frame.side_data if item.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return False, 1, 1
    # x' = a x + c y and y' = b x + d y (FFmpeg, libavutil/display.h). Other than right angles,
    # which no camera writes, are taken for the nearest one.
    (a, b), (c, d) = np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2].tolist()
    down, along = (b, c) if abs(b) > abs(a) else (d, a)
    return abs(b) > abs(a), -1 if down < 0 else 1, -1 if along < 0 else 1
