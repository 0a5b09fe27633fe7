"""A sample picture for visitors without a photo at hand."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from maskcore.drawing import draw_faces
from maskcore.images import encode_image
from maskcore.resizing import reduced
from maskcore.types import Face, ImageRgb
from ui.portrait import portrait

SAMPLE_NAME = "sample.png"
# What the shipped models find in it. They need not be loaded for its first sight.
SAMPLE_FACES = (
    Face((236, 169, 416, 360), 0.93, 0.006, "No Mask"),
    Face((882, 170, 1052, 341), 0.94, 0.990, "Mask"),
)
_SMALL_SIDE = 800


@cache
def sample_photo() -> bytes:
    """One portrait twice, bare and with a mask painted on, as a PNG file."""
    return encode_image(_sample_rgb(), "PNG")


@cache
def labelled_sample() -> bytes:
    """The sample as it comes out of the app, small, as a JPEG file."""
    return encode_image(reduced(draw_faces(_sample_rgb(), SAMPLE_FACES), _SMALL_SIDE), quality=85)


@cache
def _sample_rgb() -> ImageRgb:
    head = portrait()[:300, 60:380]
    bare = Image.fromarray(head).resize((640, 600), Image.Resampling.LANCZOS)
    return np.hstack([np.array(bare), np.array(with_painted_mask(bare))])


def with_painted_mask(portrait: Image.Image) -> Image.Image:
    """Paint a surgical mask over nose, mouth and chin of the sample's portrait.

    Drawn four times as large and reduced, which smooths every edge.
    """
    scale = 4
    layer = Image.new("RGBA", (portrait.width * scale, portrait.height * scale))
    draw = ImageDraw.Draw(layer)

    def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * scale, y * scale) for x, y in pairs]

    loops = [((262, 234), (238, 190)), ((400, 234), (420, 186))]
    loops += [((270, 296), (246, 262)), ((392, 296), (414, 258))]
    for loop in loops:
        draw.line(points(*loop), fill=(226, 236, 240, 255), width=3 * scale)
    outline = ((256, 226), (290, 220), (330, 210), (370, 220), (404, 226), (408, 262))
    outline += ((396, 298), (364, 322), (330, 330), (296, 322), (264, 298), (252, 262))
    draw.polygon(points(*outline), fill=(142, 190, 214, 255))
    for y in (246, 266, 286):
        fold = ((258, y), (330, y + 6), (402, y))
        draw.line(points(*fold), fill=(112, 160, 188, 255), width=2 * scale)
    draw.line(
        points((292, 222), (330, 213), (368, 222)), fill=(205, 226, 236, 255), width=3 * scale
    )
    smooth = layer.resize(portrait.size, Image.Resampling.LANCZOS)
    return Image.alpha_composite(portrait.convert("RGBA"), smooth).convert("RGB")
