"""How installed models were trained: loss and accuracy over the epochs of their runs."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError
from maskcore.models import read_report
from training.background.job_progress import number
from training.background.run_curves import CurvePoint
from ui.metrics.learning_curves import explain_curves, show_curves
from ui.metrics.provenance import title_with_run
from ui.words import plain


def history_of(model: str) -> list[CurvePoint]:
    """The epochs of the run that made a model; empty where its report has none."""
    try:
        history = read_report(model).get("history")
    except MasklensError:
        return []
    if not isinstance(history, list):
        return []
    epochs = [epoch for epoch in history if isinstance(epoch, dict) and "epoch" in epoch]
    return [
        CurvePoint(
            step,
            part,
            loss=number(epoch.get(f"{prefix}loss")),
            accuracy=number(epoch.get(f"{prefix}accuracy")),
        )
        for step, epoch in enumerate(epochs, 1)
        for part, prefix in (("training", ""), ("validation", "val_"))
    ]


def show_history(models: list[str]) -> None:
    """Training curves of the runs that made these models."""
    st.header("How they were trained" if len(models) > 1 else "How it was trained", anchor=False)
    histories = {title_with_run(name): history_of(name) for name in models}
    for title, points in histories.items():
        if points:
            st.markdown(f"**{plain(title)}**")
            show_curves(points, int(points[-1].step))
        else:
            st.caption(f"The run that made {plain(title)} left no record of its epochs.")
    if any(histories.values()):
        explain_curves()
