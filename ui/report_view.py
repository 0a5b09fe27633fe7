"""The buttons that take the page's figures along."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import streamlit as st

from ui.choices import model_title
from ui.judged import Judged
from ui.report_export import report_csv, report_html, report_json
from ui.scene_figures import SceneFigures


def show_downloads(judged: Judged, threshold: float, scenes: dict[str, SceneFigures]) -> None:
    """Report, table and JSON of what the page shows; made when somebody asks."""
    stem = f"masklens-{judged.model}-{PurePath(judged.data).stem[:40] or judged.part}"
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Report (HTML)",
            partial(report_html, judged, threshold, scenes, model_title(judged.model)),
            f"{stem}.html",
            "text/html",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Table (CSV)",
            partial(report_csv, judged, threshold),
            f"{stem}.csv",
            "text/csv",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            partial(report_json, judged, threshold, scenes),
            f"{stem}.json",
            "application/json",
            on_click="ignore",
        )
    st.caption("What this page shows, at the threshold chosen. The report has the charts in it.")
