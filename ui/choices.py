"""Choosing detector, model and threshold, with one plain sentence on each."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError
from maskcore.detection import yunet_available
from maskcore.detection.yunet import SIZE_BYTES, fetch_yunet
from maskcore.models import installed_models, read_card
from ui.gallery import Choice

# name: (title, sentence). The shares are of faces of 32 pixels and more in
# annotated street and group photos; see the README for the measurement.
DETECTORS = {
    "yunet": ("YuNet", "A small neural network that also finds covered and turned faces."),
    "haar_alt2": (
        "Haar, alternative",
        "The classic method, for faces seen from the front; misses most masked faces.",
    ),
    "haar": (
        "Haar, default",
        "The classic method as most projects use it; misses most masked faces.",
    ),
}
MODELS = {
    "mobilenet_v2": ("MobileNetV2", "Small and fast; made for laptops and phones."),
    "inception_v3": ("InceptionV3", "A larger network; slower, for comparison."),
}


def choose() -> tuple[Choice, float]:
    """Show the settings.

    Returns:
        Detector and model, and the mask probability (0..1) from which a face counts as
        masked.
    """
    left, middle, right = st.columns(3, gap="medium")
    with left:
        names = list(DETECTORS)
        detector = st.selectbox(
            "Face finder",
            names,
            index=names.index("yunet" if yunet_available() else "haar_alt2"),
            format_func=lambda name: DETECTORS[name][0],
            key="detector",
        )
        st.caption(DETECTORS[detector][1])
    with middle:
        models = installed_models("classifier")
        if not models:
            st.error("No mask model is installed. Bring it back with: git checkout -- models")
            st.stop()
        model = st.selectbox(
            "Mask model", models, format_func=lambda name: MODELS.get(name, (name,))[0], key="model"
        )
        st.caption(MODELS[model][1] if model in MODELS else "Trained on this machine.")
    with right:
        percent = st.slider(
            "Counts as a mask from",
            min_value=1,
            max_value=99,
            value=round(read_card(model).get("threshold", 0.5) * 100),
            format="%d%%",
            key="threshold",
        )
        st.caption("How sure the model must be of a mask. Higher: fewer faces pass as masked.")
    return (detector, model), percent / 100


def offer_yunet() -> None:
    """Say that YuNet's file is not there, and fetch it if the visitor asks for it."""
    st.info(
        "YuNet is not installed yet. It is one file of"
        f" {SIZE_BYTES / 1000:.0f} kB from the OpenCV project (MIT licence)."
    )
    if st.button("Fetch YuNet now", icon=":material/download:", type="primary"):
        try:
            with st.spinner("Fetching YuNet"):
                fetch_yunet()
        except MasklensError as error:
            st.error(str(error))
        else:
            st.rerun()
