"""Every picture here is made in code, but for the portrait that scikit-image ships."""

from __future__ import annotations

import io
import os
import random
import re
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import pillow_heif
import pytest
import skimage
from PIL import Image

from maskcore import images
from maskcore.errors import ImageError
from maskcore.images import (
    IMAGE_SUFFIXES,
    MAX_BYTES,
    MAX_PIXELS,
    encode_image,
    is_picture,
    picture_suffix,
    read_image,
)

pytestmark = [  # Pillow warns of what is wrong with a picture before it is refused
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]

Rgb = tuple[int, int, int]

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (20, 40, 210), (230, 220, 30)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC")
ASTRONAUT = Path(skimage.__file__).parent / "data" / "astronaut.png"

# The corners as stored (top left, top right, bottom left, bottom right), as a picture of
# top left RED, top right GREEN, bottom left BLUE, bottom right YELLOW lies under each EXIF
# orientation: "the 0th row is the visual ..., the 0th column the visual ..." (EXIF 2.32, 4.6.4).
STORED_CORNERS = {
    1: (RED, GREEN, BLUE, YELLOW),
    2: (GREEN, RED, YELLOW, BLUE),
    3: (YELLOW, BLUE, GREEN, RED),
    4: (BLUE, YELLOW, RED, GREEN),
    5: (RED, BLUE, GREEN, YELLOW),
    6: (GREEN, YELLOW, RED, BLUE),
    7: (YELLOW, GREEN, BLUE, RED),
    8: (BLUE, RED, YELLOW, GREEN),
}


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


def grey(values: list[float], dtype: str) -> Image.Image:
    return Image.fromarray(np.array([values], dtype))


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def corners(colours: tuple[Rgb, ...], size_wh: tuple[int, int]) -> Image.Image:
    width, height = size_wh
    image = Image.new("RGB", size_wh)
    for place, colour in enumerate(colours):
        x, y = width // 2 * (place % 2), height // 2 * (place // 2)
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


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


def palette_picture() -> Image.Image:
    image = Image.new("P", (4, 1))
    image.putpalette([*RED, *GREEN, *BLUE, *YELLOW])
    image.putdata([0, 1, 2, 3])
    return image


def premultiplied_grey() -> bytes:
    """A TIFF whose second channel is patched to be associated alpha (ExtraSamples 2 -> 1)."""
    data = encode(Image.new("LA", (4, 4), (100, 128)), "TIFF")
    patched = data.replace(struct.pack("<HHIH", 338, 3, 1, 2), struct.pack("<HHIH", 338, 3, 1, 1))
    assert patched != data
    return patched


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photo.jpg", encode(plain(RED), "JPEG"))
    return buffer.getvalue()


def heic_with_second_primary() -> bytes:
    buffer = io.BytesIO()
    heif = pillow_heif.from_pillow(plain(RED, (64, 64)))
    heif.add_from_pillow(plain(BLUE, (64, 64)))
    heif.save(buffer, format="HEIF", primary_index=1)
    return buffer.getvalue()


def refusal(source: bytes | str | os.PathLike[str]) -> str:
    """The sentence a refused picture earns, once it is known to be fit for a user."""
    with pytest.raises(ImageError) as caught:
        read_image(source)
    message = str(caught.value)
    assert caught.type is ImageError
    assert re.fullmatch(r"This [^.]+\. [A-Z][^.]+\.", message) and len(message) < 130, message
    assert not re.search(r"error|exception|PIL|0x|None|/|\\|\[", message, re.IGNORECASE), message
    return message


# name -> the file, size as read, some pixels as {(x, y): colour}
ODD: dict[str, tuple[Callable[[], bytes], tuple[int, int], dict[tuple[int, int], Rgb]]] = {
    "CMYK JPEG, inverted as Adobe does": (
        lambda: encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"),
        (16, 16),
        {(8, 8): (255, 0, 0)},
    ),
    "CMYK TIFF, not inverted": (
        lambda: encode(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF"),
        (4, 4),
        {(0, 0): (0, 255, 255)},
    ),
    "YCbCr TIFF": (lambda: encode(plain(RED).convert("YCbCr"), "TIFF"), (16, 16), {(8, 8): RED}),
    "LAB TIFF": (lambda: encode(plain(RED).convert("LAB"), "TIFF"), (16, 16), {(8, 8): RED}),
    "grey JPEG": (
        lambda: encode(Image.new("L", (16, 16), 77), "JPEG"),
        (16, 16),
        {(3, 3): (77, 77, 77)},
    ),
    "1-bit PNG": (
        lambda: encode(Image.fromarray(np.array([[True, False]])), "PNG"),
        (2, 1),
        {(0, 0): WHITE, (1, 0): BLACK},
    ),
    "16-bit grey PNG": (
        lambda: encode(grey([0, 32896, 65535, 255], "<u2"), "PNG"),
        (4, 1),
        {(0, 0): BLACK, (1, 0): (128, 128, 128), (2, 0): WHITE, (3, 0): (1, 1, 1)},
    ),
    "16-bit colour PNG": (
        lambda: png((1, 1), 16, 2, b"\0" + struct.pack(">3H", 32896, 65535, 0)),
        (1, 1),
        {(0, 0): (128, 255, 0)},
    ),
    "16-bit grey PNG with a transparent value": (
        lambda: png((2, 1), 16, 0, b"\0" + struct.pack(">2H", 300, 32896), struct.pack(">H", 300)),
        (2, 1),
        {(0, 0): WHITE, (1, 0): (128, 128, 128)},
    ),
    "16-bit TIFF, Intel order": (
        lambda: encode(grey([0, 32896, 65535], "<u2"), "TIFF"),
        (3, 1),
        {(0, 0): BLACK, (1, 0): (128, 128, 128), (2, 0): WHITE},
    ),
    "16-bit TIFF, Motorola order": (
        lambda: encode(grey([0, 32896, 65535], ">u2"), "TIFF"),
        (3, 1),
        {(0, 0): BLACK, (1, 0): (128, 128, 128), (2, 0): WHITE},
    ),
    "32-bit TIFF of 8-bit values": (
        lambda: encode(grey([-5, 100, 255], "<i4"), "TIFF"),
        (3, 1),
        {(0, 0): BLACK, (1, 0): (100, 100, 100), (2, 0): WHITE},
    ),
    "32-bit TIFF of 16-bit values": (
        lambda: encode(grey([0, 32896, 60000], "<i4"), "TIFF"),
        (3, 1),
        {(0, 0): BLACK, (1, 0): (128, 128, 128), (2, 0): (233, 233, 233)},
    ),
    "float TIFF up to 1, overshooting, with a hole and an infinity": (
        lambda: encode(grey([0.5, 1.1, -0.1, np.nan, np.inf, 0.25], "<f4"), "TIFF"),
        (6, 1),
        {
            (0, 0): (128, 128, 128),
            (1, 0): WHITE,
            (2, 0): BLACK,
            (3, 0): BLACK,
            (4, 0): WHITE,
            (5, 0): (64, 64, 64),
        },
    ),
    "float TIFF up to 255": (
        lambda: encode(grey([100, 200], "<f4"), "TIFF"),
        (2, 1),
        {(0, 0): (100, 100, 100), (1, 0): (200, 200, 200)},
    ),
    "float TIFF beyond every scale": (
        lambda: encode(grey([1e12, 2e12], "<f4"), "TIFF"),
        (2, 1),
        {(0, 0): (128, 128, 128), (1, 0): WHITE},
    ),
    "black float TIFF": (
        lambda: encode(grey([0, 0], "<f4"), "TIFF"),
        (2, 1),
        {(0, 0): BLACK, (1, 0): BLACK},
    ),
    "palette": (
        lambda: encode(palette_picture(), "PNG"),
        (4, 1),
        {(0, 0): RED, (1, 0): GREEN, (2, 0): BLUE, (3, 0): YELLOW},
    ),
    "palette with one transparent colour": (
        lambda: encode(palette_picture(), "PNG", transparency=2),
        (4, 1),
        {(0, 0): RED, (2, 0): WHITE, (3, 0): YELLOW},
    ),
    "palette with an alpha per colour": (
        lambda: encode(palette_picture(), "PNG", transparency=bytes([255, 0, 255, 128])),
        (4, 1),
        {(0, 0): RED, (1, 0): WHITE, (2, 0): BLUE, (3, 0): (242, 237, 142)},
    ),
    "palette with an alpha channel": (
        lambda: encode(Image.new("RGBA", (4, 4), (*RED, 0)).convert("PA"), "TIFF"),
        (4, 4),
        {(0, 0): WHITE},
    ),
    "transparent GIF": (
        lambda: encode(palette_picture(), "GIF", transparency=0),
        (4, 1),
        {(0, 0): WHITE, (1, 0): GREEN},
    ),
    "RGBA": (
        lambda: encode(Image.new("RGBA", (4, 4), (0, 0, 0, 51)), "PNG"),
        (4, 4),
        {(0, 0): (204, 204, 204)},
    ),
    "LA": (
        lambda: encode(Image.new("LA", (4, 4), (0, 128)), "PNG"),
        (4, 4),
        {(0, 0): (127, 127, 127)},
    ),
    "LA, premultiplied": (premultiplied_grey, (4, 4), {(0, 0): (227, 227, 227)}),
    "RGB with a transparent colour": (
        lambda: png((2, 1), 8, 2, bytes([0, *RED, *BLUE]), struct.pack(">3H", *RED)),
        (2, 1),
        {(0, 0): WHITE, (1, 0): BLUE},
    ),
    "grey with a transparent value": (
        lambda: png((2, 1), 8, 0, bytes([0, 10, 20]), struct.pack(">H", 10)),
        (2, 1),
        {(0, 0): WHITE, (1, 0): (20, 20, 20)},
    ),
    "transparent AVIF": (
        lambda: encode(Image.new("RGBA", (32, 32), (*RED, 0)), "AVIF"),
        (32, 32),
        {(16, 16): WHITE},
    ),
    "transparent HEIC": (
        lambda: encode(Image.new("RGBA", (64, 64), (*RED, 0)), "HEIC"),
        (64, 64),
        {(32, 32): WHITE},
    ),
    "one pixel": (lambda: encode(plain(RED, (1, 1)), "PNG"), (1, 1), {(0, 0): RED}),
    "one pixel wide": (
        lambda: encode(plain(RED, (1, 20000)), "PNG"),
        (1, 20000),
        {(0, 0): RED, (0, 19999): RED},
    ),
    "one pixel high": (
        lambda: encode(plain(RED, (20000, 1)), "JPEG"),
        (20000, 1),
        {(0, 0): RED, (19999, 0): RED},
    ),
    "animated GIF": (
        lambda: encode(plain(RED), "GIF", save_all=True, append_images=[plain(BLUE)]),
        (16, 16),
        {(8, 8): RED},
    ),
    "animated WEBP": (
        lambda: encode(plain(RED), "WEBP", save_all=True, append_images=[plain(BLUE)]),
        (16, 16),
        {(8, 8): RED},
    ),
    "multi-page TIFF": (
        lambda: encode(plain(RED), "TIFF", save_all=True, append_images=[plain(BLUE, (9, 9))]),
        (16, 16),
        {(8, 8): RED},
    ),
    "MPO of a phone": (
        lambda: encode(plain(RED), "MPO", save_all=True, append_images=[plain(BLUE)]),
        (16, 16),
        {(8, 8): RED},
    ),
    "HEIC whose second picture is the primary one": (
        heic_with_second_primary,
        (64, 64),
        {(32, 32): BLUE},
    ),
    "PNG with garbage behind it": (
        lambda: encode(plain(RED), "PNG") + b"<script>garbage</script>" * 50,
        (16, 16),
        {(8, 8): RED},
    ),
    "JPEG with garbage behind it": (
        lambda: encode(plain(RED), "JPEG") + bytes(1000),
        (16, 16),
        {(8, 8): RED},
    ),
    "progressive JPEG": (
        lambda: encode(plain(RED), "JPEG", progressive=True),
        (16, 16),
        {(8, 8): RED},
    ),
    "JPEG of MAX_BYTES": (
        lambda: encode(plain(RED), "JPEG").ljust(MAX_BYTES, b"\0"),
        (16, 16),
        {(8, 8): RED},
    ),
    **{
        f"{format} with broken EXIF {broken[:20]!r}": (
            lambda format=format, broken=broken: encode(plain(RED, (64, 64)), format, exif=broken),
            (64, 64),
            {(8, 8): RED},
        )
        for format in ("JPEG", "PNG", "WEBP", "HEIC")
        for broken in (
            b"garbage",
            b"Exif\0\0garbage",
            b"Exif\0\0II*\0\xff\xff\xff\xff",
            b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03\0\0\0\x01",
        )
    },
    "JPEG with an orientation there is not": (
        lambda: encode(corners(STORED_CORNERS[1], (48, 32)), "JPEG", exif=exif(9)),
        (48, 32),
        {(4, 4): RED, (44, 4): GREEN},
    ),
}

NOT_A_PICTURE = (
    "This is not a picture Masklens can read. "
    "Use an undamaged JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP or TIFF."
)
DAMAGED = "This picture is damaged or incomplete. Choose another photo or another copy of it."
TOO_LARGE = "This picture is too large to be opened. Save a smaller copy and try again."

# name -> the file, the whole sentence
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "This file is empty. Choose another photo."),
    "one byte": (lambda: b"\xff", NOT_A_PICTURE),
    "text": (lambda: b"Dear diary, today I did not take a photo.\n" * 20, NOT_A_PICTURE),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9"/>', NOT_A_PICTURE),
    "HTML": (lambda: b"<!doctype html><title>404 Not Found</title>", NOT_A_PICTURE),
    "PDF": (lambda: encode(plain(RED), "PDF"), NOT_A_PICTURE),
    "ZIP": (zipped, NOT_A_PICTURE),
    "random bytes": (lambda: random.Random(0).randbytes(5000), NOT_A_PICTURE),
    "zeros": (lambda: bytes(5000), NOT_A_PICTURE),
    "PostScript, which Pillow would hand to Ghostscript": (
        lambda: encode(plain(RED), "EPS"),
        NOT_A_PICTURE,
    ),
    "PPM, which Pillow would read": (lambda: encode(plain(RED), "PPM"), NOT_A_PICTURE),
    "ICO, which Pillow would read": (lambda: encode(plain(RED), "ICO"), NOT_A_PICTURE),
    "JPEG 2000, which Pillow would read": (
        lambda: encode(plain(RED), "JPEG2000"),
        NOT_A_PICTURE,
    ),
    "0 pixels wide": (lambda: png((0, 5), 8, 2, b""), NOT_A_PICTURE),
    "JPEG signature alone": (lambda: b"\xff\xd8\xff\xe0", NOT_A_PICTURE),
    "PNG without its pixels": (lambda: png((8, 8), 8, 2, b""), DAMAGED),
    "PNG with a flipped bit": (
        lambda: encode(portrait(), "PNG").replace(b"IDAT\x78", b"IDAT\x79"),
        DAMAGED,
    ),
    "TIFF cut behind its directory": (
        lambda: encode(plain(RED), "TIFF")[:300],
        DAMAGED,
    ),
    "100 megapixels in 12 KB": (
        lambda: png((10_000, 10_000), 1, 0, bytes(10_000 * 1251)),
        "This picture has 100 megapixels; at most 50 are accepted. "
        "Save a smaller copy and try again.",
    ),
    # Nothing to decode here: without a look at the header alone these would be "damaged".
    "100 megapixels, header alone": (
        lambda: png((10_000, 10_000), 8, 6, b""),
        "This picture has 100 megapixels; at most 50 are accepted. "
        "Save a smaller copy and try again.",
    ),
    "one row over the limit, header alone": (
        lambda: png((10_000, MAX_PIXELS // 10_000 + 1), 8, 2, b""),
        "This picture has 51 megapixels; at most 50 are accepted. "
        "Save a smaller copy and try again.",
    ),
    "the very limit, header alone": (
        lambda: png((10_000, MAX_PIXELS // 10_000), 1, 0, b""),
        DAMAGED,
    ),
    "400 megapixels": (lambda: png((20_000, 20_000), 8, 2, b""), TOO_LARGE),
    "2 billion pixels a side": (lambda: png((2**31 - 1, 2**31 - 1), 8, 2, b""), TOO_LARGE),
    "one byte over 25 MB": (
        lambda: encode(plain(RED), "JPEG").ljust(MAX_BYTES + 1, b"\0"),
        "This picture has 26 MB; at most 25 are accepted. Save a smaller copy and try again.",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_picture_is_read(name: str) -> None:
    make, size_wh, pixels = ODD[name]

    data = make()
    image_rgb = read_image(data)

    assert image_rgb.shape == (size_wh[1], size_wh[0], 3)
    assert image_rgb.dtype == np.uint8
    assert image_rgb.flags.c_contiguous and image_rgb.flags.writeable and image_rgb.flags.owndata
    tolerance = 0 if data.startswith(b"\x89PNG") else 3
    for (x, y), colour in pixels.items():
        found = image_rgb[y, x].astype(int)
        np.testing.assert_allclose(found, colour, atol=tolerance, err_msg=f"{x, y}")


@pytest.mark.parametrize("name", REFUSED)
def test_bad_file_is_refused(name: str) -> None:
    make, sentence = REFUSED[name]

    assert refusal(make()) == sentence


@pytest.mark.parametrize("format", FORMATS)
def test_half_a_file_is_refused(format: str) -> None:
    whole = encode(portrait(), format)

    # HEIC and AVIF keep no trustworthy header without the rest.
    assert refusal(whole[: len(whole) // 2]) in (DAMAGED, NOT_A_PICTURE)
    if format in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):
        assert refusal(whole[: len(whole) // 2]) == DAMAGED


@pytest.mark.parametrize("format", FORMATS)
def test_flipped_bits_are_read_or_refused(format: str) -> None:
    whole = encode(portrait(64), format)
    for seed in range(40):
        chance = random.Random(seed)
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            end = len(whole) if seed % 2 else min(len(whole), 300)
            flipped[chance.randrange(end)] ^= 1 << chance.randrange(8)
        try:
            image_rgb = read_image(bytes(flipped))
        except ImageError:
            continue
        assert image_rgb.dtype == np.uint8 and image_rgb.ndim == 3 and image_rgb.shape[2] == 3


def test_running_out_of_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(images, "_upright_rgb", no_memory)

    assert refusal(encode(plain(RED), "PNG")) == TOO_LARGE


@pytest.mark.parametrize("action", ["error", "always"])
def test_a_bomb_is_refused_in_words_alone_and_pillow_does_not_warn(
    action: Literal["error", "always"],
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter(action)
        images._formats.cache_clear()  # as at the first picture of a process
        for look in (read_image, picture_suffix):
            with pytest.raises(ImageError, match="^This picture has 136 megapixels; at most 50"):
                look(png((13_600, 10_000), 8, 2, b""))

    assert warned == []


def test_refusal_is_chained_to_its_cause() -> None:
    with pytest.raises(ImageError) as caught:
        read_image(encode(portrait(), "JPEG")[:2000])

    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("orientation", STORED_CORNERS)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_every_orientation_comes_out_upright(format: str, orientation: int) -> None:
    stored_wh = (96, 64) if orientation < 5 else (64, 96)
    stored = corners(STORED_CORNERS[orientation], stored_wh)

    image_rgb = read_image(encode(stored, format, exif=exif(orientation).tobytes()))

    assert image_rgb.shape == (64, 96, 3) and image_rgb.flags.c_contiguous
    found = [image_rgb[16, 24], image_rgb[16, 72], image_rgb[48, 24], image_rgb[48, 72]]
    np.testing.assert_allclose(np.array(found, int), [RED, GREEN, BLUE, YELLOW], atol=4)


def test_deep_grey_is_turned_too() -> None:
    stored = Image.fromarray(np.array([[0, 65535, 32896]], "<u2"))

    image_rgb = read_image(encode(stored, "PNG", exif=exif(8)))

    assert image_rgb[:, :, 0].tolist() == [[128], [255], [0]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_large_picture_keeps_every_pixel(mode: str, orientation: int) -> None:
    """Larger than one conversion strip, and not a whole number of them."""
    rows, columns = np.mgrid[:1301, :1703]
    level = ((rows * 7 + columns * 3) % 251).astype(np.uint8)
    if mode == "RGB":
        picture = Image.fromarray(np.dstack([level, level[::-1], level[:, ::-1]]))
    elif mode == "RGBA":
        picture = Image.fromarray(np.dstack([level] * 3 + [np.full_like(level, 255)]))
    elif mode == "I;16":
        picture = Image.fromarray(level.astype("<u2") * 257)
    else:
        picture = Image.fromarray(level)
        if mode == "P":
            picture.putpalette([value for value in range(256) for _ in range(3)])
    pixels = np.array(picture)[..., :3] if mode.startswith("RGB") else np.dstack([level] * 3)

    image_rgb = read_image(encode(picture, "PNG", exif=exif(orientation), compress_level=1))

    np.testing.assert_array_equal(image_rgb, pixels if orientation == 1 else np.rot90(pixels, -1))


@pytest.mark.parametrize("format", FORMATS)
def test_photo_survives_each_format(format: str) -> None:
    image_rgb = read_image(encode(portrait(), format))

    off = np.abs(image_rgb.astype(int) - np.asarray(portrait()))
    assert image_rgb.shape == (128, 128, 3)
    assert off.mean() < (0.01 if format in ("PNG", "BMP", "TIFF") else 9)


@pytest.mark.parametrize(
    "name",
    [
        "photo.jpg",
        "PHOTO.PNG",
        "no suffix",
        "wrong.txt",
        "\u05ea\u05de\u05d5\u05e0\u05d4 \u0635\u0648\u0631\u0629.jpg",
        "\u202egpj.exe",
        "\U0001f637 mask [1] %20.jpg",
        "a" * 251 + ".jpg",
    ],
)
def test_sources_agree_whatever_the_name(tmp_path: Path, name: str) -> None:
    data = encode(portrait(), "JPEG")
    path = tmp_path / name
    path.write_bytes(data)

    expected = read_image(data)

    np.testing.assert_array_equal(read_image(path), expected)
    np.testing.assert_array_equal(read_image(str(path)), expected)


CANNOT_OPEN = "This file cannot be opened. Check its name and that you are allowed to read it."
CANNOT_FIND = "This file cannot be found. Check its name and choose it again."


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("missing.jpg", CANNOT_FIND),
        ("missing folder/photo.jpg", CANNOT_FIND),
        ("", CANNOT_FIND),
        ("a" * 300 + ".jpg", CANNOT_OPEN),
        ("photo\0.jpg", CANNOT_OPEN),
        (".", "This is a folder, not a picture. Choose a picture inside it."),
    ],
)
def test_path_without_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert refusal(path) == sentence


def test_text_named_jpg_is_refused_without_its_path(tmp_path: Path) -> None:
    path = tmp_path / "secret-client.jpg"
    path.write_text("not a photo")

    assert refusal(path) == NOT_A_PICTURE


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(plain(RED), "JPEG"))
    monkeypatch.setattr(images, "open", deny, raising=False)

    assert refusal(path) == CANNOT_OPEN


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "photo.jpg")

    assert refusal(tmp_path / "photo.jpg") == CANNOT_OPEN


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    with path.open("wb") as file:
        file.truncate(2**36)  # sparse: reading it would take 64 GB

    assert refusal(path) == (
        "This picture has 65536 MB; at most 25 are accepted. Save a smaller copy and try again."
    )


def test_threads_read_the_same(tmp_path: Path) -> None:
    sources = [encode(portrait(), format) for format in FORMATS] * 4

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read_image, sources))

    for source, image_rgb in zip(sources, together, strict=True):
        np.testing.assert_array_equal(image_rgb, read_image(source))


def test_encoded_picture_carries_no_place() -> None:
    tags = exif(1)
    tags[0x010F] = "PhoneMaker"
    tags.get_ifd(0x8825)[1] = "N"
    data = encode(portrait(), "JPEG", exif=tags)
    assert b"Exif" in data and b"PhoneMaker" in data

    for format in ("JPEG", "PNG"):
        encoded = encode_image(read_image(data), format)
        with Image.open(io.BytesIO(encoded)) as image:
            assert image.format == format
            assert not image.getexif() and "exif" not in image.info
        assert b"Exif" not in encoded and b"eXIf" not in encoded and b"PhoneMaker" not in encoded


def test_png_is_exact_and_jpeg_close() -> None:
    image_rgb = np.array(portrait())

    np.testing.assert_array_equal(read_image(encode_image(image_rgb, "PNG")), image_rgb)
    off = np.abs(read_image(encode_image(image_rgb)).astype(int) - image_rgb)
    assert 0 < off.mean() < 5
    assert len(encode_image(image_rgb, quality=30)) < len(encode_image(image_rgb, quality=92)) / 2


def test_view_is_encoded_as_it_looks() -> None:
    image_rgb = np.array(portrait())

    encoded = encode_image(image_rgb[::2, ::-1], "PNG")

    np.testing.assert_array_equal(read_image(encoded), image_rgb[::2, ::-1])


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_only_rgb_pixels_are_encoded(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"image_rgb must .*, got .*\(\d"):
        encode_image(wrong)


def test_picture_too_long_for_jpeg_is_refused() -> None:
    long_rgb = np.zeros((70_000, 1, 3), np.uint8)

    with pytest.raises(ImageError, match="too high to be saved as JPEG. Save a smaller copy"):
        encode_image(long_rgb)
    assert read_image(encode_image(long_rgb, "PNG")).shape == (70_000, 1, 3)


def test_suffixes_are_lower_case_and_cover_every_format() -> None:
    assert all(re.fullmatch(r"\.[a-z]+", suffix) for suffix in IMAGE_SUFFIXES)
    assert IMAGE_SUFFIXES >= {f".{format.lower()}" for format in FORMATS} | {".jpg", ".tif"}
    assert not IMAGE_SUFFIXES & {".svg", ".pdf", ".eps", ".ico", ".txt", ".zip"}


def test_importing_does_nothing_and_needs_little() -> None:
    code = (  # the package itself imports more: an empty one stands in for it
        "import sys, types; package = sys.modules['maskcore'] = types.ModuleType('maskcore'); "
        "package.__path__ = ['maskcore']; import maskcore.images; from PIL import Image; "
        "print([name for name in ('cv2', 'streamlit', 'tensorflow') if name in sys.modules], "
        "'HEIF' in Image.OPEN, Image.MAX_IMAGE_PIXELS)"
    )
    root = Path(images.__file__).parents[1]

    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    ).stdout

    assert shown == "[] False 89478485\n"


@pytest.mark.parametrize(
    ("format", "suffix"),
    [
        ("JPEG", ".jpg"),
        ("PNG", ".png"),
        ("WEBP", ".webp"),
        ("GIF", ".gif"),
        ("BMP", ".bmp"),
        ("TIFF", ".tif"),
        ("AVIF", ".avif"),
        ("HEIF", ".heic"),
    ],
)
def test_the_suffix_is_that_of_the_content(format: str, suffix: str) -> None:
    assert picture_suffix(encode(plain(RED), format)) == suffix
    assert suffix in IMAGE_SUFFIXES


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_is_known_by_how_it_begins(tmp_path: Path, format: str) -> None:
    path = tmp_path / "noext"
    path.write_bytes(encode(plain(RED), format))

    assert is_picture(path)


@pytest.mark.parametrize("side", [10_000, 20_000])
def test_a_picture_with_too_many_pixels_is_one(tmp_path: Path, side: int) -> None:
    path = tmp_path / "noext"
    path.write_bytes(png((side, side), 8, 2, b""))

    assert is_picture(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"BMW and other cars", b"\xff\xd8\xff", zipped(), bytes(5000)]
)
def test_what_begins_otherwise_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noext"
    path.write_bytes(content)

    assert not is_picture(path) and not is_picture(tmp_path / "missing")


@pytest.mark.parametrize("data", [b"", b"hello", zipped(), bytes(MAX_BYTES + 1)])
def test_no_picture_has_no_suffix(data: bytes) -> None:
    with pytest.raises(ImageError):
        picture_suffix(data)


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    wide = png((MAX_PIXELS // 100 + 1, 100), 8, 0, b"")
    with pytest.raises(ImageError, match="megapixels"):
        picture_suffix(wide)
