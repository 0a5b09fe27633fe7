"""What was found over all photos, and everything to take along."""

from __future__ import annotations

from functools import partial
from typing import get_args

import streamlit as st

from maskcore.types import Verdict
from ui.photos.export import results_csv, results_json, results_zip
from ui.photos.gallery import Gallery
from ui.photos.photo import Results

_KEY = "totals"
# Low and narrow, so that photos are in sight and on phones the figures stand in one line.
_STYLE = f"""<style>
.st-key-{_KEY} [data-testid="stMetricValue"] {{ font-size: 1.5rem; }}
</style>"""


def show_totals(gallery: Gallery, results: Results, looking: bool, blur: bool) -> None:
    """The figures over all photos, and the files with all of them and with what was refused.

    Args:
        gallery: the visitor's.
        results: what has been found so far.
        looking: whether photos are being looked at just now.
        blur: whether faces are unrecognisable in the photos to take along.
    """
    st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", key=_KEY):
        if len(gallery.photos) > 1:  # of a single photo its own line says it all
            for title, value in _figures(results).items():
                st.metric(title, value if results else "–", width="content")
            st.space("stretch")
        _offer_downloads(gallery, results, looking, blur)


def _figures(results: Results) -> dict[str, int]:
    faces = sum(len(analysis.faces) for _, analysis in results)
    masked, bare, unsure = (
        sum(analysis.count(verdict) for _, analysis in results) for verdict in get_args(Verdict)
    )
    figures = {"Photos": len(results), "Faces": faces, "With mask": masked, "Without": bare}
    return {**figures, "Not sure": unsure} if unsure else figures


def _offer_downloads(gallery: Gallery, results: Results, looking: bool, blur: bool) -> None:
    # What somebody takes along meanwhile would be taken for all there is.
    partly = len(results) < len(gallery.photos) and not looking
    photos, table, lines = (
        ("Photos so far (ZIP)", "Table so far (CSV)", "JSON lines so far")
        if partly
        else ("Photos (ZIP)", "Table (CSV)", "JSON lines")
    )
    help = "Comes when every photo has been looked at." if looking else None
    given = results, gallery.problems
    # Callables: nothing is packed before somebody asks for it.
    st.download_button(
        photos,
        partial(results_zip, *given, blur),
        "masklens.zip",
        "application/zip",
        icon=":material/download:",
        key="all-photos",
        help=help,
        disabled=looking or not results,
        on_click="ignore",
    )
    for label, make, file_name, kind in (
        (table, results_csv, "faces.csv", "text/csv"),
        (lines, results_json, "faces.jsonl", "application/jsonl"),
    ):
        st.download_button(
            label,
            partial(make, *given),
            file_name,
            kind,
            key=f"all-{file_name}",
            help=help,
            disabled=looking,
            on_click="ignore",
        )
