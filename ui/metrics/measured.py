"""What the Metrics page is about: a mask model, and the photos that it was measured on."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from maskcore import ModelError
from ui.choices import DETECTORS, mask_models
from ui.keep import keep, kept
from ui.metrics.judged import Judged, read_judged
from ui.metrics.own_photos import OwnPhotos
from ui.metrics.own_view import OWN
from ui.metrics.provenance import part_title, title_with_run
from ui.metrics.scene_figures import SceneFigures, headline, read_scene_figures
from ui.words import plain


@dataclass(frozen=True)
class Measured:
    """What the page is about.

    Attributes:
        model: the mask model's name.
        judged: the photos and what the model said; None where nothing can be read.
        scenes: reports of finder and a mask model together, by the finder's title.
        folds: the same of photos that networks judged in turns.
        own: the visitor's photos, if it is them.
    """

    model: str
    judged: Judged | None
    scenes: dict[str, SceneFigures]
    folds: dict[str, SceneFigures] = field(default_factory=dict)
    own: OwnPhotos | None = None

    @property
    def first(self) -> tuple[str, SceneFigures | None]:
        """The report on the installed networks that tells most, and its finder's title."""
        told = ((title, figures) for title, figures in self.of_model.items() if headline(figures))
        return next(told, ("", None))

    @property
    def first_in_folds(self) -> SceneFigures | None:
        """The same finder's report on photos that networks judged in turns, if there is one."""
        figures = self.folds.get(self.first[0])
        return figures if figures and headline(figures) else None

    @property
    def of_model(self) -> dict[str, SceneFigures]:
        """Those of ``scenes`` that tell of this mask model and not of another."""
        return {t: figures for t, figures in self.scenes.items() if figures.model == self.model}


def shipped_scenes(model: str) -> dict[str, SceneFigures]:
    """The reports on scenes that came with the app, by the finder's title.

    Those of another mask model where there are none of this one.
    """
    for judge in (model, *mask_models()):
        if read := _reports(judge):
            return read
    return {}


def _reports(model: str, folds: bool = False) -> dict[str, SceneFigures]:
    read = {t: read_scene_figures(name, model, folds) for name, (t, _) in DETECTORS.items()}
    return {title: figures for title, figures in read.items() if figures is not None}


def choose_measured() -> Measured:
    """Let model and photos be chosen; what cannot be read is said."""
    models = mask_models(kept("metrics_model"))
    left, right = st.columns(2, gap="medium")
    with left:
        model = st.selectbox(
            "Mask model",
            models,
            format_func=title_with_run,
            **keep("metrics_model", models[0], models),
        )
    own = OwnPhotos.of_session(model)
    parts: dict[str, Judged] = {}
    try:
        parts = read_judged(model)
    except ModelError as error:
        st.warning(plain(str(error)), icon=":material/error:")
    titles = {name: part_title(model, name) for name in parts}
    if own is not None:
        titles[OWN] = f"Your photos: {own.name}"
    if not titles:
        return Measured(model, None, shipped_scenes(model), _reports(model, folds=True))
    with right:
        part = st.selectbox(
            "Measured on",
            list(titles),
            format_func=titles.get,
            **keep("metrics_part", next(iter(titles)), titles),
        )
    if own is not None and part == OWN:
        return Measured(model, own.judged, own.scenes, own=own)
    return Measured(model, parts[part], shipped_scenes(model), _reports(model, folds=True))
