"""A picture as Pillow loads it, in any mode and orientation, becomes upright RGB pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from maskcore.types import ImageRgb

_PART_PIXELS = 1_000_000  # converted at a time
_AS_STORED = (False, 1, 1)
# EXIF orientation -> how the picture as stored lies in the upright one:
# axes swapped, then the step down its rows and the step along its columns.
_STORED_IN_UPRIGHT: dict[object, tuple[bool, int, int]] = {
    2: (False, 1, -1),
    3: (False, -1, -1),
    4: (False, -1, 1),
    5: (True, 1, 1),
    6: (True, -1, 1),
    7: (True, -1, -1),
    8: (True, 1, -1),
}


def upright_rgb(image: Image.Image) -> ImageRgb:
    """Turn a picture as its EXIF says, lay what is transparent on white, and make it RGB.

    Deep grey is scaled to 0..255: white is 65535 in 16-bit grey. 32-bit and floating-point
    pictures do not say what theirs is: it is the first of 1, 255, 65535 and 2**31 - 1 that the
    brightest pixel exceeds by no more than half (resampling overshoots), or failing all that
    pixel itself. 0 and below is black.

    Args:
        image: loaded, of any mode.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous, writable, the caller's own.
    """
    swapped, down, along = _stored_in_upright(image)
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16")
    white = _white(image) if deep else None
    width, height = image.size
    upright: ImageRgb = np.empty((width, height, 3) if swapped else (height, width, 3), np.uint8)
    stored = (upright.swapaxes(0, 1) if swapped else upright)[::down, ::along]
    for rows, columns, part in _parts(image):
        if white is not None:
            part = _grey_to_8_bits(part, white)
        stored[rows, columns] = np.asarray(_flat_rgb(part))
    return upright


def _parts(image: Image.Image) -> Iterator[tuple[slice, slice, Image.Image]]:
    """Rows, columns and the picture there, so that a large one is never held a third time."""
    width = min(image.width, _PART_PIXELS)
    height = _PART_PIXELS // width
    for top in range(0, image.height, height):
        for left in range(0, image.width, width):
            right, bottom = min(left + width, image.width), min(top + height, image.height)
            part = image.crop((left, top, right, bottom))
            yield slice(top, bottom), slice(left, right), part


def _stored_in_upright(image: Image.Image) -> tuple[bool, int, int]:
    try:
        return _STORED_IN_UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation), _AS_STORED)
    except Exception:  # a broken EXIF must not cost the picture
        return _AS_STORED


def _flat_rgb(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    if image.mode == "La":  # Pillow undoes premultiplied grey only on its way to LA
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(rgba, mask=rgba)
    return flat


def _white(image: Image.Image) -> float:
    """The value that is white in deep grey."""
    if image.mode.startswith("I;16"):
        return 65535.0
    brightest = 0.0
    for _, _, part in _parts(image):
        values = _grey(part)
        brightest = max(brightest, float(values.max(where=np.isfinite(values), initial=0)))
    steps = (1.0, 255.0, 65535.0, 2.0**31 - 1)
    return next((step for step in steps if brightest <= 1.5 * step), brightest)


def _grey(image: Image.Image) -> NDArray[np.float32]:
    values: NDArray[np.float32] = np.nan_to_num(np.asarray(image, np.float32), nan=0, posinf=np.inf)
    return values


def _grey_to_8_bits(image: Image.Image, white: float) -> Image.Image:
    """Scale deep grey to 0..255, its transparent value to white."""
    values = _grey(image)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        values[values == transparent] = np.inf
    return Image.fromarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))
