"""Models and detectors, loaded once for all visitors."""

from __future__ import annotations

import json

import streamlit as st

from maskcore import MaskPipeline, ModelError
from maskcore.classification import LiteRtClassifier
from maskcore.detection import Detector, load_detector
from maskcore.models import read_card


def pipeline(detector: str, model: str, live: bool = False) -> MaskPipeline:
    """The shared detector and classifier, put together.

    Args:
        detector, model: by name.
        live: for video instead of photos.

    Raises:
        ModelError: a file is missing or damaged.
    """
    return MaskPipeline(_detector(detector, _card(detector), live), classifier(model))


def classifier(model: str) -> LiteRtClassifier:
    """The shared classifier alone.

    Raises:
        ModelError: a file is missing or damaged.
    """
    return _classifier(model, _card(model))


def detector(name: str, live: bool = False) -> Detector:
    """A shared detector alone.

    Raises:
        ModelError: its file is missing or damaged.
    """
    return _detector(name, _card(name), live)


def installation(detector: str, model: str) -> str:
    """What tells these two, as they are installed now, from what replaces them later."""
    return _card(detector) + _card(model)


def _card(name: str) -> str:
    """Part of the cache's key: a model installed anew is loaded anew."""
    try:
        return json.dumps(read_card(name), sort_keys=True)
    except ModelError:
        return ""  # loading says what is wrong with it; Haar and YuNet have no card


@st.cache_resource(show_spinner="Getting the face finder ready", max_entries=8)
def _detector(name: str, card: str, live: bool) -> Detector:
    return load_detector(name, live)


@st.cache_resource(show_spinner="Getting the mask model ready", max_entries=4)
def _classifier(name: str, card: str) -> LiteRtClassifier:
    return LiteRtClassifier.load(name)
