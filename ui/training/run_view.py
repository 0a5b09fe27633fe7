"""One training run as it stands: what it is doing, how far it is, and what can be done."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from maskcore import MasklensError
from training import events as ev
from training.background import control, jobs
from training.background.job_progress import STAGES, Progress, number, progress
from training.background.jobs import Job, State
from training.background.run_curves import CurvePoint, curves
from training.background.run_log import log_tail
from training.classifier.starting_weights import NOT_FETCHED, available_weights
from training.events import read_events, when
from ui.actions import action_button
from ui.choices import model_title
from ui.metrics.learning_curves import explain_curves, show_curves
from ui.training.champion import name_after, show_champion
from ui.training.runs_now import recent_runs
from ui.training.views import submit_and_open
from ui.words import counted, percent, plain, time_left

LOG_LINES = 200
_Colour = Literal["gray", "blue", "orange", "green", "red", "violet"]
STATES: dict[State, tuple[str, str, _Colour]] = {
    State.QUEUED: ("Waiting", ":material/hourglass_empty:", "gray"),
    State.RUNNING: ("Training", ":material/model_training:", "blue"),
    State.STOPPING: ("Stopping", ":material/stop_circle:", "orange"),
    State.FINISHED: ("Finished", ":material/check_circle:", "green"),
    State.FAILED: ("Failed", ":material/error:", "red"),
    State.INTERRUPTED: ("Interrupted", ":material/pause_circle:", "orange"),
}
# What is done in the stages before learning, for which there are no figures yet.
DOING = {
    ev.STARTING: "Loading TensorFlow, the library that does the learning. That takes some seconds,"
    " on a busy machine a minute.",
    ev.READING: "Reading the photos, finding the face in each and looking for look-alikes, which"
    " must not stand on both sides of the test; meanwhile the network is loaded.",
    ev.FEATURES: "The network looks at every photo and at its changed copies once; the last layers"
    " then learn from what it saw.",
}
AFTER_LEARNING = "After its last epoch the model is measured and packed; the bar counts that, too."
KNEW_MASKS = (
    "It began with a model that already knows masks: little is left to learn. To watch learning"
    " from the start, choose ImageNet under New run, More settings, Starting weights."
)


def show_run(job: Job, allowed: bool) -> None:
    """A run's head, and below it what its state asks for; polled while it goes on.

    Args:
        job: the run.
        allowed: whether visitors may act on runs.
    """
    name, icon, colour = STATES[job.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(job.name), anchor=False, width="content")
        st.badge(name, icon=icon, color=colour)
    st.caption(plain(description(job)))
    if job.is_active:
        st.fragment(_watch, run_every=1.0)(job.id, job.state, allowed)
        return
    points = curves(job)
    not_fetched = job.state is State.FAILED and job.problem.startswith(NOT_FETCHED)
    if not_fetched:
        _show_not_fetched(job, allowed)
    elif job.state is State.FAILED:
        st.error(plain(job.problem) or "This run failed.", icon=":material/error:")
    elif job.state is State.INTERRUPTED:
        st.warning(plain(job.problem), icon=":material/pause_circle:")
    elif job.stopped_early:
        st.info("Stopped before its end: the best weights until then were kept and measured.")
    if job.can_resume and job.state is not State.FINISHED and allowed:
        begun = any(point.part == "validation" for point in points)
        action_button(
            "Resume" if begun else "Start again",
            ":material/play_arrow:",
            f"resume-{job.id}",
            control.resume,
            job.id,
            type="secondary" if not_fetched else "primary",
        )
        st.caption(
            "Goes on after the last finished epoch."
            if begun
            else "No epoch was finished, so it begins anew, with the same photos and settings."
        )
    if job.state is State.FINISHED:
        show_champion(job, allowed)
    _show_details(job, points)


def _show_not_fetched(job: Job, allowed: bool) -> None:
    """What serves without the internet; the run's own sentence speaks to a command line."""
    has_installed = "installed" in dict(available_weights(job.config.architecture))
    choice = "The installed model" if has_installed else "Random"
    st.error(
        f"{NOT_FETCHED} Connect the computer that runs Masklens to the internet and start again,"
        f" or choose “{choice}” under New run, More settings, Starting weights.",
        icon=":material/error:",
    )
    if has_installed and allowed:
        action_button(
            "Train from the installed model",
            ":material/model_training:",
            f"installed-{job.id}",
            _train_from_installed,
            job,
            done="The new run is in the list.",
            type="primary",
        )
        st.caption("A new run with the same photos and settings, for which nothing is fetched.")


def _train_from_installed(job: Job) -> None:
    config = replace(job.config, backbone_weights="installed", corrections="")
    corrections = ""
    if job.config.corrections:
        try:
            corrections = Path(job.config.corrections).read_text(encoding="utf-8")
        except OSError as error:
            raise MasklensError("The run's corrections are gone. Bring the photos anew.") from error
    name = name_after(job, ", from the installed model")
    submit_and_open(config, name, job.data_name, corrections)


def description(job: Job) -> str:
    """What kind of run it is, in a line."""
    config, moment = job.config, not_in_name(job, when(job.created))
    parts = [
        model_title(config.architecture),
        not_in_name(job, job.data_name),
        counted(config.epochs, "epoch"),
        f"{config.fine_tune_epochs} of fine-tuning" if config.fine_tune_epochs else "",
        f"created {moment}" if moment else "",
    ]
    return " · ".join(part for part in parts if part)


def not_in_name(job: Job, fact: str) -> str:
    """A fact about a run; "" where its name says it already, as one that nobody chose does."""
    return "" if fact in job.name else fact


def _show_details(job: Job, points: list[CurvePoint]) -> None:
    """Curves and log."""
    if points:
        if job.config.backbone_weights == "installed":
            st.caption(KNEW_MASKS)
        show_curves(points, job.config.epochs + job.config.fine_tune_epochs)
        explain_curves()
    elif job.is_active and job.state is not State.STOPPING:
        st.caption("Loss and accuracy are drawn here as soon as learning begins.")
    with st.expander("Log", icon=":material/notes:"):
        text = log_tail(job, LOG_LINES)
        if text.strip():
            st.code(text, language=None, height=260)
        else:
            st.caption(
                "Nothing has been written down yet."
                if job.is_active
                else "Nothing unusual has been written down."
            )


def _watch(id: str, shown: State, allowed: bool) -> None:
    """What a run is doing, once a second; when its state changes, the page is drawn anew."""
    try:
        job = jobs.job(id)
    except MasklensError:  # deleted by somebody else
        st.rerun(scope="app")
    if job.state is not shown:
        st.rerun(scope="app")
    events = [event for event in read_events(job.folder) if event["stage"] in STAGES]
    if job.state is State.QUEUED:
        place = "next" if job.place in (None, 1) else f"number {job.place}"
        on_now = _on_now()
        begins = "It begins by itself, also when you close this page."
        if not allowed and not on_now:
            begins = "It begins once training is switched on again."
        st.info(
            f"Runs take turns, and this one is {place} in line. {on_now}{begins}",
            icon=":material/hourglass_empty:",
        )
    else:
        now = progress(job, time.time(), events)
        st.progress(min(max(now.fraction, 0.0), 1.0), _sentence(now))
        if said := doing(events) or (AFTER_LEARNING if job.state is State.RUNNING else ""):
            st.caption(said)
        if now.loss is not None or now.val_loss is not None:
            _show_figures(now)
    if allowed and job.state is not State.STOPPING:
        if job.state is State.QUEUED:
            label = "Take out of the line"
        else:  # there is nothing to keep before the first epoch is done
            label = "Stop" if now.val_loss is None else "Stop and keep the best so far"
        action_button(
            label,
            ":material/stop:",
            f"stop-{job.id}",
            control.stop,
            job.id,
        )
    _show_details(job, curves(job, events))


def _on_now() -> str:
    """The run that the others wait for, how far it is and how long it still takes."""
    for job in recent_runs():
        if job.state.works:
            how_far = _sentence(progress(job, time.time()))
            return f"Now it is the turn of “{plain(job.name)}”: {how_far}. "
    return ""


def doing(events: list[dict[str, Any]]) -> str:
    """What a run does before it learns, and how far it is; "" once it learns.

    Args:
        events: of the run, in order.
    """
    if not events or events[-1]["stage"] not in DOING:
        return ""
    last = events[-1]
    first = list(takewhile(lambda event: event["stage"] == last["stage"], reversed(events)))[-1]
    done, total, began = number(last.get("done")), number(last.get("total")), first.get("time")
    photos = f"{done:,.0f} of {total:,.0f} photos, " if done is not None and total else ""
    # Seconds move where nothing else does: it has not got stuck.
    seconds = round(max(time.time() - (number(began) or time.time()), 0))
    return f"{DOING[last['stage']]} So far: {photos}{counted(seconds, 'second')}."


def _sentence(now: Progress) -> str:
    """What the run is doing, e.g. "Learning, epoch 3 of 10 · about 2 minutes left"."""
    parts = [now.stage]
    if now.eta_seconds is not None:
        parts.append(time_left(now.eta_seconds))
    return plain(" · ".join(parts))


def _show_figures(now: Progress) -> None:
    """The figures of the moment."""
    with st.container(horizontal=True):
        st.metric("Accuracy, training", percent(now.accuracy), width=150)
        st.metric("Accuracy, validation", percent(now.val_accuracy), width=150)
        st.metric("Loss, training", _loss(now.loss), width=130)
        st.metric("Loss, validation", _loss(now.val_loss), width=130)


def _loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
