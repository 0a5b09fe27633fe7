"""Models and detectors, loaded once for all visitors."""

from __future__ import annotations

import streamlit as st

from maskcore import MaskPipeline
from maskcore.classification import LiteRtClassifier
from maskcore.detection import Detector, load_detector
from maskcore.models import read_card


def pipeline(detector: str, model: str) -> MaskPipeline:
    """The shared detector and classifier, put together.

    Raises:
        ModelError: a file is missing or damaged.
    """
    # The checksum is part of the key: a model installed anew is loaded anew.
    return MaskPipeline(_detector(detector), _classifier(model, read_card(model).get("sha256")))


@st.cache_resource(show_spinner="Getting the face finder ready", max_entries=8)
def _detector(name: str) -> Detector:
    return load_detector(name)


@st.cache_resource(show_spinner="Getting the mask model ready", max_entries=4)
def _classifier(name: str, sha256: str | None) -> LiteRtClassifier:
    return LiteRtClassifier.load(name)
