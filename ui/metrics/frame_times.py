"""How long one picture takes on this machine, measured when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from maskcore import MasklensError, MaskPipeline
from maskcore.detection import yunet_available
from maskcore.types import ImageRgb
from ui import loading
from ui.choices import DETECTORS, offer_yunet
from ui.long_work import long_work, show_unfinished
from ui.portrait import portrait
from ui.words import plain

ROUNDS, RUNS_A_ROUND = 10, 3
SIZE_WH = (640, 480)
_TIMES = "metrics_times"
_MEASURE = "Measure now"


@cache
def frame() -> ImageRgb:
    """A portrait in a frame as cameras give them, uint8 (480, 640, 3)."""
    return np.asarray(Image.fromarray(portrait()).resize(SIZE_WH, Image.Resampling.LANCZOS))


def frame_times(
    pipelines: Mapping[str, MaskPipeline], on_round: Callable[[int, str], None]
) -> dict[str, tuple[float, float]]:
    """Milliseconds of finding faces and of telling masks in one frame, for each pipeline.

    They take turns, and of each the quickest run counts: what else the machine does makes runs
    slower and never quicker, and for some seconds it does so to all of them alike.

    Args:
        pipelines: made for live video.
        on_round: called with the number of each round, from 0, and whose turn it is.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in pipelines}
    for number in range(ROUNDS):
        for name, pipeline in pipelines.items():
            on_round(number, name)
            for _ in range(RUNS_A_ROUND):
                run = pipeline.analyze(frame())
                times[name].append((run.detect_ms, run.classify_ms))
    return {name: min(runs, key=sum) for name, runs in times.items()}


def show_frame_times(model: str) -> None:
    """The times, once measured, and the button that measures them.

    Args:
        model: the mask model's name.
    """
    st.header("How fast is it on this machine?", anchor=False)
    times: dict[tuple[str, str], tuple[float, float] | str] = st.session_state.setdefault(
        _TIMES, {}
    )
    if st.button(_MEASURE, icon=":material/timer:"):
        with long_work(_TIMES, _MEASURE):
            measured = _measure(model)
        times.update(measured)
    show_unfinished(_TIMES, _MEASURE)
    rows = []
    for name, (title, _) in DETECTORS.items():
        held = times.get((name, model))
        if isinstance(held, str):
            st.caption(f"{title}: {plain(held)}")
        elif held:
            detect_ms, classify_ms = held
            rows.append(
                {
                    "Face finder": title,
                    "Finding faces, ms": round(detect_ms, 1),
                    "Checking masks, ms": round(classify_ms, 1),
                    "A picture, ms": round(sum(held), 1),
                    "Pictures a second": round(1000 / sum(held)),
                }
            )
    asked = any(of_model == model for _, of_model in times)
    if asked and not yunet_available():
        offer_yunet()
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(
        f"One picture of {SIZE_WH[0]} × {SIZE_WH[1]} pixels with one face, as Live looks at it. The"
        f" face finders take turns in {ROUNDS} short rounds, and the quickest of"
        f" {ROUNDS * RUNS_A_ROUND} runs counts, which other programs disturb least."
    )


def _measure(model: str) -> dict[tuple[str, str], tuple[float, float] | str]:
    bar = st.progress(0.0, "Getting ready")
    times: dict[tuple[str, str], tuple[float, float] | str] = {}
    pipelines = {}
    for name in DETECTORS:
        if name == "yunet" and not yunet_available():
            continue
        try:
            pipelines[name] = loading.pipeline(name, model, live=True)
        except MasklensError as error:
            times[name, model] = str(error)
    turns = list(pipelines)

    def show(number: int, name: str) -> None:
        done = number * len(turns) + turns.index(name)
        bar.progress(
            done / (ROUNDS * len(turns)),
            f"Round {number + 1} of {ROUNDS}: {DETECTORS[name][0]}",
        )

    for name, measured in frame_times(pipelines, show).items():
        times[name, model] = measured
    return times
