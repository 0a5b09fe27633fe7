from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np
import pytest

from training.callbacks import Stopped
from training.photos.data import OnPhoto
from training.photos.photo_reading import PhotoReading

RESULT: Any = (object(), {})


def photo(number: int) -> Any:
    return np.full((2, 2, 3), number, np.uint8)


def numbers(batches: list[Any]) -> list[list[int]]:
    return [batch[:, 0, 0, 0].tolist() for batch in batches]


def test_photos_come_in_whole_batches_while_others_are_still_to_be_read() -> None:
    go_on = threading.Event()

    def read(on_photo: OnPhoto) -> Any:
        for number in range(5):
            on_photo(number + 1, 8, photo(number))
        on_photo(6, 8, None)  # cannot be read
        on_photo(7, 8, photo(7))
        assert go_on.wait(60)
        on_photo(8, 8, photo(8))
        return RESULT

    with PhotoReading(read) as reading:
        batches = reading.batches(3)
        first = [next(batches), next(batches)]
        assert [batch.shape for batch in first] == [(3, 2, 2, 3)] * 2
        assert numbers(first) == [[0, 1, 2], [3, 4, 7]]
        go_on.set()
        assert list(batches) == []  # half a batch stays behind
        assert reading.result() is RESULT


def test_once_all_is_read_nobody_is_kept_waiting() -> None:
    def read(on_photo: OnPhoto) -> Any:
        for number in range(6):
            on_photo(number + 1, 6, photo(number))
        return RESULT

    with PhotoReading(read) as reading:
        assert reading.result() is RESULT
        assert list(reading.batches(2)) == []


def test_photos_that_nobody_works_on_as_they_come_are_not_kept() -> None:
    asked = threading.Event()
    held: list[weakref.ref[Any]] = []

    def read(on_photo: OnPhoto) -> Any:
        for number in range(20):
            if number == 10:
                assert asked.wait(60)
            pixels = photo(number)
            held.append(weakref.ref(pixels))
            on_photo(number + 1, 20, pixels)
        return RESULT

    with PhotoReading(read) as reading:
        # Some come before the result is asked for, the others after.
        timer = threading.Timer(0.2, asked.set)
        timer.start()
        assert reading.result() is RESULT
        assert [there() is None for there in held] == [True] * 20
        assert list(reading.batches(2)) == []
        timer.join()


def test_what_reading_raises_is_raised_where_its_result_is_asked_for() -> None:
    def read(on_photo: OnPhoto) -> Any:
        on_photo(1, 2, photo(0))
        raise FileNotFoundError

    with PhotoReading(read) as reading:
        assert len(list(reading.batches(4))) == 0
        with pytest.raises(FileNotFoundError):
            reading.result()


def test_reading_ends_with_the_work_on_what_is_read() -> None:
    begun, told = threading.Event(), []

    def read(on_photo: OnPhoto) -> Any:
        try:
            for number in range(10**9):
                on_photo(number + 1, 10**9, None)
                begun.set()
        except Stopped:
            told.append("stopped")
            raise
        return RESULT

    with pytest.raises(ZeroDivisionError), PhotoReading(read):
        assert begun.wait(60)
        raise ZeroDivisionError
    assert told == ["stopped"]
