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
        # Runs of earlier versions did not write everything down.
        (0, {"parts": PHOTOS}, {"parts": PHOTOS, "scenes": PHOTOS}, False),
        (0, {}, {"parts": PHOTOS}, False),
        (0, None, {"parts": PHOTOS}, False),
    ],
)
@pytest.mark.parametrize("resumed", [True, False])
def test_photos_are_those_of_the_run_that_learned_from_them(
    tmp_path: Path,
    folds: int,
    before: dict[str, Any] | None,
    now: dict[str, Any],
    refused: bool,
    resumed: bool,
) -> None:
    former, run = tmp_path / "former", tmp_path / "run"
    told, other = (run, former) if resumed else (former, run)
    for folder, report in ((told, before), (other, {"parts": {}})):
        folder.mkdir()
        if report is not None:
            (folder / DATA_FILE).write_text(json.dumps(report))
    if resumed:
        RunState(run).save("training", 1)
    name = "this run" if resumed else "former"
    anew = "start a new run.$" if resumed else "start a new run without it.$"
    said = pytest.raises(MasklensError, match=f"have changed since {name} began.*{anew}")
    with said if refused else nullcontext():
        check_same_photos(run, RunConfig(start_from=str(former), folds=folds), now)


def test_a_run_that_learned_nothing_yet_may_find_any_photos(tmp_path: Path) -> None:
    (tmp_path / DATA_FILE).write_text(json.dumps({"parts": PHOTOS}))
    check_same_photos(tmp_path, RunConfig(), {"parts": DEALT_ANEW})
