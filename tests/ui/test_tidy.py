"""Tests of ui.tidy."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

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
    before = gc.get_freeze_count()
    done = collect_regularly(0.01)
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
    kept = weakref.ref(Circle())
    time.sleep(0.2)
    assert kept() is not None  # nobody collects any more
