"""Several runs beside one another: their curves in one picture, their settings in one table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from training.jobs import Job
from training.run_curves import curves
from ui.choices import model_title
from ui.judged import percent
from ui.learning_curves import PARTS, show_curves_of_runs


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
    st.caption("Untick them in the list to look at a single run again.")


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
    best = [
        point.accuracy
        for point in curves(job)
        if point.part == "validation" and point.accuracy is not None
    ]
    return {
        "Best validation accuracy": percent(max(best, default=None)),
        "Network": model_title(config.architecture),
        "Photos": job.data_name,
        "Epochs": str(config.epochs),
        "Fine-tuning epochs": str(config.fine_tune_epochs),
        "Changed copies": str(config.augmented_views),
        "Batch size": str(config.batch_size),
        "Learning rate": f"{config.learning_rate:g}",
        "Dropout": percent(config.dropout, 0),
        "Dense units": str(config.dense_units),
        "Seed": str(config.seed),
    }
