from __future__ import annotations

import pytest

from training.metrics import McNemarTest
from ui.metrics.compare_view import in_words


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (
            0.046,
            "A is better. They differ on 6 of 9 photos: 5 right by A alone, 1 by B alone."
            " Chance alone would do that much or more about 4.6 times in 100.",
        ),
        (
            0.054,
            "No difference could be shown. They differ on 6 of 9 photos: 5 right by A alone, 1 by B"
            " alone. Chance alone would do that much or more about 5.4 times in 100.",
        ),
        (
            0.004,
            "A is better. They differ on 6 of 9 photos: 5 right by A alone, 1 by B alone."
            " Chance alone would do that much or more less than once in 100 times.",
        ),
    ],
)
def test_the_words_fit_the_verdict_also_near_its_border(chance: float, said: str) -> None:
    assert " ".join(in_words(McNemarTest(9, 5, 1, chance), "A", "B", "photo")) == said


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (McNemarTest(599, 0, 0, 1.0), "of at least 6 photos (1.0\xa0%) would have shown."),
        (McNemarTest(8, 5, 0, 2 / 2**5), "of at least 6 photos (75.0\xa0%) would have shown."),
        (McNemarTest(5, 5, 0, 2 / 2**5), "So few photos cannot show any: it takes at least 6."),
    ],
)
def test_where_no_difference_could_be_shown_it_is_said_what_it_takes(
    test: McNemarTest, said: str
) -> None:
    words = " ".join(in_words(test, "A", "B", "photo"))
    assert words.startswith("No difference could be shown. ")
    assert f"of {test.count} photos" in words
    assert words.endswith(said)
    assert said not in " ".join(
        in_words(McNemarTest(test.count, 6, 0, 2 / 2**6), "A", "B", "photo")
    )


def test_a_single_photo_is_told_of_as_one() -> None:
    words = " ".join(in_words(McNemarTest(1, 1, 0, 1.0), "A", "B", "photo"))
    assert "They differ on 1 of 1 photo:" in words


def test_a_difference_as_small_as_can_be_is_always_chance() -> None:
    said = " ".join(in_words(McNemarTest(9, 3, 3, 1.0), "A", "B", "face"))
    assert said == (
        "No difference could be shown. They differ on 6 of 9 faces: 3 right by A alone, 3 by B"
        " alone."
        " Chance alone would produce a difference this small."
    )
