"""A folder of three photos, and a pipeline that finds the same in each, for ``detect``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maskcore.images import encode_image
from maskcore.pipeline import MaskPipeline
from tests.maskcore.commands.three_photos import BOXES, photo


@pytest.fixture
def loaded(
    monkeypatch: pytest.MonkeyPatch, fake_pipeline: Callable[..., MaskPipeline]
) -> list[tuple[str, str]]:
    """Every load gives a pipeline that finds BOXES, 0.9 and 0.2; (detector, model) are noted."""
    asked: list[tuple[str, str]] = []

    def load(detector: str, model: str) -> MaskPipeline:
        asked.append((detector, model))
        return fake_pipeline(BOXES, [0.9, 0.2])

    monkeypatch.setattr(MaskPipeline, "load", load)
    return asked


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos, one of them unreadable, and what is no photo."""
    folder = tmp_path / "photos"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "b.JPG").write_bytes(encode_image(photo()))
    (folder / "sub" / "broken.png").write_bytes(b"")
    (folder / "sub" / "deep" / "a.png").write_bytes(encode_image(photo(120), "PNG"))
    (folder / "notes.txt").write_text("no photo")
    (folder / "folder.jpg").mkdir()
    return folder
