"""Photos in which a made-up pipeline has looked for faces."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maskcore import MaskPipeline
from tests.ui.photos.galleries import CHOICE, look
from ui.photos.gallery import Gallery


@pytest.fixture
def looked(photo_file: Callable[..., bytes], fake_pipeline: MaskPipeline) -> Gallery:
    """Two faces (0.9, 0.2), one face (0.6) and none."""
    gallery = Gallery()
    for name, width in (("two.png", 200), ("one.png", 300), ("none.png", 250)):
        gallery.add(name, photo_file(width))
    look(gallery, CHOICE, fake_pipeline)
    return gallery
