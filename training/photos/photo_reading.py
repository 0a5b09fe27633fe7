"""Photos read in a thread of their own, so that others are worked on while more come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from training.callbacks import Stopped
from training.photos.data import Dataset, OnPhoto

# The photos, and the indices of those in each part.
Divided = tuple[Dataset, dict[str, NDArray[np.int64]]]


class PhotoReading:
    """Reads a run's photos in the background, from ``__enter__`` until it is done or left.

    Args:
        read: reads and divides the photos, telling of each as ``read_dataset`` does.
    """

    def __init__(self, read: Callable[[OnPhoto], Divided]) -> None:
        self._read = read
        self._arrived: SimpleQueue[NDArray[np.uint8] | None] = SimpleQueue()
        self._in_batches = True
        self._left = threading.Event()
        self._executor = ThreadPoolExecutor(1)

    def __enter__(self) -> PhotoReading:
        self._reading = self._executor.submit(self._read, self._on_photo)
        self._reading.add_done_callback(lambda _: self._arrived.put(None))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        self._executor.shutdown()

    def _on_photo(self, done: int, total: int, pixels: NDArray[np.uint8] | None) -> None:
        if self._left.is_set():
            raise Stopped
        if pixels is not None and self._in_batches:
            self._arrived.put(pixels)

    def batches(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """The photos in the dataset's order, as they come, until the last one is read.

        Args:
            size: photos a batch.

        Yields:
            uint8 (size, S, S, 3); what came last may be missing.
        """
        batch: list[NDArray[np.uint8]] = []
        while not self._reading.done() and (pixels := self._arrived.get()) is not None:
            batch.append(pixels)
            if len(batch) == size:
                yield np.stack(batch)
                batch = []

    def result(self) -> Divided:
        """Wait for the end; raises what reading raised. After it there are no more batches."""
        # All of them are in the result: a second copy would stay as long as the run.
        self._in_batches = False
        self._arrived = SimpleQueue()
        return self._reading.result()
