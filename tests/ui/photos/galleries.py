"""Looking at the photos of a gallery, for its tests."""

from __future__ import annotations

from maskcore import MaskPipeline
from ui.photos.gallery import Gallery

CHOICE, OTHER = ("haar", "first"), ("haar", "second")


def look(
    gallery: Gallery, choice: tuple[str, str], pipeline: MaskPipeline, installation: str = ""
) -> None:
    """At every photo that waits."""
    for photo in gallery.waiting(choice, installation):
        gallery.look_at(photo, choice, pipeline)
