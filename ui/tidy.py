"""What the server puts away by itself: closed tabs' sessions with their photos, and garbage.

Garbage is collected soon, without holding up the streams. What is left of an ended stream or
session hangs together in circles: photos, encoders with their threads and sockets stay until
Python looks for circles, on a quiet server perhaps for hours. A full look passes over all that
was ever loaded, a quarter of a second in which no thread runs. So what is loaded for good is
set aside first; a look then takes some milliseconds.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime import Runtime

from ui.downloads import keep_downloads
from ui.keys import BROUGHT, OWN_PHOTOS, PICTURES, RECORDER
from ui.uploads import limit_uploads

EVERY_SECONDS = 20.0
CLEAN_UP_SECONDS = 3600.0
_log = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def tidy_regularly(every_seconds: float = EVERY_SECONDS) -> threading.Event:
    """Tidy up from now on, once a server; to be asked for in every run of the script.

    Returns:
        Ends it when set.
    """
    keep_downloads()
    limit_uploads()
    done = threading.Event()
    thread = threading.Thread(target=_tidy, args=(done, every_seconds), name="tidy-up", daemon=True)
    thread.start()
    return done


def _tidy(done: threading.Event, every_seconds: float) -> None:
    sessions, loaded, cleaned = _Sessions(), 0, float("-inf")
    while True:
        if time.monotonic() - cleaned >= CLEAN_UP_SECONDS:
            _delete_old_photos()
            cleaned = time.monotonic()
        if done.wait(every_seconds):
            return
        sessions.let_go_of_closed()
        _delete_photos_of(sessions)
        if sessions.ended.is_set() or loaded != len(sys.modules):
            # Sessions are set aside with what is loaded; of one that ended all is looked at.
            sessions.ended.clear()
            loaded = len(sys.modules)
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        else:
            gc.collect()
        _give_memory_back()


def _delete_old_photos() -> None:
    """Of those brought for training; also where training has been switched off since."""
    # Imported here: no page waits for it.
    from training.photos import data_folders

    try:
        data_folders.clean_up()
    except Exception:  # the garbage has to be collected all the same
        _log.exception("photos that were brought could not be looked through")


def _delete_photos_of(sessions: _Sessions) -> None:
    """Those brought for training that no run uses: nobody gets at them any more."""
    while sessions.left_behind:
        from training.photos import data_folders

        data_folders.discard(sessions.left_behind.pop())
    sessions.archives.clear()


class _Sessions:
    """The sessions there are, to notice which end.

    Attributes:
        ended: set when one has.
        left_behind: the data folders of those that have.
        archives: what held the files of theirs, thousands perhaps, that go with it: not here,
            where all tabs would wait for that.
    """

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.left_behind: list[Path] = []
        self.archives: list[Any] = []
        self._known: set[Any] = set()

    def let_go_of_closed(self) -> None:
        """Streamlit keeps a closed tab's session for two minutes, and then until somebody comes.

        Whether the time is up it asks only when the next session begins or ends; another
        version of it may hold them otherwise.
        """
        with suppress(AttributeError, RuntimeError):
            runtime = Runtime.instance()
            loop = runtime._get_async_objs().eventloop
            loop.call_soon_threadsafe(self._let_go, runtime._session_mgr)

    def _let_go(self, manager: Any) -> None:
        with suppress(AttributeError, TypeError):
            manager._session_storage._cache.expire()
            sessions = {info.session for info in manager.list_sessions()}
            for session in self._known - sessions:
                self._known.discard(session)
                self.ended.set()
                state = session.session_state
                self.left_behind += _photos_of(state)
                archives = [state[key] for key in (OWN_PHOTOS, PICTURES) if key in state]
                # The loop that serves the tabs keeps hold of the one that it served last, until
                # there is another: what the visitor brought must not wait for that.
                session.shutdown()
                state.clear()
                session._fragment_storage.clear()
                self.archives += archives
            self._known |= sessions


def _photos_of(state: Mapping[str, Any]) -> Iterator[Path]:
    """The data folders of a session: what was brought for training, and what was recorded."""
    if BROUGHT in state:
        yield state[BROUGHT].folder
    if RECORDER in state:
        yield state[RECORDER].recording.folder


def _give_memory_back() -> None:
    """Linux' C library keeps what threads have freed; other systems give it back by themselves."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
