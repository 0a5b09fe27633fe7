"""Photos divided into train, validation and test without leaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from maskcore.errors import MasklensError
from training.config import FOLDS, SHORTEST_RECORDING

PARTS = ("train", "validation", "test")

# Of a recording, left out between two parts.
GAP_SHARE = 0.04


def split(
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    validation_share: float,
    test_share: float,
    seed: int,
) -> dict[str, NDArray[np.int64]]:
    """Divide photos into train, validation and test: classes balanced, groups undivided.

    Args:
        labels: int (N,) classes, whose shares the parts keep as nearly as groups allow.
        groups: int (N,); photos of one group land in one part.
        validation_share, test_share: of the whole, 0..1, met to the nearest twentieth.
        seed: another seed, another division.

    Returns:
        Sorted indices of each part; every photo is in exactly one.

    Raises:
        MasklensError: too few photos for a part to hold both classes.
    """
    validation_folds = max(1, round(validation_share * FOLDS))
    test_folds = max(1, round(test_share * FOLDS))
    smallest = min(len(set(groups[labels == label])) for label in set(labels.tolist()))
    if smallest < FOLDS:
        raise MasklensError(
            f"Too few photos: one class has {smallest} that differ from one another;"
            f" at least {FOLDS} are needed."
        )
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    fold = np.empty(len(labels), int)
    for number, (_, members) in enumerate(splitter.split(labels, labels, groups)):
        fold[members] = number
    test = fold < test_folds
    validation = ~test & (fold < test_folds + validation_folds)
    return {
        "train": np.flatnonzero(~test & ~validation),
        "validation": np.flatnonzero(validation),
        "test": np.flatnonzero(test),
    }


def split_in_time(
    labels: NDArray[np.int64], validation_share: float, test_share: float
) -> dict[str, NDArray[np.int64]]:
    """Divide recordings into train, validation and test: each class into three stretches.

    Pictures of a recording all look alike, and neighbours are nearly equal. So the parts
    lie apart in time, and those between two parts belong to none.

    Args:
        labels: int (N,) classes; the photos of each stand in the order they were taken.
        validation_share, test_share: of each class, 0..1.

    Returns:
        Sorted indices of each part.

    Raises:
        MasklensError: a class has fewer than ``SHORTEST_RECORDING`` photos.
    """
    parts: dict[str, list[NDArray[np.int64]]] = {name: [] for name in PARTS}
    for label in sorted(set(labels.tolist())):
        taken = np.flatnonzero(labels == label)
        if len(taken) < SHORTEST_RECORDING:
            raise MasklensError(
                f"Too few photos: one class has {len(taken)};"
                f" at least {SHORTEST_RECORDING} are needed."
            )
        gap = max(1, round(len(taken) * GAP_SHARE))
        test = max(2, round(len(taken) * test_share))
        validation = max(2, round(len(taken) * validation_share))
        first_test = len(taken) - test
        first_validation = first_test - gap - validation
        if first_validation - gap < 2:
            raise MasklensError(
                "Too little is left to learn from. Keep fewer photos for validation and test."
            )
        parts["train"].append(taken[: first_validation - gap])
        parts["validation"].append(taken[first_validation : first_test - gap])
        parts["test"].append(taken[first_test:])
    return {name: np.sort(np.concatenate(members)) for name, members in parts.items()}
