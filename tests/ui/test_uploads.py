"""What a session may upload before the page has looked at any of it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import psutil
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


def test_all_sessions_together_hold_half_of_the_memory(
    manager: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=50))
    for session in ("anna", "ben", "carl"):
        send(manager, session, session, b"12345678")
    send(manager, "dora", "fits", b"1")
    send(manager, "dora", "much", b"1")
    send(manager, "dora", "empty", b"")
    send(manager, "anna", "anna", b"87654321")  # the same file again, in place of itself
    assert held(manager, "anna", "anna") == [b"87654321"]
    fits, much, empty = (
        UploadedFile(record, None)  # type: ignore[arg-type]
        for record in manager.get_files("dora", ["fits", "much", "empty"])
    )
    check_held(fits)
    check_held(empty)
    assert (fits.getvalue(), much.name, much.getvalue()) == (b"1", "much.jpg", b"")
    with pytest.raises(MasklensError, match="no room for more uploads"):
        check_held(much)
    manager.remove_session_files("ben")  # has closed the page
    send(manager, "dora", "much", b"1")
    assert held(manager, "dora", "much") == [b"1"]


def test_on_a_small_server_one_session_may_hold_its_share(
    manager: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=2))
    send(manager, "anna", "a", b"1234567890")
    assert held(manager, "anna", "a") == [b"1234567890"]
