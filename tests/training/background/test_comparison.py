from __future__ import annotations

from dataclasses import replace

from training.background.comparison import (
    COMPARISON_FILE,
    Comparison,
    Figures,
    PartComparison,
    comparison,
    save_comparison,
)
from training.background.jobs import Job, State


def test_a_comparison_is_read_as_it_was_written(job: Job) -> None:
    figures = [Figures(10, 10, 1.0, (0.72, 1.0), 0), Figures(3, 10, 0.3, (0.11, 0.6), 0)]
    parts = tuple(PartComparison(part, *figures) for part in ("validation", "test"))
    made = Comparison("net", "Old one", "better", "The new model is better.", "", parts, "abc")
    save_comparison(made, job.folder)
    assert comparison(job) is None  # it goes on
    job = replace(job, state=State.FINISHED)
    assert comparison(job) == made
    whole = (job.folder / COMPARISON_FILE).read_text()
    for damage in (
        *("", "{", "[]", "{}", '{"parts": [1]}', '{"parts": 1}'),
        *(whole.replace(name, "other") for name in ("verdict", "right", "interval", "not_sure")),
        whole.replace('"run": {', '"run": 3, "other": {', 1),
    ):
        assert damage != whole
        (job.folder / COMPARISON_FILE).write_text(damage)
        assert comparison(job) is None
