"""Which presses are one, by what was pressed and when."""

from __future__ import annotations

import pytest

from ui.presses import LastPress


@pytest.mark.parametrize(
    ("presses", "again"),
    [
        ([("a", 0.0)], [False]),
        ([("a", 0.0), ("a", 0.9)], [False, True]),
        ([("a", 0.0), ("a", 1.0)], [False, False]),
        # A press that is one with the one before does not put off the end of that one's time.
        ([("a", 0.0), ("a", 0.9), ("a", 1.1)], [False, True, False]),
        ([("a", 0.0), ("b", 0.1), ("a", 0.2)], [False, False, False]),
    ],
)
def test_the_same_within_a_second(presses: list[tuple[str, float]], again: list[bool]) -> None:
    last = LastPress()
    assert [last.is_again(name, seconds, within=1.0) for name, seconds in presses] == again


def test_what_was_noted_counts_as_pressed() -> None:
    last = LastPress()
    last.note("a", 5.0)
    assert last.is_again("a", 5.5, within=1.0)
