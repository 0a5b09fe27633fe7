"""Tests of ui.tidy."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from ui import tidy
from ui.tidy import collect_regularly


class Circle:
    """Refers to itself, as what is left of a stream does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def by_hand() -> Iterator[None]:
    """Python does not collect of its own."""
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def test_circles_are_collected_regularly_and_what_is_loaded_is_set_aside(by_hand: None) -> None:
    before, others = gc.get_freeze_count(), set(threading.enumerate())
    done = collect_regularly(0.01)
    begun = set(threading.enumerate()) - others
    (collector,) = (thread for thread in begun if thread.name == "collect-garbage")
    try:
        assert gc.get_freeze_count() > before
        assert collect_regularly(0.01) is done  # once a server
        left = weakref.ref(Circle())
        deadline = time.monotonic() + 20
        while left() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left() is None
    finally:
        done.set()
        collect_regularly.clear()
    collector.join(20)
    assert not collector.is_alive()


def test_sessions_of_closed_tabs_are_let_go_once_their_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage = MemorySessionStorage(ttl_seconds=0.05)
    info: Any = Circle()
    info.session, info.itself = SimpleNamespace(id="closed"), None
    storage.save(info)
    gone = weakref.ref(info)
    del info
    loop = SimpleNamespace(call_soon_threadsafe=lambda work: work())
    runtime = SimpleNamespace(
        _session_mgr=SimpleNamespace(_session_storage=storage),
        _get_async_objs=lambda: SimpleNamespace(eventloop=loop),
    )
    monkeypatch.setattr(tidy, "Runtime", SimpleNamespace(instance=lambda: runtime))
    tidy._let_go_of_closed_tabs()
    assert gone() is not None
    time.sleep(0.1)
    tidy._let_go_of_closed_tabs()
    assert gone() is None
    monkeypatch.setattr(tidy, "Runtime", SimpleNamespace(instance=lambda: object()))
    tidy._let_go_of_closed_tabs()  # of another version of Streamlit it leaves all as it is
