"""Showing what was found in photos."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from maskcore import Analysis
from ui.gallery import (
    Choice,
    Gallery,
    Photo,
    annotated_name,
    results_csv,
    results_json,
    results_zip,
)

PHOTOS_A_PAGE = 10


def sentence(analysis: Analysis) -> str:
    """What was found, e.g. "3 faces: 2 with mask, 1 without"."""
    total, masked = len(analysis.faces), analysis.count("Mask")
    if not total:
        return "No face found"
    if total == 1:
        return f"1 face: {'with' if masked else 'without'} mask"
    return f"{total} faces: {masked} with mask, {total - masked} without"


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


def show_totals(results: list[tuple[Photo, Analysis]]) -> None:
    """The figures over all photos, and everything to take along."""
    faces = sum(len(analysis.faces) for _, analysis in results)
    masked = sum(analysis.count("Mask") for _, analysis in results)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(results) > 1:  # of a single photo its own line says it all
            for title, value in (
                ("Photos", len(results)),
                ("Faces", faces),
                ("With mask", masked),
                ("Without", faces - masked),
            ):
                st.metric(title, value, width=110)
        st.space("stretch")
        # Callables: nothing is packed before somebody asks for it.
        st.download_button(
            "All photos (ZIP)",
            partial(results_zip, results),
            "masklens.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Table (CSV)", partial(results_csv, results), "faces.csv", "text/csv", on_click="ignore"
        )
        st.download_button(
            "JSON",
            partial(results_json, results),
            "faces.jsonl",
            "application/jsonl",
            on_click="ignore",
        )


def show_photos(gallery: Gallery, results: list[tuple[Photo, Analysis]], choice: Choice) -> None:
    """Each photo with its faces, some photos a page."""
    pages = -(-len(results) // PHOTOS_A_PAGE)
    page = st.pagination(pages, key="page") if pages > 1 else 1
    for photo, analysis in results[(page - 1) * PHOTOS_A_PAGE : page * PHOTOS_A_PAGE]:
        with st.container(border=True, key=f"photo-{photo.number}"):
            _show_photo(gallery, photo, analysis, choice)


def _show_photo(gallery: Gallery, photo: Photo, analysis: Analysis, choice: Choice) -> None:
    picture, facts = st.columns([3, 2], gap="medium")
    found = sentence(analysis)
    with picture:
        st.image(photo.annotated_preview(analysis), width="stretch", alt=f"{photo.name}: {found}")
    with facts:
        st.subheader(found, anchor=False)
        st.caption(
            f"{shown_name(photo.name)} · {analysis.size_wh[0]} × {analysis.size_wh[1]} pixels ·"
            f" finding faces {analysis.detect_ms:.0f} ms,"
            f" telling masks {analysis.classify_ms:.0f} ms"
        )
        if analysis.faces:
            _show_faces(analysis, photo.thumbnails[choice])
        else:
            st.info(
                "Try another face finder above, or a photo in which faces are larger,"
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
            "Face": thumbnails,
            "Result": [face.label for face in analysis.faces],
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
            "Face": st.column_config.ImageColumn(width=60),
            "Result": st.column_config.TextColumn(width=80),
            "Mask": st.column_config.ProgressColumn(
                "Mask probability", format="%.0f%%", min_value=0, max_value=100
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
