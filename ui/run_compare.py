"""Several runs beside one another: their curves in one picture, their settings in one table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from training.comparison import comparison
from training.jobs import Job
from training.run_curves import curves
from ui.choices import model_title
from ui.learning_curves import PARTS, show_curves_of_runs
from ui.run_view import STATES
from ui.words import percent


def show_comparison(runs: list[Job]) -> None:
    """Curves of several runs over one another, and what sets the runs apart."""
    st.subheader(f"{len(runs)} runs compared", anchor=False)
    part = st.segmented_control(
        "Which photos",
        list(PARTS),
        default="validation",
        required=True,
        format_func=PARTS.__getitem__,
        key="compared_part",
        label_visibility="collapsed",
    )
    names = _unique_names(runs)
    show_curves_of_runs(
        {name: curves(job) for name, job in names.items()},
        part,
        max(job.config.epochs + job.config.fine_tune_epochs for job in runs),
    )
    table = pd.DataFrame({name: _facts(job) for name, job in names.items()})
    st.dataframe(table, height="content")
    st.caption("Press the name of a run in the list to look at it alone.")


def _unique_names(runs: list[Job]) -> dict[str, Job]:
    names: dict[str, Job] = {}
    for job in runs:
        name, number = job.name, 2
        while name in names:
            name, number = f"{job.name} ({number})", number + 1
        names[name] = job
    return names


def _facts(job: Job) -> dict[str, str]:
    config = job.config
    epochs = [point for point in curves(job) if point.part == "validation"]
    best = [point.accuracy for point in epochs if point.accuracy is not None]
    done = max((point.step for point in epochs), default=0)
    return {
        "State": "Stopped early" if job.stopped_early else STATES[job.state][0],
        "Test photos right": _right_of_test_photos(job),
        "Best validation accuracy": percent(max(best, default=None)),
        "Network": model_title(config.architecture),
        "Photos": job.data_name,
        "Epochs": _so_far(done, config.epochs),
        "Fine-tuning epochs": _so_far(done - config.epochs, config.fine_tune_epochs),
        "Changed copies": str(config.augmented_views),
        "Batch size": str(config.batch_size),
        "Learning rate": f"{config.learning_rate:g}",
        "Dropout": percent(config.dropout, 0),
        "Dense units": str(config.dense_units),
        "Seed": str(config.seed),
    }


def _right_of_test_photos(job: Job) -> str:
    """What the verdict on a run rests on, e.g. "88.9 %, 8 of 9"; a dash before there is one."""
    found = comparison(job)
    for part in found.parts if found else ():
        if part.part == "test":
            return f"{percent(part.run.accuracy)}, {part.run.right} of {part.run.count}"
    return "–"


def _so_far(done: float, epochs: int) -> str:
    """How many epochs a run has, e.g. "50", or "13 of 50" where that is not all of them."""
    done = min(max(done, 0), epochs)
    return str(epochs) if done == epochs else f"{done:.0f} of {epochs}"
