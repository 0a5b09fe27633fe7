"""What a visitor's photos are like, before anything is trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from maskcore import MasklensError, encode_image
from training.class_names import WITH_MASK, WITHOUT_MASK
from training.findings import DataReport
from training.inspection import contact_sheet, inspect
from ui.progress import progress_bar
from ui.results import plain

NAMES = {WITH_MASK: "Mask", WITHOUT_MASK: "No Mask"}
LISTED = 200


@dataclass(frozen=True)
class Look:
    """A report and a sheet of photos of each class, as JPEG; this visitor's alone.

    Attributes:
        folder: what was looked at.
        report: what was found; None where that was not possible.
        sheets: by class.
        problem: why there is no report, in a sentence.
    """

    folder: Path
    report: DataReport | None
    sheets: dict[str, bytes]
    problem: str = ""


def look_at(folder: Path, recorded: bool) -> Look:
    """What is in this visitor's folder; read once, with a bar.

    Args:
        folder: with the two classes.
        recorded: whether they are frames of a camera.
    """
    look: Look | None = st.session_state.get("training_look")
    if look is None or look.folder != folder:
        place = st.empty()
        with place.container():
            move = progress_bar("Looking at every photo")
            try:
                report = inspect(folder, move, recorded)
                sheets = {label: encode_image(contact_sheet(folder, label)) for label in NAMES}
                look = Look(folder, report, sheets)
            except MasklensError as error:
                look = Look(folder, None, {}, str(error))
        place.empty()
        st.session_state.training_look = look
    return look


def show_report(report: DataReport, sheets: dict[str, bytes]) -> None:
    """Counts, what they mean, and a sheet of each class."""
    if report.obstacle:
        st.error(plain(report.obstacle), icon=":material/error:")
    for finding in report.findings():
        if finding.serious:
            st.warning(plain(finding.text), icon=":material/warning:")
    remarks = [plain(finding.text) for finding in report.findings() if not finding.serious]
    if remarks:
        st.markdown("\n".join(f"- {remark}" for remark in remarks))
    for column, (label, name) in zip(st.columns(2, gap="medium"), NAMES.items(), strict=True):
        with column:
            st.metric(name, f"{report.photos[label]:,} photos")
            st.image(sheets[label], width="stretch", alt=f"Photos of the class {name}")
    if report.in_both:
        with st.expander("The same photo in both classes"):
            _table([", ".join(names) for names in report.in_both], "Files")
    if report.unreadable:
        with st.expander("Files that cannot be read"):
            _table([f"{name}: {reason}" for name, reason in report.unreadable], "File")


def _table(lines: list[str], title: str) -> None:
    st.dataframe(pd.DataFrame({title: lines[:LISTED]}), hide_index=True, width="stretch")
    if len(lines) > LISTED:
        st.caption(f"The first {LISTED} of {len(lines):,}.")
