"""Sharing things that one thread at a time may use."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Pool(Generic[T]):
    """Up to ``size`` instances of something not thread-safe, lent to one thread each.

    LiteRT interpreters and OpenCV detectors keep buffers between calls. Instances
    are made when first needed and the one used last is lent first, so a lone
    visitor runs on a single warm instance.

    Args:
        make: builds one instance; called at most ``size`` times.
        size: instances at most; further borrowers wait.
    """

    def __init__(self, make: Callable[[], T], size: int) -> None:
        self._make = make
        self._permits = threading.BoundedSemaphore(size)
        self._idle: queue.LifoQueue[T] = queue.LifoQueue()

    @contextmanager
    def borrow(self) -> Iterator[T]:
        """Lend an instance for the length of a ``with`` block."""
        with self._permits:
            try:
                item = self._idle.get_nowait()
            except queue.Empty:
                item = self._make()
            try:
                yield item
            finally:
                self._idle.put(item)
