"""How much of what a visitor uploads is held in memory until it has been looked at."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

import psutil
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from maskcore.errors import MasklensError

# A session's. A browser sends all that is dropped before the page hears of any of it.
MAX_HELD_BYTES = 2**30
# Types of what is held by its name alone: the session, or all of them, held enough.
_TOO_MUCH = "application/x-masklens-too-much"
_SERVER_FULL = "application/x-masklens-server-full"
_add_file = MemoryUploadedFileManager.add_file


def limit_uploads() -> None:
    """Let no session hold more than ``MAX_HELD_BYTES``, nor all together half of the memory.

    The server shares its memory among all.
    """
    MemoryUploadedFileManager.add_file = _add_within_limit  # type: ignore[method-assign]


def _add_within_limit(
    manager: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec
) -> None:
    with suppress(AttributeError, TypeError):  # another version may hold them otherwise
        with manager._lock:
            others = dict(manager.file_storage.get(session_id, {}))
            held_by_all = manager._total_bytes
        former = others.pop(file.file_id, None)
        held_by_all += len(file.data) - (len(former.data) if former else 0)
        if sum(len(other.data) for other in others.values()) + len(file.data) > MAX_HELD_BYTES:
            file = file._replace(type=_TOO_MUCH, data=b"")
        elif file.data and held_by_all > max(MAX_HELD_BYTES, psutil.virtual_memory().total // 2):
            file = file._replace(type=_SERVER_FULL, data=b"")
    _add_file(manager, session_id, file)


def check_held(file: BinaryIO) -> None:
    """Refuse what came when the session, or the server, held enough.

    Args:
        file: an upload; what is none is not refused.

    Raises:
        MasklensError: the text says so.
    """
    if not isinstance(file, UploadedFile):
        return
    if file.type == _SERVER_FULL:
        raise MasklensError(
            "The server has no room for more uploads of its visitors just now. Bring this file"
            " again in a few minutes."
        )
    if file.type == _TOO_MUCH:
        raise MasklensError(
            f"Your uploads are more than {MAX_HELD_BYTES // 2**30} GB together. Bring these files"
            " again, fewer at a time. An archive that waits on another page counts, too."
        )
