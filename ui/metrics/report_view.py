"""The buttons that take the page's figures along."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import streamlit as st

from ui.choices import model_title
from ui.metrics.judged import Judged
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.report_export import report_csv, report_json
from ui.metrics.report_html import report_html
from ui.metrics.scene_figures import SceneFigures
from ui.metrics.stress_view import read_stress


def show_downloads(
    judged: Judged,
    threshold: float,
    scenes: dict[str, SceneFigures],
    folds: dict[str, SceneFigures],
    own: OwnPhotos | None,
) -> None:
    """Report, table and JSON of what the page shows; made when somebody asks.

    Args:
        judged: the photos.
        threshold: mask probability, 0..1, from which the answer is "Mask".
        scenes: reports of finder and this model together, by the finder's title.
        folds: such reports of photos that networks judged in turns.
        own: the visitor's photos, if it is them.
    """
    stress = None if own else read_stress(judged.model)
    stem = f"masklens-{judged.model}-{PurePath(judged.data).stem[:40] or judged.part}"
    report = partial(
        report_html,
        judged,
        threshold,
        scenes,
        model_title(judged.model),
        folds,
        stress,
        own.caution if own else "",
    )
    st.divider()
    files = (
        ("Report (HTML)", report, "html", "text/html"),
        ("Table (CSV)", partial(report_csv, judged, threshold), "csv", "text/csv"),
        (
            "All figures (JSON)",
            partial(report_json, judged, threshold, scenes, folds),
            "json",
            "application/json",
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for title, made, suffix, kind in files:
            st.download_button(
                title,
                made,
                f"{stem}.{suffix}",
                kind,
                icon=":material/download:",
                on_click="ignore",
            )
    whole_app = ", the whole app" if scenes else ""
    of_whole_app = ", of the whole app" if scenes else ""
    hard_cases = ", hard cases" if stress else ""
    st.caption(
        f"At the threshold chosen. Report: figures, charts{whole_app}{hard_cases} and mistakes, in"
        f" one file. Table: a row for each {judged.thing}. All figures: of all {judged.things}"
        f" together{of_whole_app} and of each {judged.thing}."
    )
