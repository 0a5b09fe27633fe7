"""Collecting garbage soon, without holding up the streams.

What is left of an ended stream hangs together in circles: encoders, with their threads and
sockets, stay until Python looks for circles, on a quiet server perhaps for hours. A full look
passes over all that was ever loaded, a quarter of a second in which no thread runs. So what
is loaded for good is set aside first; a look then takes some milliseconds.
"""

from __future__ import annotations

import ctypes
import gc
import threading
from contextlib import suppress

import streamlit as st
from streamlit.runtime import Runtime

EVERY_SECONDS = 20.0


@st.cache_resource(show_spinner=False)
def collect_regularly(every_seconds: float = EVERY_SECONDS) -> threading.Event:
    """Set aside what is loaded and look for garbage from now on, once a server.

    Returns:
        Ends it when set.
    """
    gc.collect()
    gc.freeze()
    done = threading.Event()

    def collect() -> None:
        while not done.wait(every_seconds):
            _let_go_of_closed_tabs()
            gc.collect()
            _give_memory_back()

    threading.Thread(target=collect, name="collect-garbage", daemon=True).start()
    return done


def _let_go_of_closed_tabs() -> None:
    """Streamlit keeps a closed tab's session for two minutes, and then until somebody comes.

    Whether the time is up it asks only when the next session begins or ends; another version
    of it may hold them otherwise.
    """
    with suppress(AttributeError, RuntimeError):
        runtime = Runtime.instance()
        expire = runtime._session_mgr._session_storage._cache.expire
        runtime._get_async_objs().eventloop.call_soon_threadsafe(expire)


def _give_memory_back() -> None:
    """Linux' C library keeps what threads have freed; other systems give it back by themselves."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
