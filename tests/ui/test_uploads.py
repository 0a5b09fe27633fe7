"""What a session may upload before the page has looked at any of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from maskcore import MasklensError
from ui import uploads
from ui.uploads import check_held, limit_uploads


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryUploadedFileManager]:
    """Of a server in whose sessions there is room for ten bytes each."""
    before = MemoryUploadedFileManager.add_file
    monkeypatch.setattr(uploads, "MAX_HELD_BYTES", 10)
    limit_uploads()
    limit_uploads()  # as when the server's caches were cleared
    yield MemoryUploadedFileManager("/upload")
    MemoryUploadedFileManager.add_file = before  # type: ignore[method-assign]


def send(manager: MemoryUploadedFileManager, session: str, id: str, content: bytes) -> None:
    manager.add_file(session, UploadedFileRec(id, f"{id}.jpg", "image/jpeg", content))


def held(manager: MemoryUploadedFileManager, session: str, *ids: str) -> list[bytes]:
    return [record.data for record in manager.get_files(session, ids)]


def test_a_session_holds_so_much_and_no_more(manager: MemoryUploadedFileManager) -> None:
    send(manager, "anna", "a", b"12345678")
    send(manager, "anna", "b", b"123")
    send(manager, "anna", "c", b"12")
    assert held(manager, "anna", "a", "b", "c") == [b"12345678", b"", b"12"]
    send(manager, "ben", "d", b"1234567890")  # has room of his own
    send(manager, "ben", "d", b"0987654321")  # the same file again, in place of itself
    assert held(manager, "ben", "d") == [b"0987654321"]
    manager.remove_file("anna", "a")  # looked at
    send(manager, "anna", "b", b"123")
    assert held(manager, "anna", "b", "c") == [b"123", b"12"]


def test_what_was_too_much_is_told_from_an_empty_file(manager: MemoryUploadedFileManager) -> None:
    send(manager, "anna", "empty", b"")
    send(manager, "anna", "fits", b"1234567890")
    send(manager, "anna", "much", b"1")
    empty, fits, much = (
        UploadedFile(record, None)  # type: ignore[arg-type]
        for record in manager.get_files("anna", ["empty", "fits", "much"])
    )
    check_held(empty)
    check_held(fits)
    assert (much.name, much.getvalue()) == ("much.jpg", b"")
    with pytest.raises(MasklensError, match="more than .* GB together"):
        check_held(much)
