"""Files that are made when their button is pressed, kept until a slow browser has fetched them."""

from __future__ import annotations

import time

from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_storage import MediaFileKind

KEPT_SECONDS = 60.0


class _Lasting(media_file_manager.MediaFileMetadata):
    def __init__(self, kind: MediaFileKind = MediaFileKind.MEDIA) -> None:
        super().__init__(kind)
        self._made = time.monotonic()

    @property
    def is_marked_for_delete(self) -> bool:
        return super().is_marked_for_delete and time.monotonic() - self._made > KEPT_SECONDS


def keep_downloads() -> None:
    """Let such files stay for a minute.

    Streamlit deletes them after two more runs of anybody's page: beside a live stream, whose
    figures run twice a second, a browser that is slow to ask finds nothing.
    """
    media_file_manager.MediaFileMetadata = _Lasting  # type: ignore[misc]
