from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from maskcore.images import read_image
from maskcore.upright import upright_rgb
from tests.maskcore.made_pictures import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Rgb,
    encode,
    exif,
    plain,
    png,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of what is broken

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


def grey(values: list[float], dtype: str) -> Image.Image:
    return Image.fromarray(np.array([values], dtype))


def corners(colours: tuple[Rgb, ...], size_wh: tuple[int, int]) -> Image.Image:
    width, height = size_wh
    image = Image.new("RGB", size_wh)
    for place, colour in enumerate(colours):
        x, y = width // 2 * (place % 2), height // 2 * (place // 2)
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


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


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
@pytest.mark.parametrize("size_wh", [(3000, 3000), (9_000_000, 1)])
def test_deep_grey_is_converted_part_by_part(mode: str, size_wh: tuple[int, int]) -> None:
    picture = Image.new(mode, size_wh)
    picture.putpixel((size_wh[0] - 1, size_wh[1] - 1), 60_000)  # the last decides

    tracemalloc.start()
    try:
        image_rgb = upright_rgb(picture)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert image_rgb[-1, -1].tolist() == [233] * 3 and image_rgb.sum() == 3 * 233
    assert most_bytes < 2 * image_rgb.nbytes  # one copy of all in 32 bits would be too much


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
