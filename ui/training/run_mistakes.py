"""The test photos that a finished run's model got wrong."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from maskcore import ModelError
from maskcore.models import CARD_FILE, REPORT_FILE
from training.background.jobs import Job
from training.job_files import read_values
from ui.metrics.corrections import Marks
from ui.metrics.judged import judged_parts
from ui.metrics.mistakes import CELLS, cell_title
from ui.metrics.photo_cards import show_cards
from ui.metrics.pictures import Pictures
from ui.training.training_data import brought_folder


def show_run_mistakes(job: Job, allowed: bool) -> None:
    """A fold with what each photo shows and what it was taken for, as on the Metrics page.

    Args:
        job: a finished run that got some wrong.
        allowed: whether visitors may train, so that marks on photos are of use.
    """
    # Of a state that the server knows: a fold that only the browser knows to be open closes
    # where something above it comes or goes.
    with st.expander(
        "What it got wrong",
        icon=":material/rule:",
        key=f"wrong-{job.id}",
        on_change="rerun",
    ) as fold:
        if fold.open:
            _show(job, allowed)


def _show(job: Job, allowed: bool) -> None:
    card, report = (read_values(job.folder / name) or {} for name in (CARD_FILE, REPORT_FILE))
    try:
        judged, threshold = judged_parts(job.name, report)["test"], float(card["threshold"])
    except (ModelError, LookupError, TypeError, ValueError):
        st.caption("This run's report is damaged: it does not hold its test photos.")
        return
    pictures = _pictures(Path(job.config.data))
    # Nobody marks what they cannot see.
    corrections = Marks.of_session(job.data_name) if allowed and pictures else None
    for truth, answer in CELLS[:2]:
        members = judged.cell(truth, answer, threshold)
        if members:
            st.markdown(f"**{cell_title((truth, answer), judged.counted(len(members)))}**")
            show_cards(
                judged.answers(members),
                pictures,
                corrections,
                f"wrong_page-{job.id}-{truth}",
            )
    if pictures is None:
        st.caption(
            "Only who brought the photos sees them here, as long as they stand under New run."
        )


def _pictures(folder: Path) -> Pictures | None:
    """Those of a run's photos, for the visitor who brought them; no other sees them."""
    return Pictures.of_folder(folder) if brought_folder() == folder else None
