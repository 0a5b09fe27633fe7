"""Made clips of moving faces, for a browser's fake camera and as video files.

The faces are those of the sample picture: one portrait, bare and with a painted mask.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from maskcore import read_image
from maskcore.types import ImageRgb
from ui.photos.sample import sample_photo

WIDTH, HEIGHT = 640, 480
RATE = 30
# A frame's number stands in its bottom row as black and white blocks, for measuring lag.
CODE_BITS, CODE_HEIGHT = 10, 24


def moving_faces(seconds: float, faces: int = 2, coded: bool = False) -> Iterator[ImageRgb]:
    """Frames, uint8 (480, 640, 3), of up to three heads that sway and come nearer and go.

    Every second head wears a mask. The clip ends as it begins, so that it can be looped.

    Args:
        seconds: length; ``RATE`` frames each.
        faces: 1 to 3.
        coded: whether frames carry their number.
    """
    both = read_image(sample_photo())
    bare, masked = both[:, :640], both[:, 640:]
    ramp = np.linspace(60, 150, WIDTH, dtype=np.float32)
    ground = np.repeat(np.tile(ramp, (HEIGHT, 1))[..., None], 3, axis=2).astype(np.uint8)
    total = round(seconds * RATE)
    for number in range(total):
        turn = 2 * math.pi * number / total
        frame = ground.copy()
        for i in range(faces):
            height = round((400 if faces == 1 else 250) * (0.85 + 0.15 * math.cos(turn + i)))
            head = cv2.resize(
                (masked, bare)[i % 2],
                (round(height * 640 / 600), height),
                interpolation=cv2.INTER_AREA,
            )
            x = WIDTH * (i + 0.5) / faces + 20 * math.sin(turn + 2 * i)
            y = HEIGHT * 0.48 + 25 * math.sin(2 * turn + i)
            # Heads stand in strips of their own; what reaches beyond is cut.
            left, right = WIDTH * i // faces, WIDTH * (i + 1) // faces
            _paste(frame[:, left:right], head, round(x - left), round(y))
        if coded:
            _write_code(frame, number)
        yield frame


def _paste(canvas: ImageRgb, picture: ImageRgb, x: int, y: int) -> None:
    """Lay a picture on a canvas, centred at x, y."""
    left, top = x - picture.shape[1] // 2, y - picture.shape[0] // 2
    x0, y0 = max(left, 0), max(top, 0)
    x1 = min(left + picture.shape[1], canvas.shape[1])
    y1 = min(top + picture.shape[0], canvas.shape[0])
    canvas[y0:y1, x0:x1] = picture[y0 - top : y1 - top, x0 - left : x1 - left]


def _write_code(frame: ImageRgb, number: int) -> None:
    block = WIDTH // CODE_BITS
    for bit in range(CODE_BITS):
        shade = 255 if number >> bit & 1 else 0
        frame[-CODE_HEIGHT:, bit * block : (bit + 1) * block] = shade


def write_camera_file(path: Path, frames: Iterator[ImageRgb]) -> None:
    """Write a .y4m file, which Chromium's fake camera plays again and again."""
    with path.open("wb") as stream:
        header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n"
        stream.write(header.encode())
        for frame in frames:
            stream.write(b"FRAME\n")
            stream.write(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
