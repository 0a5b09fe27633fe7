"""Showing what was found in photos."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from maskcore import Analysis
from maskcore.types import Face, NotSure, Verdict
from ui.gallery import (
    Choice,
    Gallery,
    Photo,
    Problems,
    Results,
    annotated_name,
    results_csv,
    results_json,
    results_zip,
)

PHOTOS_A_PAGE = 10
# Photos fill their column, those of fewer pixels across are enlarged so many times.
SMALL_WIDTH, ENLARGED = 240, 3
# Tall photos fit the window, undistorted. On phones the settings stand below the results,
# which would otherwise begin a window's height down.
_STYLE = """<style>
[class*="st-key-photo-"] [data-testid="stImageContainer"] img {
  max-height: 70vh; object-fit: contain; object-position: left top;
}
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-settings) { order: 1; }
}
</style>"""
_IN_WORDS: dict[Verdict, str] = {
    "Mask": "with mask",
    "No Mask": "without mask",
    "Not sure": "not sure",
}
_DOUBTS = ("the face is too small", "the face is too blurred", "the model is undecided")


def sentence(analysis: Analysis) -> str:
    """What was found, e.g. "3 faces: 1 with mask, 1 without, 1 not sure"."""
    if not analysis.faces:
        return "No face found"
    if len(analysis.faces) == 1:
        return f"1 face: {_IN_WORDS[analysis.faces[0].verdict]}"
    masked, bare, unsure = map(analysis.count, _IN_WORDS)
    doubtful = f", {unsure} not sure" if unsure else ""
    return f"{len(analysis.faces)} faces: {masked} with mask, {bare} without{doubtful}"


def why_not_sure(analysis: Analysis) -> str:
    """Why faces of a photo are not called, in one sentence; empty where all are."""
    given = {_doubt(face, analysis.not_sure) for face in analysis.faces if not face.sure}
    reasons = [doubt for doubt in _DOUBTS if doubt in given]
    return f"Not sure: {', or '.join(reasons)}." if reasons else ""


def _doubt(face: Face, rule: NotSure) -> str:
    # Size and blur come first: they are what another photo can mend.
    small, blurred, undecided = _DOUBTS
    if face.longer_side < rule.smallest_side:
        return small
    return blurred if face.sharpness < rule.least_sharpness else undecided


def show_empty_state() -> None:
    """What to do first."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown("**No photos yet**", width="content")
        st.markdown(
            "Drop some on the field above, take one with the camera, or try the sample.",
            width="content",
        )
        st.space("small")


def show_totals(results: Results, problems: Problems) -> None:
    """The figures over all photos, and everything to take along, with what was refused."""
    faces = sum(len(analysis.faces) for _, analysis in results)
    masked, bare, unsure = (
        sum(analysis.count(verdict) for _, analysis in results) for verdict in _IN_WORDS
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(results) > 1:  # of a single photo its own line says it all
            totals = {
                "Photos": len(results),
                "Faces": faces,
                "With mask": masked,
                "Without": bare,
            }
            if unsure:
                totals["Not sure"] = unsure
            for title, value in totals.items():
                st.metric(title, value, width=110)
        st.space("stretch")
        # Callables: nothing is packed before somebody asks for it.
        st.download_button(
            "All photos (ZIP)",
            partial(results_zip, results, problems),
            "masklens.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Table (CSV)",
            partial(results_csv, results, problems),
            "faces.csv",
            "text/csv",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            partial(results_json, results, problems),
            "faces.jsonl",
            "application/jsonl",
            on_click="ignore",
        )


def show_photos(gallery: Gallery, results: Results, choice: Choice) -> None:
    """Each photo with its faces, some photos a page."""
    st.html(_STYLE)
    pages = -(-len(results) // PHOTOS_A_PAGE)
    page = st.pagination(pages, key="page") if pages > 1 else 1
    for photo, analysis in results[(page - 1) * PHOTOS_A_PAGE : page * PHOTOS_A_PAGE]:
        with st.container(border=True, key=f"photo-{photo.number}"):
            _show_photo(gallery, photo, analysis, choice)


def _show_photo(gallery: Gallery, photo: Photo, analysis: Analysis, choice: Choice) -> None:
    picture, facts = st.columns([3, 2], gap="medium")
    found = sentence(analysis)
    width = analysis.size_wh[0]
    with picture:
        st.image(
            photo.annotated_preview(analysis),
            width=width * ENLARGED if width < SMALL_WIDTH else "stretch",
            alt=f"{photo.name}: {found}",
        )
    with facts:
        st.subheader(found, anchor=False)
        st.caption(
            f"{shown_name(photo.name)} · {analysis.size_wh[0]} × {analysis.size_wh[1]} pixels ·"
            f" finding faces {analysis.detect_ms:.0f} ms,"
            f" checking masks {analysis.classify_ms:.0f} ms"
        )
        if analysis.faces:
            _show_faces(analysis, photo.thumbnails[choice])
            if doubts := why_not_sure(analysis):
                st.caption(doubts)
        else:
            st.info(
                "Try another face finder, or a photo in which faces are larger,"
                " brighter and upright."
            )
        with st.container(horizontal=True):
            st.download_button(
                "Annotated photo",
                partial(photo.annotated, analysis),
                annotated_name(photo),
                "image/jpeg",
                icon=":material/download:",
                key=f"save-{photo.number}",
                on_click="ignore",
            )
            st.button(
                "Remove",
                key=f"remove-{photo.number}",
                icon=":material/close:",
                type="tertiary",
                on_click=gallery.remove,
                args=(photo,),
            )


def _show_faces(analysis: Analysis, thumbnails: list[str]) -> None:
    table = pd.DataFrame(
        {
            "No.": range(1, len(thumbnails) + 1),  # as drawn, and as in the CSV
            "Face": thumbnails,
            "Result": [face.verdict for face in analysis.faces],
            "Mask": [face.mask_probability * 100 for face in analysis.faces],
            "Width": [round(face.box_xyxy[2] - face.box_xyxy[0]) for face in analysis.faces],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        row_height=48,
        height="content" if len(table) <= 6 else 350,
        column_config={
            "No.": st.column_config.NumberColumn(width=40),
            "Face": st.column_config.ImageColumn(width=60),
            "Result": st.column_config.TextColumn(width=80),
            "Mask": st.column_config.ProgressColumn(
                "Mask probability", format="%.0f %%", min_value=0, max_value=100
            ),
            "Width": st.column_config.NumberColumn("Width", format="%d px", width=70),
        },
    )


def shown_name(name: str) -> str:
    """A file name, shortened."""
    return plain(name if len(name) <= 60 else f"{name[:40]}…{name[-15:]}")


def plain(text: str) -> str:
    """Text kept from being read as Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|~$:" else c for c in text)
