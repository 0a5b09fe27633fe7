"""Files as visitors bring them."""

from __future__ import annotations

import io
import zipfile

from PIL import Image


def grey(shade: int, width: int = 60, height: int = 60, format: str = "PNG") -> bytes:
    """A picture of one grey, 0..255."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (shade,) * 3).save(stream, format)
    return stream.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    """A ZIP archive of these files, by their names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
