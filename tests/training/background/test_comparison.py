from __future__ import annotations

import json
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
    # Older runs' files hold figures that nobody needed.
    older = json.loads((job.folder / COMPARISON_FILE).read_text())
    for part in older["parts"]:
        part |= {"only_run_right": 7, "only_installed_right": 0, "p_value": 0.02}
        for model in ("run", "installed"):
            part[model] |= {"recall": {"No Mask": 0.2, "Mask": None}}
    (job.folder / COMPARISON_FILE).write_text(json.dumps(older))
    assert comparison(job) == made
    for part in older["parts"]:
        for model in ("run", "installed"):
            assert part[model].pop("not_sure") == 0
    (job.folder / COMPARISON_FILE).write_text(json.dumps(older))
    assert comparison(job).parts[0].run == replace(made.parts[0].run, not_sure=None)
    for damage in ("", "{", "[]", "{}", '{"parts": [1]}', '{"parts": 1}'):
        (job.folder / COMPARISON_FILE).write_text(damage)
        assert comparison(job) is None
