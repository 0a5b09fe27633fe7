from __future__ import annotations

import time

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from ui.downloads import KEPT_SECONDS, keep_downloads


def test_a_file_made_at_a_press_outlives_the_runs_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(media_file_manager, "MediaFileMetadata", MediaFileMetadata)
    keep_downloads()
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    pressed = manager.add_deferred(lambda: b"1,2", "text/csv", "below", file_name="log.csv")
    file = manager.execute_deferred(pressed).rsplit("/", 1)[-1]
    now[0] += KEPT_SECONDS
    for _ in range(3):
        manager.remove_orphaned_files()
    kept = manager.read_file(file)
    assert kept is not None and kept.content == b"1,2" and kept.filename == "log.csv"
    now[0] += 1
    manager.remove_orphaned_files()
    assert manager.read_file(file) is None
