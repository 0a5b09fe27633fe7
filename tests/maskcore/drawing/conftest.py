"""What is drawn, noted."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import ImageDraw

from maskcore.types import Box


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Box]]:
    """Text and place of every label drawn, in the order of the faces."""
    drawn: list[tuple[str, Box]] = []
    filled: list[Box] = []
    rectangle = ImageDraw.ImageDraw.rectangle

    def fill(self: ImageDraw.ImageDraw, box: Box, **options: Any) -> None:
        if "fill" in options:
            filled.append(box)
        rectangle(self, box, **options)

    def write(self: ImageDraw.ImageDraw, xy: Any, text: str, **_: Any) -> None:
        drawn.append((text, filled[-1]))

    monkeypatch.setattr(ImageDraw.ImageDraw, "rectangle", fill)
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", write)
    return drawn
