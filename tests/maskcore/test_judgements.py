from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from maskcore.judgements import Judgements
from maskcore.types import NotSure, Verdict

NO_RULE = NotSure()


def verdict_of(
    judgements: Judgements,
    threshold: float = 0.5,
    not_sure: NotSure = NO_RULE,
    longer_side: float = 100,
) -> Verdict:
    label, sure = judgements.decide(longer_side, threshold, not_sure)
    return label if sure else "Not sure"


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def verdicts(
    log_odds: Iterable[float],
    not_sure: NotSure = NO_RULE,
    threshold: float = 0.5,
    interval: float = 0.1,
) -> list[str]:
    judgements, said = Judgements(), []
    for number, value in enumerate(log_odds):
        judgements.add(probability(value), 1.0, number * interval)
        said.append(verdict_of(judgements, threshold, not_sure))
    return said


def changes(values: Sequence[str]) -> int:
    return sum(a != b for a, b in zip(values, values[1:], strict=False))


def test_nothing_is_said_at_first() -> None:
    assert (Judgements().count, Judgements().latest_seconds) == (0, -math.inf)


@pytest.mark.parametrize(
    ("log_odds", "average"),
    [
        ([2], 2),
        ([2, 1], 1.5),
        ([1, 2, 1.5], 1.5),
        ([1, 1, 1, 3, 3], 1.4),  # the second 3 is the first to count, a fifth
        ([-9, 4, 4], 4),
        ([30], 6),
    ],
    ids=str,
)
def test_first_judgements_are_averaged_plainly(log_odds: list[float], average: float) -> None:
    judgements = Judgements()
    for number, value in enumerate(log_odds):
        judgements.add(probability(value), 1.0, number / 30)

    assert judgements.count == len(log_odds)
    assert judgements.latest_seconds == (len(log_odds) - 1) / 30
    assert judgements.mask_probability == pytest.approx(probability(average), abs=1e-6)


@pytest.mark.parametrize("interval", [0.02, 0.05, 0.1])
def test_later_judgements_are_averaged_over_half_a_second(interval: float) -> None:
    judgements = Judgements()
    count = round(2 / interval)
    for number in range(count):
        judgements.add(probability(1), 1.0, number * interval)
    # The first of the new ones is not believed yet.
    for number in range(round(0.5 / interval) + 1):
        judgements.add(probability(-1), 3.0, 2 + number * interval)

    left = math.exp(-1)
    assert judgements.mask_probability == pytest.approx(probability(-1 + 2 * left), abs=0.01)
    assert judgements.sharpness == pytest.approx(3 - 2 * math.exp(-1 - interval / 0.5), abs=0.02)


@pytest.mark.parametrize("interval", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("odd", [-3, -16])
def test_one_odd_frame_says_nothing(odd: float, interval: float) -> None:
    judgements, said = Judgements(), []
    for number in range(30):
        judgements.add(probability(odd if number in (5, 15, 18) else 0.7), 1.0, number * interval)
        said.append(verdict_of(judgements, not_sure=NotSure(margin=0.5)))
        assert judgements.mask_probability == pytest.approx(probability(0.7), abs=1e-6)

    assert set(said) == {"Mask"}


@pytest.mark.parametrize("interval", [0.033, 0.09])
@pytest.mark.parametrize(
    ("before", "after", "verdict"), [(3, -3, "No Mask"), (-3, 3, "Mask"), (16, -3, "No Mask")]
)
def test_real_change_shows_within_a_second(
    before: float, after: float, verdict: str, interval: float
) -> None:
    rng = np.random.default_rng(3)
    many, late = round(5 / interval), round(1 / interval)
    values = [*[before] * many, *[after] * many] + rng.normal(0, 0.5, 2 * many)

    said = verdicts(values, NotSure(margin=0.5), interval=interval)

    assert set(said[many + late :]) == {verdict}
    assert verdict not in said[: many + 1]


@pytest.mark.parametrize("not_sure", [NO_RULE, NotSure(margin=1)], ids=["no rule", "margin"])
@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_noise_around_the_threshold_does_not_show(threshold: float, not_sure: NotSure) -> None:
    rng = np.random.default_rng(4)
    middle = math.log(threshold / (1 - threshold))
    values = middle + rng.normal(0, 0.7, 667)  # a minute

    said = verdicts(values, not_sure, threshold, 0.09)

    alone = [verdicts([value], not_sure, threshold)[0] for value in values]
    assert changes(alone) > 100
    assert changes(said[5:]) <= 1


def test_unruly_judgements_need_more_evidence() -> None:
    rng = np.random.default_rng(5)

    said = verdicts(rng.normal(0, 2, 667), interval=0.09)

    assert changes(said[5:]) <= 2


@pytest.mark.parametrize(
    ("threshold", "verdict"), [(0.5, "Mask"), (0.7, "Mask"), (0.79, "Mask"), (0.81, "No Mask")]
)
def test_another_threshold_judges_at_once(threshold: float, verdict: str) -> None:
    judgements = Judgements()
    for number in range(10):
        judgements.add(0.8, 1.0, number / 10)
        assert verdict_of(judgements, 0.3) == "Mask"

    assert verdict_of(judgements, threshold) == verdict


def test_another_rule_judges_at_once() -> None:
    judgements = Judgements()
    judgements.add(probability(1), 1.0, 0.0)

    said = [
        verdict_of(judgements, not_sure=rule)
        for rule in (NO_RULE, NotSure(margin=1.1), NotSure(margin=0.9), NotSure(margin=1.1))
    ]

    assert said == ["Mask", "Not sure", "Mask", "Not sure"]


SETTLED = 60
BAND = ["Mask", "Mask", "Not sure", "Not sure", "Mask"]


@pytest.mark.parametrize(
    ("margin", "steps"),
    [
        # Log odds held for long, and what is said at the end of each.
        (0, [(0.1, "Mask"), (-0.5, "Mask"), (-0.7, "No Mask"), (0.5, "No Mask"), (0.7, "Mask")]),
        (0.1, [(0.05, "Not sure"), (0.2, "Mask"), (-0.4, "Mask"), (-0.7, "No Mask")]),
        (2, [(2.1, "Mask"), (1.1, "Mask"), (0.9, "Not sure"), (1.9, "Not sure"), (2.1, "Mask")]),
        (2, [(-2.1, "No Mask"), (-1.1, "No Mask"), (-0.9, "Not sure"), (-2.1, "No Mask")]),
        (2, [(2.1, "Mask"), (-1.9, "Not sure"), (-2.1, "No Mask"), (-1.1, "No Mask")]),
        (2, [(1.9, "Not sure"), (0, "Not sure"), (-1.9, "Not sure"), (-2.1, "No Mask")]),
    ],
)
def test_verdict_is_left_only_with_evidence(margin: float, steps: list[tuple[float, str]]) -> None:
    values = [value for value, _ in steps for _ in range(SETTLED)]

    said = verdicts(values, NotSure(margin=margin))

    assert said[SETTLED - 1 :: SETTLED] == [verdict for _, verdict in steps]


def test_sharpness_limit_has_a_band() -> None:
    judgements, said, seconds = Judgements(), [], 0.0
    for sharpness in (1.1, 0.9, 0.8, 0.9, 1.1):
        for _ in range(SETTLED):
            judgements.add(0.9, sharpness, seconds)
            seconds += 0.1
        said.append(verdict_of(judgements, not_sure=NotSure(least_sharpness=1.0)))

    assert said == BAND


def test_single_smeared_frames_are_not_told() -> None:
    judgements, said = Judgements(), []
    for number in range(40):
        judgements.add(0.9, 0.3 if number % 10 == 5 else 1.5, number * 0.09)
        said.append(verdict_of(judgements, not_sure=NotSure(least_sharpness=1.3)))

    assert set(said[8:]) == {"Mask"}


def test_size_limit_has_a_band() -> None:
    judgements = Judgements()
    judgements.add(0.9, 1.0, 0.0)

    said = [
        verdict_of(judgements, not_sure=NotSure(smallest_side=50), longer_side=side)
        for side in (55, 45, 40, 45, 55)
    ]

    assert said == BAND


@pytest.mark.parametrize("threshold", [0.01, 0.1, 0.5, 0.7, 0.99])
def test_without_a_rule_every_face_is_called(threshold: float) -> None:
    rng = np.random.default_rng(6)
    middle = math.log(threshold / (1 - threshold))

    said = verdicts([*[middle] * 3, *rng.normal(middle, 1, 300)], threshold=threshold)

    assert "Not sure" not in said
    assert said[:3] == ["Mask"] * 3
