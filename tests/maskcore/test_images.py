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
from typing import Any, Literal

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile

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
from tests.maskcore.made_pictures import BLUE, RED, Rgb, encode, exif, plain, png, portrait

pytestmark = [  # Pillow warns of what is wrong with a picture before it is refused
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC")


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


def progressive_jpeg(times: int, before: bytes = b"", behind: bytes = b"") -> bytes:
    """A JPEG whose last scan, of ten, stands there so many times.

    Args:
        times: the last scan's.
        before: of a comment before the picture.
        behind: it ends.
    """
    data = encode(plain(RED), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xc4")  # the table that it begins with
    assert data.count(b"\xff\xda") == 10 and data.count(b"\xff\xda", last) == 1
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(before)) + before
    return data[:2] + comment + data[2:last] + data[last:-2] * times + data[-2:] + behind


def tiled_tiff(
    size_wh: tuple[int, int], *tiles_wh: tuple[int, int], big: bool = False, kind: int = 4
) -> bytes:
    """A red TIFF of one tile.

    Args:
        size_wh: the picture's.
        tiles_wh: the tile's, which is said so often; the first is true.
        big: whether it is a BigTIFF.
        kind: of the numbers of the tile, in TIFF's way of counting.
    """
    width, height = tiles_wh[0]
    many = width * height > 2**22  # to be refused unread
    data = b"" if many else zlib.compress(bytes(RED) * (width * height))
    place = "Q" if big else "L"
    entries = [(256, size_wh[0]), (257, size_wh[1]), (258, 8), (259, 8), (262, 2), (277, 3)]
    entries += [(322, wide) for wide, _ in tiles_wh] + [(323, high) for _, high in tiles_wh]
    head = (
        struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) if big else struct.pack("<2sHL", b"II", 42, 8)
    )
    count = len(entries) + 2
    end = len(head) + (8 + count * 20 + 8 if big else 2 + count * 12 + 4)
    entries += [(324, end), (325, len(data))]
    directory = b"".join(
        struct.pack(f"<HH{place}{place}", tag, kind if tag in (322, 323) else 4, 1, value)
        for tag, value in entries
    )
    return (
        head + struct.pack("<Q" if big else "<H", count) + directory + bytes(8 if big else 4) + data
    )


# name -> the file, the size and the one colour that are read
KINDS: dict[str, tuple[Callable[[], bytes], tuple[int, int], Rgb]] = {
    "one pixel": (lambda: encode(plain(RED, (1, 1)), "PNG"), (1, 1), RED),
    **{
        f"{format} of several pictures, the first of which counts": (
            lambda format=format: encode(
                plain(RED), format, save_all=True, append_images=[plain(BLUE)]
            ),
            (16, 16),
            RED,
        )
        for format in ("GIF", "WEBP", "MPO")
    },
    "multi-page TIFF": (
        lambda: encode(plain(RED), "TIFF", save_all=True, append_images=[plain(BLUE, (9, 9))]),
        (16, 16),
        RED,
    ),
    "TIFF of a tile larger than itself": (lambda: tiled_tiff((9, 9), (16, 16)), (9, 9), RED),
    "BigTIFF of a tile": (lambda: tiled_tiff((16, 16), (16, 16), big=True), (16, 16), RED),
    "HEIC whose second picture is the primary one": (heic_with_second_primary, (64, 64), BLUE),
    "PNG with garbage behind it": (
        lambda: encode(plain(RED), "PNG") + b"<script>garbage</script>" * 50,
        (16, 16),
        RED,
    ),
    "JPEG with garbage behind it": (
        lambda: encode(plain(RED), "JPEG") + bytes(1000),
        (16, 16),
        RED,
    ),
    "progressive JPEG": (lambda: encode(plain(RED), "JPEG", progressive=True), (16, 16), RED),
    "JPEG of 100 scans": (lambda: progressive_jpeg(91), (16, 16), RED),
    "progressive JPEG with what looks like scans in a comment and behind it": (
        lambda: progressive_jpeg(1, b"\xff\xda" * 101, b"\xff\xda\0\x08" * 101),
        (16, 16),
        RED,
    ),
    "JPEG of MAX_BYTES": (
        lambda: encode(plain(RED), "JPEG").ljust(MAX_BYTES, b"\0"),
        (16, 16),
        RED,
    ),
}

NOT_A_PICTURE = (
    "This is not a picture Masklens can read. "
    "Use an undamaged JPEG, PNG, WEBP, HEIC, AVIF, GIF, BMP or TIFF."
)
DAMAGED = "This picture is damaged or incomplete. Choose another photo or another copy of it."
TOO_MANY_STEPS = (
    "This JPEG is stored in far too many steps. "
    "Save a copy of it with another program and try again."
)
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
    "JPEG of 101 scans": (lambda: progressive_jpeg(92), TOO_MANY_STEPS),
    "JPEG of 509 scans": (lambda: progressive_jpeg(500), TOO_MANY_STEPS),
    "JPEG of 10,000 comments": (
        lambda: progressive_jpeg(1).replace(b"\xff\xfe", b"\xff\xfe\0\2" * 9_999 + b"\xff\xfe", 1),
        TOO_MANY_STEPS,
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
    "TIFF of a small picture in a tile of 268 megapixels": (
        lambda: tiled_tiff((64, 64), (16_384, 16_384)),
        "This picture has 269 megapixels; at most 50 are accepted. "
        "Save a smaller copy and try again.",
    ),
    "TIFF that says twice how large its tile is": (
        lambda: tiled_tiff((64, 64), (1024, 1024), (64, 64)),
        DAMAGED,
    ),
    "TIFF whose tile is as wide as a text": (
        lambda: tiled_tiff((64, 64), (65, 3 * 2**20), kind=2),
        DAMAGED,
    ),
    "BigTIFF whose tile is as large as numbers that only libtiff knows": (
        lambda: tiled_tiff((64, 64), (16_384, 16_384), big=True, kind=17),
        DAMAGED,
    ),
    "BigTIFF that says twice how large its tile is": (
        lambda: tiled_tiff((64, 64), (1024, 1024), (64, 64), big=True),
        DAMAGED,
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


@pytest.mark.parametrize("name", KINDS)
def test_picture_of_every_kind_is_read(name: str) -> None:
    make, (width, height), colour = KINDS[name]

    image_rgb = read_image(make())

    assert image_rgb.shape == (height, width, 3)
    off = np.abs(image_rgb.astype(int) - colour)
    assert off.max() <= (0 if "PNG" in name or name == "one pixel" else 6)


@pytest.mark.parametrize("name", REFUSED)
def test_bad_file_is_refused(name: str) -> None:
    make, sentence = REFUSED[name]

    assert refusal(make()) == sentence


@pytest.mark.parametrize(("format", "alone"), [("AVIF", True), ("PNG", False)])
def test_avif_are_decoded_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, format: str, alone: bool
) -> None:
    """They can have far more pixels than they say."""
    held: list[bool] = []
    load = ImageFile.ImageFile.load

    def noted(image: ImageFile.ImageFile) -> Any:
        held.append(images._ONE_AVIF.locked())
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)
    read_image(encode(plain(RED), format))
    assert held[0] is alone
    assert not images._ONE_AVIF.locked()


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

    monkeypatch.setattr(images, "upright_rgb", no_memory)

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
        *zip(FORMATS, ".jpg .png .webp .gif .bmp .tif .avif .heic".split(), strict=True),
        ("MPO", ".jpg"),
    ],
)
def test_a_picture_is_known_by_its_content(tmp_path: Path, format: str, suffix: str) -> None:
    path = tmp_path / "noext"
    path.write_bytes(encode(plain(RED), format))

    assert is_picture(path)
    assert picture_suffix(path.read_bytes()) == suffix
    assert suffix in IMAGE_SUFFIXES


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


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (zipped(), "not a picture"),
        (bytes(MAX_BYTES + 1), "26 MB"),
        (png((MAX_PIXELS // 100 + 1, 100), 8, 0, b""), "51 megapixels"),  # without any of them
    ],
)
def test_no_picture_has_no_suffix(data: bytes, complaint: str) -> None:
    with pytest.raises(ImageError, match=complaint):
        picture_suffix(data)
