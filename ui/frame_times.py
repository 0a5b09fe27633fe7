"""How long one frame takes on this machine, measured when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import skimage
import streamlit as st
from PIL import Image

from maskcore import MasklensError, MaskPipeline
from maskcore.images import read_image
from maskcore.types import ImageRgb
from ui import loading
from ui.choices import DETECTORS
from ui.results import plain

RUNS = 15
_WARM_UP = 2
SIZE_WH = (640, 480)
_TIMES = "metrics_times"


@cache
def frame() -> ImageRgb:
    """A portrait in a frame as cameras give them, uint8 (480, 640, 3)."""
    portrait = read_image(Path(skimage.__file__).parent / "data" / "astronaut.png")
    return np.asarray(Image.fromarray(portrait[:384]).resize(SIZE_WH, Image.Resampling.LANCZOS))


def frame_times(
    pipeline: MaskPipeline, on_run: Callable[[int], None] = lambda done: None
) -> tuple[float, float]:
    """Median milliseconds of finding faces and of telling masks in one frame.

    Args:
        pipeline: made for live video.
        on_run: called before each run with how many are done.
    """
    times = []
    for run in range(_WARM_UP + RUNS):
        on_run(run)
        analysis = pipeline.analyze(frame())
        times.append((analysis.detect_ms, analysis.classify_ms))
    detect_ms, classify_ms = np.median(times[_WARM_UP:], axis=0)
    return float(detect_ms), float(classify_ms)


def show_frame_times(model: str) -> None:
    """The times, once measured, and the button that measures them.

    Args:
        model: the mask model's name.
    """
    st.subheader("How fast is it on this machine?", anchor=False)
    times: dict[tuple[str, str], tuple[float, float] | str] = st.session_state.setdefault(
        _TIMES, {}
    )
    if st.button("Measure now", icon=":material/timer:"):
        _measure(model, times)
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
                    "Telling masks, ms": round(classify_ms, 1),
                    "A frame, ms": round(sum(held), 1),
                    "Frames a second": round(1000 / sum(held)),
                }
            )
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(
        f"One frame of {SIZE_WH[0]} × {SIZE_WH[1]} pixels with one face, as Live looks at it: the"
        f" middle one of {RUNS} runs. Other programs running now make it slower."
    )


def _measure(model: str, times: dict[tuple[str, str], tuple[float, float] | str]) -> None:
    bar = st.progress(0.0)
    total = len(DETECTORS) * (_WARM_UP + RUNS)
    for number, (name, (title, _)) in enumerate(DETECTORS.items()):
        before = number * (_WARM_UP + RUNS)

        def show(run: int, before: int = before, title: str = title) -> None:
            bar.progress((before + run) / total, f"Measuring {title}")

        show(0)
        try:
            times[name, model] = frame_times(loading.pipeline(name, model, live=True), show)
        except MasklensError as error:
            times[name, model] = str(error)
    bar.empty()
