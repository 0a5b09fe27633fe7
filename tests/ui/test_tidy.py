"""Tests of ui.tidy."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.testing.v1 import AppTest

from ui import tidy
from ui.tidy import tidy_regularly
from ui.training.data_ways import Brought

DAY = 24 * 3600


class Circle:
    """Refers to itself, as what is left of a stream does."""

    def __init__(self) -> None:
        self.itself = self


class Session:
    """A visitor's session, with what Streamlit's own can do."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.session_state = {"photos": Circle()}
        self._fragment_storage = {"gallery": Circle()}
        self.is_shut_down = False

    def shutdown(self) -> None:
        self.is_shut_down = True


class Server:
    """A server with sessions: of open tabs, and of closed ones for a while."""

    def __init__(self, ttl_seconds: float = 1.0) -> None:
        self.active: list[Any] = []
        self._session_storage = MemorySessionStorage(ttl_seconds=ttl_seconds)
        self._session_mgr = self

    def open_tab(self, name: str) -> Session:
        session = Session(name)
        self.active.append(SimpleNamespace(session=session))
        return session

    def close_tab(self) -> None:
        self._session_storage.save(self.active.pop())

    def list_sessions(self) -> list[Any]:
        return self.active + self._session_storage.list()

    def _get_async_objs(self) -> Any:
        loop = SimpleNamespace(call_soon_threadsafe=lambda work, *given: work(*given))
        return SimpleNamespace(eventloop=loop)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    running = Server()
    monkeypatch.setattr(tidy, "Runtime", SimpleNamespace(instance=lambda: running))
    return running


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def by_hand() -> Iterator[None]:
    """Python does not collect of its own, and nothing is set aside yet."""
    gc.disable()
    gc.unfreeze()
    yield
    gc.enable()
    gc.collect()
    gc.freeze()  # as all other tests have it


@pytest.fixture
def tidying(runs: Path) -> Iterator[Callable[[], threading.Event]]:
    """Begins to tidy up, a hundred times a second, until the test ends."""
    others = set(threading.enumerate())
    begun: list[threading.Event] = []

    def begin() -> threading.Event:
        begun.append(tidy_regularly(0.01))
        return begun[-1]

    yield begin
    for done in begun:
        done.set()
    tidy_regularly.clear()
    for thread in set(threading.enumerate()) - others:
        if thread.name == "tidy-up":
            thread.join(120)
            assert not thread.is_alive()


def soon(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 120
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happened()


def test_circles_are_collected_regularly_and_what_is_loaded_is_set_aside(
    by_hand: None, tidying: Callable[[], threading.Event]
) -> None:
    before = gc.get_freeze_count()
    done = tidying()
    assert tidying() is done  # once a server
    assert soon(lambda: gc.get_freeze_count() > before)
    left = weakref.ref(Circle())
    assert soon(lambda: left() is None)


def test_what_is_loaded_later_is_set_aside_too(
    by_hand: None, tidying: Callable[[], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    tidying()
    assert soon(lambda: gc.get_freeze_count() > 0)
    loaded = [[] for _ in range(100_000)]
    before = gc.get_freeze_count()
    monkeypatch.setitem(tidy.sys.modules, "loaded_by_another_page", tidy)
    assert soon(lambda: gc.get_freeze_count() > before + 90_000)
    assert len(loaded) == 100_000


def test_what_a_session_leaves_is_collected_even_if_it_was_set_aside(
    by_hand: None, server: Server, tidying: Callable[[], threading.Event]
) -> None:
    # Made before the first look, as all of the first visitor's session is.
    server.open_tab("first")
    circle = Circle()
    left = weakref.ref(circle)
    tidying()
    assert soon(lambda: gc.get_freeze_count() > 0)
    del circle
    time.sleep(0.1)
    assert left() is not None
    server.close_tab()
    assert soon(lambda: left() is None)


def test_sessions_of_closed_tabs_are_let_go_once_their_time_is_up(server: Server) -> None:
    sessions = tidy._Sessions()
    # The server itself may hold the last one until somebody else comes.
    closed, still_open = server.open_tab("closed"), server.open_tab("open")
    server.active.reverse()
    sessions.let_go_of_closed()
    server.close_tab()
    sessions.let_go_of_closed()
    assert not sessions.ended.is_set()
    assert not closed.is_shut_down and closed.session_state
    time.sleep(1.1)
    sessions.let_go_of_closed()
    assert sessions.ended.is_set()
    assert closed.is_shut_down
    assert not closed.session_state and not closed._fragment_storage
    assert not still_open.is_shut_down and still_open.session_state


def test_files_of_an_archive_are_not_deleted_while_the_tabs_wait(
    server: Server, tidying: Callable[[], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted_by: list[str] = []

    def on_loop(work: Callable[..., None], *given: Any) -> None:
        loop = threading.Thread(target=work, args=given, name="loop")
        loop.start()
        loop.join()

    objects = SimpleNamespace(eventloop=SimpleNamespace(call_soon_threadsafe=on_loop))
    monkeypatch.setattr(server, "_get_async_objs", lambda: objects)

    class Archive:
        def __del__(self) -> None:
            deleted_by.append(threading.current_thread().name)

    server.open_tab("staying")
    closed = server.open_tab("closed")
    closed.session_state["metrics_own"] = {"mobilenet_v2": Archive()}
    closed.session_state["metrics_brought_pictures"] = Archive()
    tidying()
    time.sleep(0.1)
    assert deleted_by == []
    server.close_tab()
    assert soon(lambda: len(deleted_by) == 2)
    assert set(deleted_by) == {"tidy-up"}


def test_photos_go_with_the_session_that_brought_them_unless_a_run_uses_them(
    server: Server, runs: Path, tidying: Callable[[], threading.Event]
) -> None:
    unused, used, recorded, others = (
        brought(runs, name, 0) for name in ("unused", "used", "recorded", "others")
    )
    (runs / "run").mkdir()
    (runs / "run" / "config.json").write_text(json.dumps({"data": str(used)}))
    staying, first, second = (server.open_tab(name) for name in ("staying", "first", "second"))
    staying.session_state["training_data"] = Brought(others, "Others")
    first.session_state["training_data"] = Brought(unused, "Photos")
    second.session_state["training_data"] = Brought(used, "Photos")
    recorder = SimpleNamespace(recording=SimpleNamespace(folder=recorded))
    second.session_state["face_recorder"] = recorder
    tidying()
    time.sleep(0.1)
    assert unused.is_dir() and recorded.is_dir()
    server.close_tab()
    server.close_tab()
    assert soon(lambda: not unused.exists() and not recorded.exists())
    assert used.is_dir() and others.is_dir()


def test_another_version_of_streamlit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "Runtime", SimpleNamespace(instance=lambda: object()))
    tidy._Sessions().let_go_of_closed()
    other = Server()
    other.list_sessions = lambda: [object()]  # type: ignore[method-assign]
    monkeypatch.setattr(tidy, "Runtime", SimpleNamespace(instance=lambda: other))
    tidy._Sessions().let_go_of_closed()


def brought(runs: Path, name: str, age_seconds: float) -> Path:
    folder = runs / "data" / name
    folder.mkdir(parents=True)
    os.utime(folder, (time.time() - age_seconds,) * 2)
    return folder


@pytest.mark.parametrize("training", ["on", "off"])
def test_photos_whose_day_is_over_go_without_anybody_training(
    runs: Path,
    tidying: Callable[[], threading.Event],
    monkeypatch: pytest.MonkeyPatch,
    training: str,
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", training)
    monkeypatch.setattr(tidy, "CLEAN_UP_SECONDS", 0.05)
    fresh, old, wanted = (
        brought(runs, name, age)
        for name, age in (("fresh", DAY - 600), ("old", DAY + 60), ("wanted", 9 * DAY))
    )
    (runs / "run").mkdir()
    (runs / "run" / "config.json").write_text(json.dumps({"data": str(wanted)}))
    tidying()
    assert soon(lambda: not old.exists())
    os.utime(fresh, (time.time() - DAY - 60,) * 2)  # hours later
    assert soon(lambda: not fresh.exists())
    assert wanted.is_dir()


def test_photos_are_looked_through_at_the_start_and_then_rarely(
    tidying: Callable[[], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []

    def clean_up() -> None:
        looked.append(time.monotonic())
        raise PermissionError("not now")  # and the thread goes on

    monkeypatch.setattr("training.photos.data_folders.clean_up", clean_up)
    monkeypatch.setattr(tidy, "CLEAN_UP_SECONDS", 0.3)
    tidying()
    assert soon(lambda: len(looked) >= 3)
    assert min(later - former for former, later in zip(looked, looked[1:], strict=False)) >= 0.3


@pytest.mark.parametrize("file", ["", "pages/training.py"])
def test_whatever_page_is_opened_the_server_is_tidied_up(
    open_page: Callable[..., AppTest], runs: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(tidy, "tidy_regularly", lambda: begun.append(file))
    open_page(file)
    assert begun
