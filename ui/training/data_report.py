"""What a visitor's photos are like, before anything is trained on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import streamlit as st

from maskcore import MasklensError, encode_image, read_image
from maskcore.records import legible
from maskcore.resizing import reduced
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.findings import DataReport
from training.photos.inspection import contact_sheet, inspect
from training.photos.intake import kept_names
from ui.keys import LOOK
from ui.photos.preview import jpeg_url
from ui.progress import progress_bar
from ui.words import counted, plain

NAMES = {WITH_MASK: "Mask", WITHOUT_MASK: "No Mask"}
LISTED = 100
PICTURE_SIDE = 64


@dataclass(frozen=True)
class Look:
    """A report and a sheet of photos of each class, as JPEG; this visitor's alone.

    Attributes:
        folder: what was looked at.
        report: what was found; None where that was not possible.
        sheets: by class.
        unreadable: files that cannot be read, and why, as lines.
        names: what the owner calls the photos, by their names in ``folder``, if those are ours.
        in_both: photos that stand in both classes, as a table.
        problem: why there is no report, in a sentence.
    """

    folder: Path
    report: DataReport | None
    sheets: dict[str, bytes] = field(default_factory=dict)
    unreadable: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    in_both: pd.DataFrame | None = None
    problem: str = ""


def look_at(folder: Path, recorded: bool) -> Look:
    """What is in this visitor's folder; read once, with a bar.

    Args:
        folder: with the two classes.
        recorded: whether they are frames of a camera.
    """
    look: Look | None = st.session_state.get(LOOK)
    if look is None or look.folder != folder:
        place = st.empty()
        with place.container():
            move = progress_bar("Looking at every photo")
            try:
                look = _look(folder, inspect(folder, move, recorded))
            except MasklensError as error:
                look = Look(folder, None, problem=str(error))
        place.empty()
        st.session_state[LOOK] = look
    return look


def _look(folder: Path, report: DataReport) -> Look:
    # Photos that were taken in have names of ours, which their owner has never seen.
    names = {place: name for name, place in kept_names(folder).items()}
    return Look(
        folder,
        report,
        {label: encode_image(contact_sheet(folder, label)) for label in NAMES},
        [f"{_called(place, names)}: {reason}" for place, reason in report.unreadable],
        names,
        pd.DataFrame([_row(folder, places, names) for places in report.in_both[:LISTED]]),
    )


def _row(folder: Path, places: tuple[str, ...], names: dict[str, str]) -> dict[str, str]:
    """What photos that look the same look like, and their names in either class."""
    picture = encode_image(reduced(read_image(folder / places[0]), PICTURE_SIDE))
    row = {"Photo": jpeg_url(picture)}
    for label, title in NAMES.items():
        own = [place for place in places if place.startswith(f"{label}/")]
        row[title] = ", ".join(_called(place, names).removeprefix(f"{label}/") for place in own)
    return row


def _called(place: str, names: dict[str, str]) -> str:
    """What its owner calls a file."""
    return legible(names.get(place, place))


def show_report(look: Look) -> None:
    """Counts, what they mean, and a sheet of each class."""
    report = look.report
    if report is None:
        st.error(plain(look.problem))
        return
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
            st.metric(name, counted(report.photos[label], "photo"))
            st.image(look.sheets[label], width="stretch", alt=f"Photos of the class {name}")
    if report.in_both:
        with st.expander("The same photo in both classes"):
            _table(look.in_both, len(report.in_both))
    if report.unreadable:
        with st.expander("Files that cannot be read"):
            _table(pd.DataFrame({"File": look.unreadable[:LISTED]}), len(look.unreadable))


def _table(table: pd.DataFrame, count: int) -> None:
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        row_height=48 if "Photo" in table else None,
        column_config={"Photo": st.column_config.ImageColumn(width=60)},
    )
    if count > len(table):
        st.caption(f"The first {len(table)} of {count:,}.")
