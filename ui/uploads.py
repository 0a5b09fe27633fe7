"""How much of what a visitor uploads is held in memory until it has been looked at."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from maskcore.errors import MasklensError

# A session's. A browser sends all that is dropped before the page hears of any of it.
MAX_HELD_BYTES = 2**30
_TOO_MUCH = "application/x-masklens-too-much"  # the type of what is held by its name alone
_add_file = MemoryUploadedFileManager.add_file


def limit_uploads() -> None:
    """Let no session hold more than ``MAX_HELD_BYTES``: the server shares its memory among all."""
    MemoryUploadedFileManager.add_file = _add_within_limit  # type: ignore[method-assign]


def _add_within_limit(
    manager: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec
) -> None:
    with suppress(AttributeError, TypeError):  # another version may hold them otherwise
        with manager._lock:
            others = dict(manager.file_storage.get(session_id, {}))
        others.pop(file.file_id, None)
        if sum(len(other.data) for other in others.values()) + len(file.data) > MAX_HELD_BYTES:
            file = file._replace(type=_TOO_MUCH, data=b"")
    _add_file(manager, session_id, file)


def check_held(file: BinaryIO) -> None:
    """Refuse what came when the session held enough.

    Args:
        file: an upload; what is none is not refused.

    Raises:
        MasklensError: the text says so.
    """
    if isinstance(file, UploadedFile) and file.type == _TOO_MUCH:
        raise MasklensError(
            f"Your uploads are more than {MAX_HELD_BYTES // 2**30} GB together. Bring these files"
            " again, fewer at a time. An archive that waits on another page counts, too."
        )
