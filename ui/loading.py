"""Models and detectors that all visitors share; a page says so where loading takes its time."""

from __future__ import annotations

import streamlit as st

from maskcore import MaskPipeline
from maskcore.classification import LiteRtClassifier
from maskcore.detection import Detector
from maskcore.loaded import shared_classifier, shared_detector
from maskcore.models import card_text


def pipeline(finder: str, model: str, live: bool = False) -> MaskPipeline:
    """The shared detector and classifier, put together.

    Args:
        finder, model: by name.
        live: for video instead of photos.

    Raises:
        ModelError: a file is missing or damaged.
    """
    return MaskPipeline(detector(finder, live), classifier(model))


def classifier(model: str) -> LiteRtClassifier:
    """The shared classifier alone.

    Raises:
        ModelError: a file is missing or damaged.
    """
    return shared_classifier(model, lambda: st.spinner("Getting the mask model ready"))


def detector(name: str, live: bool = False) -> Detector:
    """A shared detector alone.

    Raises:
        ModelError: its file is missing or damaged.
    """
    # A spinner is shown after half a second; without a load there must be none, not even an
    # invisible one, which would take the place of what follows, such as a running camera.
    return shared_detector(name, live, lambda: st.spinner("Getting the face finder ready"))


def installation(detector: str, model: str) -> str:
    """What tells these two, as they are installed now, from what replaces them later."""
    return card_text(detector) + card_text(model)
