from __future__ import annotations

from unittest.mock import MagicMock

import pytest

from ui import progress


def test_a_bar_is_moved_only_where_something_is_seen_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = MagicMock()
    start = MagicMock(return_value=bar)
    monkeypatch.setattr(progress.st, "progress", start)
    move = progress.progress_bar("Looking")
    start.assert_called_once_with(0.0, "Looking")
    for share in (0.0, 0.004, 0.0199, 0.012, 0.5, 0.501, 1.2):
        move(share)
    for share, text in ((0.0, "Judging"), (0.001, "Judging"), (1.0, "Judging"), (1.0, "Counting")):
        move(share, text)
    assert [call.args for call in bar.progress.call_args_list] == [
        (1, "Looking"),
        (50, "Looking"),
        (100, "Looking"),
        (0, "Judging"),
        (100, "Judging"),
        (100, "Counting"),
    ]
