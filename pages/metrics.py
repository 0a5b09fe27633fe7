"""How good it is: at a glance, and in depth for those who ask."""

from __future__ import annotations

import streamlit as st

from ui.entry import enter_by_main_script
from ui.metrics.compare_view import show_compare
from ui.metrics.curve_view import show_curves
from ui.metrics.measured import choose_measured
from ui.metrics.metrics_view import (
    BY_THRESHOLD,
    choose_section,
    show_figures,
    show_headline,
    show_how_measured,
)
from ui.metrics.mistakes import show_mistakes
from ui.metrics.own_view import show_own
from ui.metrics.report_view import show_downloads
from ui.metrics.scene_view import show_scenes
from ui.metrics.stress_view import show_stress
from ui.metrics.threshold_view import choose_metrics_threshold, metrics_threshold

enter_by_main_script()

st.title("How good is it?", anchor=False)
measured = choose_measured()
show_headline(measured)
section = choose_section()
judged = measured.judged
threshold = 0.5
if judged is not None:
    threshold = (
        choose_metrics_threshold(measured.model, judged.part)
        if section in BY_THRESHOLD
        else metrics_threshold(measured.model)
    )

if section == "Whole app":
    show_scenes(measured.scenes, measured.model, measured.own is not None, measured.folds)
elif section == "Hard cases":
    show_stress(measured.model, measured.own is not None)
elif section == "Your photos":
    show_own(measured.model)
elif judged is None:
    st.info("These figures need the model's report: see above.")
elif section == "Figures":
    show_figures(judged, threshold, measured.own)
elif section == "Mistakes":
    show_mistakes(judged, threshold, measured.own)
elif section == "Curves":
    show_curves(judged, threshold)
elif section == "Two models":
    show_compare(judged, measured.own)
if section == "Figures":
    show_how_measured(measured)

# Before the visitor's are measured, the figures of others are not theirs to take along.
if judged is not None and (measured.own is not None or section != "Your photos"):
    show_downloads(judged, threshold, measured.of_model, measured.folds, measured.own)
