"""Pictures made in code, but for the portrait that scikit-image ships."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pillow_heif
import skimage
from PIL import Image

Rgb = tuple[int, int, int]

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (20, 40, 210), (230, 220, 30)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
ASTRONAUT = Path(skimage.__file__).parent / "data" / "astronaut.png"


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, format="HEIF", **options)
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


def plain(colour: Rgb, size_wh: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("RGB", size_wh, colour)


def portrait(side: int = 128) -> Image.Image:
    with Image.open(ASTRONAUT) as image:
        return image.convert("RGB").resize((side, side))


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    size_wh: tuple[int, int],
    depth: int,
    colour_type: int,
    raw: bytes,
    transparency: bytes | None = None,
) -> bytes:
    """A PNG written by hand; `raw` holds its rows, each led by a filter byte."""
    header = struct.pack(">IIBBBBB", *size_wh, depth, colour_type, 0, 0, 0)
    extra = b"" if transparency is None else chunk(b"tRNS", transparency)
    data = chunk(b"IDAT", zlib.compress(raw, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + data + chunk(b"IEND", b"")
