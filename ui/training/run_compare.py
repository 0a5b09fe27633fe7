"""Several runs beside one another: their curves in one picture, their settings in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from maskcore import MasklensError
from training.background.comparison import of_test_photos
from training.background.jobs import Job
from training.background.run_curves import CurvePoint, curves
from training.config import DATA_FILE
from training.job_files import read_values
from training.photos.corrections import read_corrections
from ui.choices import model_title
from ui.metrics.learning_curves import PARTS, show_curves_of_runs
from ui.training.champion import share_in_words
from ui.training.run_view import STATES
from ui.training.training_settings import WEIGHTS
from ui.words import counted, percent, plain

RESULT = "Test photos right"  # what the runs are compared for


def show_comparison(runs: list[Job]) -> None:
    """Curves of several runs over one another, and what sets the runs apart."""
    st.header(f"{len(runs)} runs compared", anchor=False)
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
    points = {name: curves(job) for name, job in names.items()}
    show_curves_of_runs(
        points,
        part,
        max(job.config.epochs + job.config.fine_tune_epochs for job in runs),
    )
    reports = {name: read_values(job.folder / DATA_FILE) or {} for name, job in names.items()}
    checked = [_checked_on(job, reports[name]) for name, job in names.items()]
    if len(set(filter(None, checked))) > 1:
        st.info(
            "These runs were checked on different photos: where one has more of them right, its"
            " photos may only have been easier.",
            icon=":material/info:",
        )
    _show_differences(
        pd.DataFrame(
            {plain(name): _facts(job, points[name], reports[name]) for name, job in names.items()}
        )
    )
    st.caption(
        "In brackets: where the true share lies with 95\N{NO-BREAK SPACE}% certainty. Press the"
        " name of a run in the list to look at it alone."
    )


def _show_differences(table: pd.DataFrame) -> None:
    """What sets the runs apart as a table, which is to fit on a phone; what does not, below it.

    Args:
        table: facts by their names, a column a run.
    """
    first = table.iloc[:, 0]
    differs = table.ne(first, axis=0).any(axis=1)
    differs[RESULT] = True
    # Not st.dataframe, which cuts what does not fit.
    st.table(table[differs])
    alike = [f"{name}: {first[name]}" for name in table.index[~differs] if first[name] != "–"]
    if alike:
        st.caption(f"The same in all {table.shape[1]} runs: {' · '.join(alike)}.")


def _unique_names(runs: list[Job]) -> dict[str, Job]:
    names: dict[str, Job] = {}
    for job in runs:
        name, number = job.name, 2
        while name in names:
            name, number = f"{job.name} ({number})", number + 1
        names[name] = job
    return names


def _facts(job: Job, points: list[CurvePoint], report: dict[str, Any]) -> dict[str, str]:
    config = job.config
    right, share = _right_of_test_photos(job)
    total, to_learn = _numbers_of_photos(report)
    epochs = [point for point in points if point.part == "validation"]
    best = [point.accuracy for point in epochs if point.accuracy is not None]
    done = max((point.step for point in epochs), default=0)
    return {
        "State": "Stopped early" if job.stopped_early else STATES[job.state][0],
        RESULT: right,
        "The same as a share": share,
        "Best validation accuracy": percent(max(best, default=None)),
        "Network": model_title(config.architecture),
        "Starting weights": WEIGHTS.get(
            config.backbone_weights, plain(Path(config.backbone_weights).name)
        ),
        "Photos": plain(job.data_name),
        "Number of photos": total,
        "Of them to learn from": to_learn,
        "Corrections": _corrections(config.corrections),
        "Epochs": _so_far(done, config.epochs),
        "Fine-tuning epochs": _so_far(done - config.epochs, config.fine_tune_epochs),
        "Changed copies": str(config.augmented_views),
        "Batch size": str(config.batch_size),
        "Learning rate": f"{config.learning_rate:g}",
        "Dropout": percent(config.dropout, 0),
        "Dense units": str(config.dense_units),
        "Seed": str(config.seed),
    }


def _right_of_test_photos(job: Job) -> tuple[str, str]:
    """What the verdict on a run rests on, counted and as a share; dashes before there is one."""
    tested = of_test_photos(job)
    return (f"{tested.right} of {tested.count}", share_in_words(tested)) if tested else ("–", "–")


def _numbers_of_photos(report: dict[str, Any]) -> tuple[str, str]:
    """All of a run, and those it learns from; dashes before they have been read."""
    try:
        return f"{report['photos']:,}", f"{report['parts']['train']['photos']:,}"
    except (LookupError, TypeError, ValueError):
        return "–", "–"


def _corrections(file: str) -> str:
    if not file:
        return "none"
    try:
        return counted(len(read_corrections(Path(file))), "photo")
    except MasklensError:  # gone by hand from the run's folder
        return "some"


def _checked_on(job: Job, report: dict[str, Any]) -> frozenset[tuple[Any, ...]]:
    """A run's validation and test photos; none before they have been read.

    The same photos brought twice lie in two folders, under the same names and of the same size.
    """
    photos = set()
    try:
        moved = report.get("relabelled", {})
        for part in ("validation", "test"):
            for name in report["parts"][part]["paths"]:
                path = Path(job.config.data, name)
                told_by = path.stat().st_size if path.is_file() else path
                photos.add((part, name, told_by, moved.get(name)))
    except (LookupError, TypeError, AttributeError, OSError):
        return frozenset()
    return frozenset(photos)


def _so_far(done: float, epochs: int) -> str:
    """How many epochs a run has, e.g. "50", or "13 of 50" where that is not all of them."""
    done = min(max(done, 0), epochs)
    return str(epochs) if done == epochs else f"{done:.0f} of {epochs}"
