"""All runs of this server: look at one, compare several, rename, delete."""

from __future__ import annotations

import streamlit as st

from training.background import control
from training.background.comparison import of_test_photos
from training.background.jobs import Job, State
from training.events import when
from ui.actions import action_button
from ui.style import PHONE_PX
from ui.training.run_view import STATES, not_in_name
from ui.training.runs_now import recent_runs
from ui.training.views import LOOKED_AT, SHOWN
from ui.words import plain, spoken

_ON_PHONES = "run_on_phones"
WATCH_SECONDS = 2.0
RUNS_AT_FIRST = 12


def watch_runs(runs: list[Job]) -> None:
    """Draw the page anew once runs come, go, or change their state or name."""
    st.fragment(_watch, run_every=WATCH_SECONDS)(_signs(runs))


def _watch(shown: list[tuple[str, ...]]) -> None:
    if _signs(recent_runs()) != shown:
        st.rerun(scope="app")


def _signs(runs: list[Job]) -> list[tuple[str, ...]]:
    return [(job.id, job.name, job.state, str(job.place)) for job in runs]


def show_no_runs() -> None:
    """What to do first."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown("**No runs yet**", width="content")
        st.markdown("Under New run, choose photos and press Train.", width="content")
        st.space("small")


def chosen_run(runs: list[Job]) -> Job | None:
    """The run this visitor looks at: the chosen one, else one that is on, else the newest."""
    chosen = st.session_state[SHOWN]
    order = {State.RUNNING: 0, State.STOPPING: 0, State.QUEUED: 1}
    return min(
        runs,
        key=lambda job: (job.id != chosen, order.get(job.state, 2), -job.created),
        default=None,
    )


def note_looked_at(job: Job) -> None:
    """Let the page tell no more of a run that finished and was shown."""
    if job.state is State.FINISHED:
        st.session_state.setdefault(LOOKED_AT, set()).add(job.id)


def choose_run_on_phones(runs: list[Job], shown: Job | None) -> None:
    """Show, on phones alone, where the list lies far below a run, a way to the other runs.

    Args:
        runs: all of them.
        shown: the one looked at; None where several are compared.
    """
    if len(runs) < 2:
        return
    beyond_phones = f"@media (min-width: {PHONE_PX + 1}px)"
    st.html(f"<style>{beyond_phones} {{ .st-key-{_ON_PHONES} {{ display: none; }} }}</style>")
    st.session_state[_ON_PHONES] = shown.id if shown else None
    titles = {job.id: f"{job.name} · {STATES[job.state][0]}" for job in runs}
    st.selectbox(
        "Run",
        list(titles),
        index=None,
        required=True,
        placeholder="Look at one run alone",
        format_func=titles.__getitem__,
        key=_ON_PHONES,
        on_change=_show_chosen,
        label_visibility="collapsed",
        args=(list(titles),),
    )


def show_run_list(runs: list[Job], shown: Job | None, allowed: bool) -> list[Job]:
    """Every run, newest first.

    Args:
        runs: all of them.
        shown: the one looked at.
        allowed: whether visitors may rename and delete.

    Returns:
        Those ticked for comparison.
    """
    if not runs:
        return []
    st.header("Runs", anchor=False)
    if len(runs) > RUNS_AT_FIRST and not st.toggle(f"Show all {len(runs)}", key="all_runs"):
        runs = runs[:RUNS_AT_FIRST]
    ticked = []
    for job in runs:
        name = plain(job.name)
        with st.container(gap=None):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                if len(runs) > 1 and _tick(job):
                    ticked.append(job)
                st.button(
                    f"**{name}**" if job is shown else name,
                    key=f"show-{job.id}",
                    type="tertiary",
                    help="Look at this run",
                    on_click=_show,
                    args=(job.id,),
                )
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.caption(_facts(job))
                if allowed:
                    with st.popover("Change", icon=":material/edit:", type="tertiary"):
                        _show_changes(job)
    if len(runs) > 1:
        st.caption("Tick two or more to lay their curves over one another.")
    return ticked if len(ticked) > 1 else []


def _tick(job: Job) -> bool:
    return st.checkbox(
        f"Compare {spoken(job.name)}", key=f"tick-{job.id}", label_visibility="collapsed", width=24
    )


def _facts(job: Job) -> str:
    tested = of_test_photos(job)
    right = f"{tested.right} of {tested.count} right" if tested else ""
    facts = (STATES[job.state][0], right, not_in_name(job, when(job.created)))
    return " · ".join(filter(None, facts))


def _show_chosen(runs: list[str]) -> None:
    # While a run's state changes, a browser may send words that are no choice any more.
    if st.session_state[_ON_PHONES] in runs:
        _show(st.session_state[_ON_PHONES])


def _show(id: str) -> None:
    """Look at a run; a comparison, which would stand in its place, ends."""
    st.session_state[SHOWN] = id
    ticked = [key for key, value in st.session_state.items() if _is_tick(key) and value]
    if len(ticked) > 1:
        for key in ticked:
            st.session_state[key] = False


def _is_tick(key: str | int) -> bool:
    return str(key).startswith("tick-")


def _show_changes(job: Job) -> None:
    name = st.text_input("Name", job.name, max_chars=control.MAX_NAME, key=f"name-{job.id}")
    action_button("Rename", ":material/edit:", f"rename-{job.id}", control.rename, job.id, name)
    st.divider()
    if job.is_active:
        st.caption("A run that is on cannot be deleted: stop it first.")
        return
    st.caption(
        "Deletes its curves, log and weights, and photos brought for it alone. A model installed"
        " from it stays."
    )
    if st.checkbox("Yes, delete this run", key=f"sure-{job.id}"):
        action_button(
            "Delete for good",
            ":material/delete:",
            f"delete-{job.id}",
            control.delete,
            job.id,
            done=f"{job.name} was deleted.",
        )
