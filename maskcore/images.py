"""Pictures in and out: bytes or a file become upright RGB pixels, and pixels become a file."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import re
import stat
import struct
import threading
import warnings
from io import BytesIO
from typing import IO, Literal

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from maskcore.errors import ImageError
from maskcore.types import ImageRgb
from maskcore.upright import upright_rgb

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
JPEG_MAX_SIDE = 65_500  # the format allows no more
IMAGE_SUFFIXES = frozenset(
    ".jpg .jpeg .jfif .mpo .png .webp .gif .bmp .tif .tiff .avif .heic .heif .hif".split()
)
# Progressive JPEGs come in about ten, and each goes over the whole picture.
_MAX_SCANS = 100
_MAX_MARKERS = 10_000
# A JPEG's bytes of image data are never these: there 0 or a restart follows a 255.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_TILE_SIDES = (322, 323)  # a TIFF's tags of its tiles' width and height
# An AVIF can hold far more pixels than it says, up to what its decoder takes, a gigabyte of memory:
# so one at a time, whoever brings them.
_ONE_AVIF = threading.Lock()
_DAMAGED = "This picture is damaged or incomplete. Choose another photo or another copy of it."
_SUFFIXES = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "AVIF": ".avif",
    "HEIF": ".heic",
}


def read_image(source: bytes | str | os.PathLike[str]) -> ImageRgb:
    """Decode a picture at full size, turned upright, transparency shown on white.

    JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF and HEIC are read, known by their content and not by
    their name; of several frames or pages the first (HEIC: the primary one). Colour profiles
    are not applied. How grey of more than 8 bits is scaled: see ``maskcore.upright``.

    Args:
        source: the encoded picture, or the path of its file; at most `MAX_BYTES` bytes and
            `MAX_PIXELS` pixels.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous, writable, the caller's own.

    Raises:
        ImageError: for whatever reason there is no picture; its text tells the user what to do.
    """
    try:
        data = source if isinstance(source, bytes) else _read_file(source)
        if not data:
            raise ImageError("This file is empty. Choose another photo.")
        _check_limit(len(data), MAX_BYTES, 2**20, "MB")
        with _open(BytesIO(data)) as image:
            if image.format in ("JPEG", "MPO") and _jpeg_scans(data) > _MAX_SCANS:
                raise ImageError(
                    "This JPEG is stored in far too many steps. "
                    "Save a copy of it with another program and try again."
                )
            with _ONE_AVIF if image.format == "AVIF" else contextlib.nullcontext():
                image.load()
            return upright_rgb(image)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            "This is not a picture Masklens can read. "
            "Use an undamaged JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP or TIFF."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ImageError(
            "This picture is too large to be opened. Save a smaller copy and try again."
        ) from error
    except Exception as error:  # decoders raise anything on damaged input: struct.error, KeyError
        raise ImageError(_DAMAGED) from error


def picture_suffix(data: bytes) -> str:
    """The usual suffix of a file with this content, e.g. ".jpg"; nothing is decoded.

    Args:
        data: the encoded picture.

    Raises:
        ImageError: it is none of `read_image`'s kinds, or too large for it.
    """
    _check_limit(len(data), MAX_BYTES, 2**20, "MB")
    try:
        with _open(BytesIO(data)) as image:
            return _SUFFIXES[str(image.format)]
    except ImageError:
        raise
    except Exception as error:  # decoders raise anything on damaged input
        raise ImageError("This is not a picture Masklens can read.") from error


def is_picture(path: str | os.PathLike[str]) -> bool:
    """Whether a regular file begins as one of `read_image`'s kinds does; nothing is decoded."""
    try:
        with open(path, "rb") as file, _open(file):
            return True
    except (ImageError, Image.DecompressionBombError):  # of too many pixels
        return True
    except Exception:  # decoders raise anything on what they do not know
        return False


def encode_image(
    image_rgb: ImageRgb, format: Literal["JPEG", "PNG"] = "JPEG", quality: int = 92
) -> bytes:
    """Encode pixels alone: no EXIF, no place, no date.

    Args:
        image_rgb: uint8 (H, W, 3), RGB, at least one pixel.
        format: JPEG is small, PNG exact.
        quality: of a JPEG, 1 (small) to 95 (good).

    Returns:
        The bytes of the file.

    Raises:
        ValueError: the array is not such a picture.
        ImageError: the picture does not fit the format (JPEG ends at `JPEG_MAX_SIDE`).
    """
    if image_rgb.dtype != np.uint8 or image_rgb.ndim != 3 or image_rgb.shape[2] != 3:
        raise ValueError(
            f"image_rgb must be uint8 (H, W, 3), got {image_rgb.dtype} {image_rgb.shape}"
        )
    if not image_rgb.size:
        raise ValueError(f"image_rgb must have at least one pixel, got shape {image_rgb.shape}")
    buffer = BytesIO()
    try:
        Image.fromarray(image_rgb).save(buffer, format, quality=quality)
    except OSError as error:
        raise ImageError(
            f"This picture is too wide or too high to be saved as {format}. Save a smaller copy."
        ) from error
    return buffer.getvalue()


def _read_file(path: str | os.PathLike[str]) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise ImageError("This is a folder, not a picture. Choose a picture inside it.")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
            raise OSError("not a regular file")
        with open(path, "rb") as file:
            _check_limit(os.fstat(file.fileno()).st_size, MAX_BYTES, 2**20, "MB")
            return file.read(MAX_BYTES + 1)  # it may be growing
    except FileNotFoundError as error:
        raise ImageError(
            "This file cannot be found. Check its name and choose it again."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise ImageError(
            "This file cannot be opened. Check its name and that you are allowed to read it."
        ) from error


def _check_limit(amount: int, limit: int, unit: int, unit_name: str) -> None:
    if amount > limit:
        raise ImageError(
            f"This picture has {math.ceil(amount / unit)} {unit_name}; at most {limit // unit} "
            "are accepted. Save a smaller copy and try again."
        )


def _jpeg_scans(data: bytes) -> int:
    """Over how many scans a JPEG spreads its picture, up to one too many.

    Of several pictures the first counts. One of very many markers has too many scans, too.

    Marker by marker: what is embedded, as small previews, or follows, as films, is passed over.
    """
    scans, markers, at = 0, 0, 2  # behind the first marker
    while found := _JPEG_MARKER.search(data, at):
        marker, at = found[0][1], found.end()
        if marker == 0xD9:  # the picture's end
            break
        scans += marker == 0xDA
        markers += 1
        if scans > _MAX_SCANS or markers > _MAX_MARKERS:
            return _MAX_SCANS + 1
        if marker not in (0x01, 0xD8):  # all but these begin with their length
            at += int.from_bytes(data[at : at + 2], "big")
    return scans


def _open(file: IO[bytes]) -> Image.Image:
    """Read how a picture begins.

    Raises:
        ImageError: more than `MAX_PIXELS` pixels.
        UnidentifiedImageError: no picture of a format that is read.
    """
    image = Image.open(file, formats=_formats())
    _check_limit(image.width * image.height, MAX_PIXELS, 10**6, "megapixels")
    if image.format == "TIFF":  # of which whole tiles are decoded, however little they show
        _check_limit(_tile_pixels(image, file), MAX_PIXELS, 10**6, "megapixels")
    return image


def _tile_pixels(image: Image.Image, file: IO[bytes]) -> int:
    """Of how many pixels each tile of a TIFF is; 0 of one in strips, which end with the picture.

    Raises:
        ImageError: it says so twice, or not as a number that Pillow knows. Of two Pillow takes the
            last, and libtiff, which decodes, the first.
    """
    sides = [image.tag_v2.get(tag) for tag in _TILE_SIDES]  # type: ignore[attr-defined]
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    # A BigTIFF has longer numbers.
    place, at, count, entry = ("Q", 8, "Q", 20) if 43 in head[2:4] else ("L", 4, "H", 12)
    file.seek(struct.unpack_from(order + place, head, at)[0])
    (entries,) = struct.unpack(order + count, file.read(struct.calcsize(order + count)))
    directory = file.read(min(entries, 2**16) * entry)
    tags = [directory[begin : begin + 2] for begin in range(0, len(directory), entry)]
    for tag, side in zip(_TILE_SIDES, sides, strict=True):
        if tags.count(struct.pack(f"{order}H", tag)) > isinstance(side, int):
            raise ImageError(_DAMAGED)
    return math.prod(side or 0 for side in sides)


@functools.cache
def _formats() -> tuple[str, ...]:
    """What Pillow may try; the MPO of phones opens as JPEG."""
    pillow_heif.register_heif_opener()
    # Of more pixels than are taken here, for which Pillow has a warning on standard error.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    return ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
