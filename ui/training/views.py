"""The two sides of the Training page, and which of them its address names.

So Back leads to what was seen before, and a run has a link of its own.
"""

from __future__ import annotations

import time
from datetime import datetime

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from training.background import control
from training.background.comparison import Verdict, comparison, of_test_photos
from training.background.jobs import Job, State
from training.config import TrainConfig
from training.events import when
from ui.choices import choose_way
from ui.entry import ARRIVED
from ui.hidden import hidden_component
from ui.keep import forget, keep
from ui.words import plain

VIEWS = {"New run": ":material/add_circle:", "Runs": ":material/monitoring:"}
# Of the session: id of the run that was chosen, "" for none; ids of finished ones looked at.
SHOWN, LOOKED_AT = "shown_run", "runs_looked_at"
_VIEW, _TO_OPEN = "training_view", "runs_to_open"
# In the address; it names a run by its id, and is not there as long as nothing was chosen.
_ADDRESS, _NEW, _RUNS = "view", "new", "runs"
_BARE = "training_bare_address"  # what the page showed without it
NEWS_SECONDS = 24 * 3600
_VERDICTS: dict[Verdict, str] = {
    "better": "better than the installed model",
    "worse": "worse than the installed model",
    "no real difference": "no real difference to the installed model",
}

# Else the browser stays where the Train button was, which is below what a run shows of itself.
_to_the_top = hidden_component(
    "to-the-top",
    """
export default function ({ parentElement }) {
  const main = parentElement.closest('[data-testid="stMain"]');
  main?.scrollTo({ top: 0 });
  const title = main?.querySelector("h1");  // the button that was pressed has gone
  if (title) {
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }
}
""",
)


def choose_view(runs: list[Job], allowed: bool) -> str:
    """Show the two sides of the page: who comes while a run is on sees the runs first.

    Args:
        runs: those there are.
        allowed: whether there are two sides: who may not train sees the runs alone.
    """
    if to_open := _to_open():
        st.session_state[_VIEW], st.session_state[SHOWN] = "Runs", to_open[-1]
        to_open.clear()  # only now: a press may have ended this pass before
        _to_the_top()
    elif _BARE not in st.session_state or _went_through_history():
        _follow_address(runs)
        st.session_state.setdefault(_BARE, "")  # from a link: followed once
    keep(_VIEW, "Runs" if any(job.is_active for job in runs) else "New run", VIEWS)
    keep(SHOWN, "", ["", *(job.id for job in runs)])
    view = "Runs"
    if allowed:
        titles = {"Runs": f"Runs ({len(runs)})"} if runs else {}
        view = choose_way("What to see", VIEWS, _VIEW, titles)
    shown = _NEW if view == "New run" else st.session_state[SHOWN] or _RUNS
    named = st.query_params.get(_ADDRESS, "")
    if st.session_state.get(ARRIVED, True) and not named and not _went_through_history():
        st.session_state[_BARE] = shown
    elif shown != (named or st.session_state.setdefault(_BARE, "")):
        st.query_params[_ADDRESS] = shown
    st.session_state[ARRIVED] = False
    return view


def open_run(job: Job) -> None:
    """Let the next pass over the page begin with this run."""
    _to_open().append(job.id)


def submit_and_open(config: TrainConfig, name: str, data_name: str, corrections: str) -> Job:
    """Start a run, and let the next pass over the page begin with it.

    So the second press of a double click finds no button.

    Args:
        config: as for ``control.submit``, like the others.
        name: of the run.
        data_name: of its photos.
        corrections: the list of them; "" for none.

    Raises:
        MasklensError: as from ``control.submit``.
    """
    # Asked for first: such a press ends this pass as soon as it turns to the session's state.
    to_open = _to_open()
    job = control.submit(config, name, data_name, corrections)
    to_open.append(job.id)
    return job


def _to_open() -> list[str]:
    held: list[str] = st.session_state.setdefault(_TO_OPEN, [])
    return held


def _went_through_history() -> bool:
    """Whether Back or Forward was pressed; what was pressed on the page itself goes before."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _follow_address(runs: list[Job]) -> None:
    """Show what a link names, or the address that the visitor went back to."""
    named = st.query_params.get(_ADDRESS, "") or st.session_state.get(_BARE, "")
    forget(_VIEW)
    forget(SHOWN)
    if named == _NEW:
        st.session_state[_VIEW] = "New run"
    elif named:
        st.session_state[_VIEW] = "Runs"
        if named in {job.id for job in runs}:
            st.session_state[SHOWN] = named
        elif named != _RUNS:
            st.info("The run of this address is not there any more. Here are all that there are.")


def show_news(runs: list[Job]) -> None:
    """Tell of the run that finished last, where this visitor has not looked at it yet.

    The page promises that a run goes on when it is closed: who comes back shall find it.
    """
    looked_at = st.session_state.get(LOOKED_AT, set())
    since = time.time() - NEWS_SECONDS
    news = [
        job
        for job in runs
        if job.state is State.FINISHED and (job.ended or 0) > since and job.id not in looked_at
    ]
    if not news:
        return
    job = max(news, key=lambda job: job.ended or 0)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_finished(job), width="stretch")
        st.button("See it", icon=":material/visibility:", on_click=open_run, args=(job,))


def _finished(job: Job) -> str:
    ended = datetime.fromtimestamp(job.ended or 0)
    moment = (
        f"at {ended:%H:%M}"
        if ended.date() == datetime.now().date()
        else f"on {when(job.ended or 0)}"
    )
    found, tested = comparison(job), of_test_photos(job)
    facts = [
        _VERDICTS.get(found.verdict, "") if found else "",
        f"{tested.right} of {tested.count} test photos right" if tested else "",
    ]
    said = ", ".join(filter(None, facts))
    return f"**“{plain(job.name)}”** finished {moment}{': ' if said else ''}{said}."
