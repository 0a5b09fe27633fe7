"""Champion and challenger: a finished run beside the installed model, and what to do with it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

from maskcore import MasklensError
from maskcore.models import CARD_FILE, checksums, installed_models
from training.background.comparison import Comparison, Figures, Verdict, comparison
from training.background.control import MAX_NAME
from training.background.jobs import Job
from training.background.run_installing import install
from training.job_files import read_values
from training.provenance import began_with_a_model
from ui.actions import action_button
from ui.choices import MODELS, model_title
from ui.metrics.charts import SERIES
from ui.metrics.corrections import Marks, read_list
from ui.metrics.provenance import begun_sentence
from ui.training.run_mistakes import show_run_mistakes
from ui.training.run_trial import show_trial
from ui.training.views import submit_and_open
from ui.words import counted, plain, with_interval

PARTS = {"validation": "Validation photos", "test": "Test photos"}
THIS_RUN = "This run"
NOT_SURE = "Test photos called Not sure"
_ICONS = {
    "better": ":material/trending_up:",
    "worse": ":material/trending_down:",
    "no real difference": ":material/trending_flat:",
}


def show_champion(job: Job, allowed: bool) -> None:
    """Both models' figures on the same photos, the verdict, and the way to install.

    Args:
        job: a finished run.
        allowed: whether visitors may install.
    """
    found = comparison(job)
    if found is None:
        st.warning("This run's figures cannot be read, so it can be neither judged nor installed.")
        return
    say = {"better": st.success, "worse": st.warning}.get(found.verdict, st.info)
    say(plain(found.sentence), icon=_ICONS.get(found.verdict, ":material/info:"))
    if found.caution:
        st.caption(plain(found.caution))
    card = read_values(job.folder / CARD_FILE) or {}
    now = checksums(job.config.architecture, found.installed_name)
    replaced = found.installed_sha256 not in ("", now.get(found.installed_name))
    in_use = "sha256" in card and card["sha256"] == now.get(job.config.architecture)
    # In a box, which has its one place: an open fold below closes where something comes or goes.
    with st.container():
        _show_way_to_install(job, allowed, found.verdict, in_use, replaced)
    names = job.config.architecture, found.installed_name
    beside = next((name for name in names if name in now), "")
    show_trial(job, "" if in_use else beside)
    with st.expander("The comparison in detail", icon=":material/balance:"):
        # A recording is new to whatever there was before it.
        may_be_known = began_with_a_model(card) and job.config.split_by != "time"
        _show_figures(found, may_be_known, replaced)
    if found.parts[-1].run.right < found.parts[-1].run.count:
        show_run_mistakes(job, allowed)
    if allowed:
        _offer_again(job)


def _show_way_to_install(
    job: Job, allowed: bool, verdict: Verdict, in_use: bool, replaced: bool
) -> None:
    name = job.config.architecture
    if in_use:
        st.caption(
            f"This run's model is in use: it is the one installed as {plain(model_title(name))}."
            + (" It was compared with the one before, which was installed then." * replaced)
        )
        return
    if replaced:
        st.caption(
            "Another model has been installed since then: these figures are of the one before."
        )
    if allowed:
        _offer(job, name, verdict)


def _show_figures(found: Comparison, may_be_known: bool, replaced: bool) -> None:
    title = found.installed_title
    kind = "Installed before" if replaced else "Installed"
    installed = f"{kind}: {model_title(title)}"
    models: dict[str, list[Figures | None]] = {THIS_RUN: [part.run for part in found.parts]}
    if found.installed_name:
        models[installed] = [part.installed for part in found.parts]
    parts = [PARTS.get(part.part, part.part) for part in found.parts]
    table = pd.DataFrame(
        {name: [_in_words(figures) for figures in column] for name, column in models.items()},
        index=[f"{part} right" for part in parts],
    )
    table.loc[NOT_SURE] = [_not_sure(column[-1]) for column in models.values()]
    rows = [
        {
            "part": part,
            "model": name,
            "right": figures.accuracy * 100,
            "low": figures.interval[0] * 100,
            "high": figures.interval[1] * 100,
        }
        for name, column in models.items()
        for part, figures in zip(parts, column, strict=True)
        if figures is not None
    ]
    alt_text = " ".join(
        f"{row}, {name}: {cell}." for name in models for row, cell in table[name].items()
    )
    st.altair_chart(_chart(pd.DataFrame(rows), list(models)), width="stretch", alt=alt_text)
    # Its heads are read as Markdown, and the installed model has the name somebody gave it.
    st.table(table.rename(columns={installed: f"{kind}: {plain(model_title(title))}"}))
    learned = begun_sentence() if may_be_known else "The run did not learn from these photos."
    st.caption(
        f"{learned} The verdict rests on the **test photos**, which"
        " had no part in choosing the best epoch either. Bars, and figures in brackets: where the"
        " true share lies with 95 % certainty; few photos, wide bars. Photos and Live"
        " call “Not sure” what lies too near the threshold."
    )


def _not_sure(figures: Figures | None) -> str:
    return f"{figures.not_sure} of {figures.count}" if figures else "–"


def _in_words(figures: Figures | None) -> str:
    if figures is None:
        return "–"
    return f"{share_in_words(figures)}, {figures.right} of {figures.count}"


def share_in_words(figures: Figures) -> str:
    """What a model got right, with the interval."""
    return with_interval({"value": figures.accuracy, "interval": figures.interval})


def _chart(table: pd.DataFrame, models: list[str]) -> alt.LayerChart:
    colour = alt.Color(
        "model:N",
        title=None,
        sort=models,
        scale=alt.Scale(domain=models, range=SERIES[: len(models)]),
        legend=alt.Legend(orient="bottom", labelLimit=320),
    )
    base = alt.Chart(table, title="Right answers, with 95 % intervals").encode(
        y=alt.Y("part:N", title=None, sort=list(PARTS.values())),
        yOffset=alt.YOffset("model:N", sort=models),
        color=colour,
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("right:Q", title="Right, %", format=".1f"),
            alt.Tooltip("low:Q", title="at least, %", format=".1f"),
            alt.Tooltip("high:Q", title="at most, %", format=".1f"),
        ],
    )
    shown = {
        "title": "Right answers, %",
        "scale": alt.Scale(domainMax=100, zero=False),
        "axis": alt.Axis(tickCount=6),
    }
    bars = base.mark_bar(height=3).encode(x=alt.X("low:Q", **shown), x2="high:Q")
    points = base.mark_point(size=90, filled=True, opacity=1).encode(x=alt.X("right:Q", **shown))
    return (bars + points).properties(
        height=220,
        # Half of the last tick's number stands outside.
        padding={"left": 0, "top": 5, "right": 12, "bottom": 0},
        usermeta={"embedOptions": {"actions": False}},
    )


def _offer_again(job: Job) -> None:
    """The same run without the wrong labels that this visitor found in its photos."""
    folder = Path(job.config.data)
    marks = Marks.of_session(job.data_name).among(folder)
    if len(marks):
        photos = counted(len(marks), "corrected photo")
        if job.config.corrections:  # those that the run itself honoured
            with suppress(MasklensError):  # gone by hand from its folder: not wanted any more
                earlier = read_list(job.data_name, Path(job.config.corrections), folder)
                marks = marks.over(earlier)
                if (marks.relabel, marks.leave_out) == (earlier.relabel, earlier.leave_out):
                    return
        action_button(
            f"Train again with {photos}",
            ":material/rule:",
            f"again-{job.id}",
            submit_and_open,
            replace(job.config, corrections=""),
            name_after(job, ", corrected"),
            job.data_name,
            marks.to_json(),
            done="The corrected run is in the list.",
        )


def name_after(job: Job, suffix: str) -> str:
    """What a run is called that is made from another one: what sets it apart is never cut."""
    return job.name[: MAX_NAME - len(suffix)] + suffix


def _offer(job: Job, name: str, verdict: Verdict) -> None:
    """Buttons that install, the second of them in a bubble where that deserves a thought."""
    title = plain(model_title(name))
    # Short: a toast shows three lines.
    done = f"{job.name} is installed as {model_title(name)}: Photos and Live use it now."
    if any(other in installed_models("classifier") for other in takewhile(name.__ne__, MODELS)):
        done = _to_be_chosen(model_title(name))  # they begin with that one
    with st.container(horizontal=True):
        if verdict == "worse":
            with st.popover("Install", icon=":material/download_done:"):
                st.markdown(
                    f"On the same photos this model is **worse** than {title} as it is now."
                    " You can bring that one back later."
                )
                _install_button("Install it all the same", job, name, done)
        else:
            _install_button("Install", job, name, done, primary=verdict == "better")
        with st.popover("Install under another name", type="tertiary"):
            other = st.text_input(
                "Name",
                _as_name(job.name),
                max_chars=40,
                help="Letters, digits and underscores.",
                key=f"other-{job.id}",
            )
            done = _to_be_chosen(other)
            if other in installed_models("classifier"):
                st.caption(f"{plain(model_title(other))} is there already and will be replaced.")
            # Of one label: a button that changes while it is pressed is not pressed.
            _install_button("Install under this name", job, other, done)
    st.caption(
        f"Install makes it the {title} of everybody who uses this server. What it replaces stays"
        " among the earlier versions and can be brought back."
    )


def _to_be_chosen(title: str) -> str:
    return f"Installed. Choose {title} as mask model on Photos and Live."


def _install_button(label: str, job: Job, name: str, done: str, primary: bool = False) -> None:
    action_button(
        label,
        ":material/download_done:",
        f"{label}-{job.id}",
        install,
        job.id,
        name,
        done=done,
        type="primary" if primary else "secondary",
    )


def _as_name(text: str) -> str:
    """A run's name as a model's, which has letters, digits and underscores only."""
    name = re.sub(r"\W+", "_", text.lower()).strip("_")[:40]
    return name if name.isidentifier() else f"model_{name}"[:40]
