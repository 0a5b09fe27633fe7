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


def show_totals(results: Results) -> None:
    """The figures over all photos.

    Args:
        results: what has been found so far.
    """
    st.html(_STYLE)
    with st.container(horizontal=True, key=_KEY):
        for title, value in _figures(results).items():
            st.metric(title, value if results else "–", width="content")


def _figures(results: Results) -> dict[str, int]:
    faces = sum(len(analysis.faces) for _, analysis in results)
    masked, bare, unsure = (
        sum(analysis.count(verdict) for _, analysis in results) for verdict in get_args(Verdict)
    )
    # All five always: one that went would stand with its old number while photos are looked at.
    return {
        "Photos": len(results),
        "Faces": faces,
        "Mask": masked,
        "No Mask": bare,
        "Not sure": unsure,
    }


def offer_downloads(gallery: Gallery, results: Results, looking: bool, blur: bool) -> None:
    """A button for the files with all photos and with what was refused.

    Args:
        gallery: the visitor's.
        results: what has been found so far.
        looking: whether photos are being looked at just now.
        blur: whether faces are unrecognisable in the photos to take along.
    """
    # What somebody takes along meanwhile would be taken for all there is.
    partly = " so far" if len(results) < len(gallery.photos) and not looking else ""
    given = results, gallery.problems
    with st.popover("Download", icon=":material/download:", key="download"):
        if looking:
            st.caption("Comes when every photo has been looked at.")
        # Callables: nothing is packed before somebody asks for it.
        for label, make, file_name, kind, disabled in (
            (
                "Photos{} (ZIP)",
                partial(results_zip, *given, blur),
                "masklens.zip",
                "application/zip",
                not results,
            ),
            ("Table{} (CSV)", partial(results_csv, *given), "faces.csv", "text/csv", False),
            (
                "Table{} (JSON lines)",
                partial(results_json, *given),
                "faces.jsonl",
                "application/jsonl",
                False,
            ),
        ):
            st.download_button(
                label.format(partly),
                make,
                file_name,
                kind,
                key=f"all-{file_name}",
                disabled=looking or disabled,
                on_click="ignore",
                width="stretch",
            )
