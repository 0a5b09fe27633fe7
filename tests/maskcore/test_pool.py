from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from maskcore.pool import Pool


def numbered(size: int) -> Pool[int]:
    """A pool that makes 0, 1, 2, ..."""
    return Pool(itertools.count().__next__, size)


@pytest.mark.parametrize("size", [1, 3])
def test_never_more_than_size_at_once_and_none_shared(size: int) -> None:
    pool = numbered(size)
    lock = threading.Lock()
    lent: list[int] = []
    most, shared, used = 0, False, set()

    def work(_: int) -> None:
        nonlocal most, shared
        with pool.borrow() as item:
            with lock:
                shared |= item in lent
                lent.append(item)
                most = max(most, len(lent))
                used.add(item)
            time.sleep(0.002)
            with lock:
                lent.remove(item)

    with ThreadPoolExecutor(16) as executor:
        list(executor.map(work, range(100)))

    assert most == size and not shared
    assert used == set(range(size))


def test_all_instances_are_lent_before_anyone_waits() -> None:
    together = threading.Barrier(3, timeout=60)
    pool = numbered(3)

    def work(_: int) -> int:
        with pool.borrow() as item:
            together.wait()
            return item

    with ThreadPoolExecutor(3) as executor:
        assert sorted(executor.map(work, range(3))) == [0, 1, 2]


def test_lone_borrower_keeps_one_instance() -> None:
    pool = numbered(4)

    for _ in range(10):
        with pool.borrow() as item:
            assert item == 0


def test_instance_used_last_is_lent_first() -> None:
    pool = numbered(3)
    with pool.borrow(), pool.borrow(), pool.borrow():
        pass  # given back in the order 2, 1, 0

    with pool.borrow() as item:
        assert item == 0


def test_nothing_is_made_before_it_is_needed() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("instance")
        return made[-1]

    pool = Pool(make, 2)
    assert made == []

    with pool.borrow():
        pass
    assert made == ["instance"]


def test_failing_body_returns_the_instance() -> None:
    pool = numbered(1)
    with pytest.raises(RuntimeError, match="^body$"), pool.borrow():
        raise RuntimeError("body")

    with pool.borrow() as item:
        assert item == 0


def test_failing_maker_does_not_use_up_a_place() -> None:
    outcomes = iter([RuntimeError("no memory"), "instance"])

    def make() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, RuntimeError):
            raise outcome
        return outcome

    pool = Pool(make, 1)
    with pytest.raises(RuntimeError, match="^no memory$"), pool.borrow():
        pass

    with ThreadPoolExecutor(1) as executor:  # a lost place would wait for ever

        def borrow() -> str:
            with pool.borrow() as item:
                return item

        assert executor.submit(borrow).result(timeout=60) == "instance"
