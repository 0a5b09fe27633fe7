"""How numbers, names and moments are said."""

from __future__ import annotations

import pytest

from ui.words import counted, day, percent, plain, shown_name, time_left, with_interval


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds left"),
        (44, "about 40 seconds left"),
        (99, "about 100 seconds left"),
        (100, "about 2 minutes left"),
        (3000, "about 50 minutes left"),
        (9000, "about 2.5 hours left"),
    ],
)
def test_time_left_is_said_as_people_do(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def test_letters_of_a_name_that_are_not_utf_8_are_question_marks() -> None:
    assert shown_name("caf\udce9.jpg") == plain("caf?.jpg")
    assert plain("no photo for caf\udce9") == "no photo for caf?"


def test_shares_are_said_with_their_interval() -> None:
    assert percent(0.98765) == "98.8\xa0%"
    assert percent(None) == "–"
    figure = {"value": 0.9916, "interval": [0.9806, 0.99643]}
    assert with_interval(figure) == "99.2\xa0% (98.1 to 99.6)"
    assert with_interval({"value": None, "interval": None}) == "–"


def test_things_are_counted() -> None:
    assert [counted(n, "photo") for n in (0, 1, 1200)] == ["0 photos", "1 photo", "1,200 photos"]


def test_names_are_shortened_and_never_markdown() -> None:
    assert plain("a*b_[c](d)") == r"a\*b\_\[c\]\(d\)"
    assert shown_name("x" * 60) == "x" * 60
    assert shown_name("a" * 50 + "b" * 30) == "a" * 40 + "…" + "b" * 15


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("see www.evil.example", "see www\u2060.evil.example"),
        ("WWW.evil.example", "WWW\u2060.evil.example"),
        ("https://evil.example", "https\\:\u2060//evil.example"),
        ("a@b.example", "a\u2060@b.example"),
        ("Photos of 7b, 4 Nov, 16:05", "Photos of 7b, 4 Nov, 16\\:05"),
        ("www, evil.example/x", "www, evil.example/x"),
    ],
)
def test_addresses_are_no_links(name: str, shown: str) -> None:
    """The browser sees to it that what is between keeps them from it, see tests/e2e."""
    assert plain(name) == shown


def test_days_are_said_in_words() -> None:
    assert day("2026-11-24T16:05:00+00:00") == "24 November 2026"
    assert day("soon") == ""
