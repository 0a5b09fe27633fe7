from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.errors import MasklensError
from training.photos.splits import split, split_in_time


def made_groups(seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Some 600 photos, 1/3 of them masked, in groups of 1 to 9, a few of both classes."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 1, 1, 1, 2, 3, 9], 320)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.repeat((rng.random(len(sizes)) < 1 / 3).astype(np.int64), sizes)
    flipped = rng.random(len(labels)) < 0.01
    order = rng.permutation(len(labels))
    return np.where(flipped, 1 - labels, labels)[order], groups[order]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shares", [(0.15, 0.15), (0.05, 0.3), (0.25, 0.05)], ids=str)
def test_split_covers_everything_once_keeps_groups_whole_and_classes_balanced(
    seed: int, shares: tuple[float, float]
) -> None:
    labels, groups = made_groups(seed)
    parts = split(labels, groups, *shares, seed=seed)
    assert list(parts) == ["train", "validation", "test"]
    together = np.concatenate(list(parts.values()))
    np.testing.assert_array_equal(np.sort(together), np.arange(len(labels)))
    homes = [set(groups[members].tolist()) for members in parts.values()]
    assert sum(map(len, homes)) == len(set(groups.tolist()))
    for share, name in zip(shares, ("validation", "test"), strict=True):
        members = parts[name]
        assert (np.diff(members) > 0).all()
        assert len(members) / len(labels) == pytest.approx(share, abs=0.02)
        assert labels[members].mean() == pytest.approx(labels.mean(), abs=0.05)


def test_the_seed_alone_decides_the_split() -> None:
    labels, groups = made_groups(0)
    first, again, other = (split(labels, groups, 0.15, 0.15, seed) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    common = set(first["test"].tolist()) & set(other["test"].tolist())
    assert len(common) < 0.5 * len(first["test"])


def test_the_least_data_that_can_be_split_leaves_both_classes_in_every_part() -> None:
    labels = np.repeat([0, 1], 20)
    for seed in range(10):
        parts = split(labels, np.arange(40), 0.05, 0.05, seed)
        for members in parts.values():
            assert set(labels[members].tolist()) == {0, 1}


@pytest.mark.parametrize("few", [0, 1])
def test_too_few_photos_are_an_error_that_says_how_many(few: int) -> None:
    labels = np.array([few] * 19 + [1 - few] * 60)
    with pytest.raises(MasklensError, match="one class has 19 .* at least 20 are needed"):
        split(labels, np.arange(79), 0.15, 0.15, seed=0)


def test_copies_do_not_count_as_photos() -> None:
    labels = np.repeat([0, 1], 60)
    groups = np.concatenate([np.arange(60) // 4, np.arange(60) + 15])
    with pytest.raises(MasklensError, match="one class has 15 that differ"):
        split(labels, groups, 0.15, 0.15, seed=0)


@pytest.mark.parametrize(("bare", "masked"), [(50, 50), (20, 300), (37, 41)])
def test_a_recording_is_cut_into_stretches_that_lie_apart(bare: int, masked: int) -> None:
    labels = np.repeat([0, 1], [bare, masked])
    parts = split_in_time(labels, 0.15, 0.15)
    for label, count in ((0, bare), (1, masked)):
        first = {"train": 0, "validation": 0, "test": 0}
        last = dict(first)
        for name, members in parts.items():
            own = members[labels[members] == label]
            assert (np.diff(own) == 1).all()  # one stretch
            first[name], last[name] = own[0], own[-1]
        assert first["validation"] - last["train"] >= max(2, 0.03 * count)
        assert first["test"] - last["validation"] >= max(2, 0.03 * count)
        assert last["test"] == np.flatnonzero(labels == label)[-1]
        sizes = [last[name] - first[name] + 1 for name in ("validation", "test")]
        assert sizes == [max(2, round(0.15 * count))] * 2


@pytest.mark.parametrize(("count", "share"), [(19, 0.15), (20, 0.45)])
def test_a_recording_too_short_is_refused(count: int, share: float) -> None:
    with pytest.raises(MasklensError, match="Too"):
        split_in_time(np.repeat([0, 1], [count, 50]), share, share)
