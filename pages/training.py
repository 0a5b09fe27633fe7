"""Training: choose photos, watch a mask model learn, keep it where it is better."""

from __future__ import annotations

import streamlit as st

from ui.actions import show_outcome, show_unsaid
from ui.entry import enter_by_main_script
from ui.local import why_no_training
from ui.training.run_compare import show_comparison
from ui.training.run_list import (
    choose_run_on_phones,
    chosen_run,
    note_looked_at,
    show_no_runs,
    show_run_list,
    watch_runs,
)
from ui.training.run_view import show_run
from ui.training.runs_now import all_runs
from ui.training.training_data import leave_data_section, show_data_section
from ui.training.training_settings import choose_settings, show_train_button
from ui.training.versions_view import show_versions
from ui.training.views import choose_view, show_news

enter_by_main_script()

st.title("Training", anchor=False)
st.markdown(
    "Teach a mask model with photos of your own, watch it learn, and install it where it is"
    " better. Everybody who opens this server sees the runs, with their names and figures;"
    " the photos are not shown to others."
)
reason = why_no_training()
allowed = not reason
if reason:
    st.info(f"{reason} You can look at the runs there are.")
outcome = show_outcome()

runs = all_runs()
if choose_view(runs, allowed) == "New run":
    # In boxes, which have their one place however much is in them: what moves down on the page is
    # put up anew in the browser, where an open fold closes and a touched slider loses the keys.
    with st.container():
        show_news(runs)
    with st.container():
        st.header("Photos", anchor=False)
        data = show_data_section()
    st.header("Settings", anchor=False)
    config = choose_settings(data)
    show_train_button(config, data, runs)
else:
    leave_data_section()
    watch_runs(runs)
    shown = chosen_run(runs)
    main, side = st.columns([5, 2], gap="large")
    with side:
        ticked = show_run_list(runs, shown, allowed)
        show_versions(allowed)
    with main:
        choose_run_on_phones(runs, None if ticked else shown)
        if ticked:
            show_comparison(ticked)
        elif shown:
            note_looked_at(shown)
            show_run(shown, allowed)
        else:
            show_no_runs()
show_unsaid(outcome)
