"""Tests of training.runs."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from maskcore.errors import MasklensError
from training.callbacks import RunState
from training.config import DATA_FILE, RunConfig
from training.runs import check_same_photos

PHOTOS = {"train": ["a", "b"], "validation": ["c"], "test": ["d"]}
DEALT_ANEW = {"train": ["a", "d"], "validation": ["c"], "test": ["b"]}
ANOTHER_FOLD = {"train": ["a", "c"], "validation": ["b"], "test": ["d"]}


@pytest.mark.parametrize(
    ("folds", "before", "now", "refused"),
    [
        (0, {"parts": PHOTOS}, {"parts": PHOTOS}, False),
        (0, {"parts": PHOTOS}, {"parts": DEALT_ANEW}, True),
        (1, {"parts": PHOTOS}, {"parts": ANOTHER_FOLD}, True),
        (0, {"scenes": PHOTOS}, {"scenes": DEALT_ANEW}, True),
        (4, {"scenes": PHOTOS}, {"scenes": ANOTHER_FOLD}, True),
        # Where all scenes train, none but those for testing is kept from it.
        (1, {"scenes": PHOTOS}, {"scenes": ANOTHER_FOLD}, False),
        (1, {"scenes": PHOTOS}, {"scenes": DEALT_ANEW}, True),
        (0, {"parts": PHOTOS, "scenes": PHOTOS}, {"parts": PHOTOS, "scenes": DEALT_ANEW}, True),
        (0, {"scenes": PHOTOS, "close_ups": 9}, {"scenes": PHOTOS, "close_ups": 8}, True),
        (0, {"scenes": PHOTOS, "close_ups": 9}, {"scenes": PHOTOS, "close_ups": 9}, False),
        # Gone or damaged.
        (0, {}, {"parts": PHOTOS}, False),
        (0, None, {"parts": PHOTOS}, False),
    ],
)
def test_photos_are_those_that_the_run_has_learned_from(
    tmp_path: Path,
    folds: int,
    before: dict[str, Any] | None,
    now: dict[str, Any],
    refused: bool,
) -> None:
    if before is not None:
        (tmp_path / DATA_FILE).write_text(json.dumps(before))
    RunState(tmp_path).save("training", 1)
    said = pytest.raises(MasklensError, match=r"have changed since this run .* a new run\.$")
    with said if refused else nullcontext():
        check_same_photos(tmp_path, RunConfig(folds=folds), now)


def test_a_run_that_learned_nothing_yet_may_find_any_photos(tmp_path: Path) -> None:
    (tmp_path / DATA_FILE).write_text(json.dumps({"parts": PHOTOS}))
    check_same_photos(tmp_path, RunConfig(), {"parts": DEALT_ANEW})
