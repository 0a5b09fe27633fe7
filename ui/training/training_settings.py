"""The settings of a training run, each with one plain line."""

from __future__ import annotations

from typing import Any

import streamlit as st

from training.background import control
from training.background.jobs import Job
from training.classifier.starting_weights import available_weights
from training.config import ARCHITECTURES, TrainConfig, default_enlarging
from ui.actions import act, show_outcome
from ui.choices import MODELS
from ui.keep import forget, keep, put
from ui.training.training_data import DataChoice, photos_are_brought, photos_wait
from ui.training.views import submit_and_open
from ui.words import plain

DEFAULT = TrainConfig(data="")
EPOCHS = (1, 50)
FINE_TUNE_EPOCHS = (0, 30)
BATCH_SIZES = (4, 8, 16, 32, 64, 128)
LEARNING_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
DENSE_UNITS = (16, 32, 64, 128, 256)
MAX_VIEWS = 5
MAX_SEED = 2**32 - 1
WEIGHTS = {"imagenet": "ImageNet", "installed": "The installed model", "none": "Random"}

# What the base makes of a photo is as random as its weights, until it learns, too.
RANDOM_FINE_TUNE_EPOCHS = 10
NEVER_LEARNS = (
    "With random weights and no fine-tuning epochs the network learns next to nothing: only its"
    " last layers do, from what random layers make of a photo. Choose fine-tuning epochs, or other"
    " starting weights."
)

LABELS = {
    "epochs": "Epochs",
    "fine_tune_epochs": "Fine-tuning epochs",
    "batch_size": "Batch size",
    "learning_rate": "Learning rate",
    "dropout": "Dropout",
    "dense_units": "Dense units",
    "augmented_views": "Changed copies of each photo",
    "seed": "Seed",
}
MEANINGS = {
    "epochs": "How often the network sees every photo. More takes longer and helps up to a point.",
    "fine_tune_epochs": "Further epochs in which the whole network learns, not only its last"
    " layers. Often better, and much slower.",
    "batch_size": "Photos looked at for one step of learning. Larger: steadier steps.",
    "learning_rate": "Size of a step of learning. Too large never settles, too small takes long.",
    "dropout": "Share of the last layers that rests in each step, against learning by heart.",
    "dense_units": "Size of the layer that decides. Larger: finer, and learns by heart sooner.",
    "augmented_views": "Turned, shifted, darkened: more to learn from when photos are few.",
    "seed": "Where chance begins. The same seed and settings give the same run again.",
}


def choose_settings(data: DataChoice | None) -> TrainConfig:
    """Show the settings.

    Args:
        data: the photos to train on, once there are some.
    """
    values: dict[str, Any] = {"data": ""}
    if data is not None:
        # The pictures of a recording all look alike: what is kept for checking is a
        # stretch of time of its own.
        values = {"data": str(data.folder), "split_by": "time" if data.recorded else "likeness"}
    left, right = st.columns(2, gap="medium")
    with left:
        values["architecture"] = st.radio(
            "Network",
            ARCHITECTURES,
            format_func=lambda name: MODELS[name][0],
            captions=[MODELS[name][1] for name in ARCHITECTURES],
            **keep("train_architecture", DEFAULT.architecture, ARCHITECTURES),
        )
    with right:
        values["epochs"] = _slider("epochs", *EPOCHS)
    start = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        values |= _more_settings()
        st.divider()
        weights = dict(available_weights(values["architecture"]))
        values["backbone_weights"] = _choose_weights(weights)
        side = DEFAULT.image_size
        st.caption(
            f"Photos are brought to {side} × {side} pixels. Learning is by the Adam optimizer;"
            " binary cross-entropy measures how wrong the answers are."
        )
    with start:
        from_the_start = (
            " To watch learning from the start, choose ImageNet under More settings."
            if values["backbone_weights"] == "installed"
            else ""
        )
        sentence = weights[values["backbone_weights"]]
        st.caption(f"It starts from {plain(sentence[0].lower() + sentence[1:])}{from_the_start}")
        if values["backbone_weights"] == "none" and not values["fine_tune_epochs"]:
            st.warning(NEVER_LEARNS)
    side = default_enlarging(values["architecture"], DEFAULT.image_size)
    return TrainConfig.from_dict({**values, "enlarged_to": side})


def _more_settings() -> dict[str, Any]:
    values: dict[str, Any] = {}
    columns = st.columns(2, gap="medium")
    with columns[0]:
        values["augmented_views"] = _slider("augmented_views", 0, MAX_VIEWS)
        values["fine_tune_epochs"] = _slider("fine_tune_epochs", *FINE_TUNE_EPOCHS)
        values["batch_size"] = _select("batch_size", BATCH_SIZES)
        seed = st.number_input(LABELS["seed"], 0, MAX_SEED, **keep("train_seed", DEFAULT.seed))
        values["seed"] = int(seed)
        st.caption(MEANINGS["seed"])
    with columns[1]:
        percent = st.slider(
            LABELS["dropout"],
            0,
            80,
            step=5,
            format="%d %%",
            **keep("train_dropout", round(DEFAULT.dropout * 100)),
        )
        values["dropout"] = percent / 100
        st.caption(MEANINGS["dropout"])
        values["learning_rate"] = _select("learning_rate", LEARNING_RATES)
        values["dense_units"] = _select("dense_units", DENSE_UNITS)
    return values


def _slider(name: str, low: int, high: int) -> int:
    of = keep(f"train_{name}", getattr(DEFAULT, name))
    value: int = st.slider(LABELS[name], low, high, **of)
    st.caption(MEANINGS[name])
    return value


def _select(name: str, options: tuple[Any, ...]) -> Any:
    of = keep(f"train_{name}", getattr(DEFAULT, name), options)
    value = st.selectbox(LABELS[name], options, format_func=lambda option: f"{option:g}", **of)
    st.caption(MEANINGS[name])
    return value


def _choose_weights(choices: dict[str, str]) -> str:
    """Where the network starts from, of what can be had; the best one first."""
    value: str = st.radio(
        "Starting weights",
        list(choices),
        format_func=lambda value: WEIGHTS[value],
        captions=list(choices.values()),
        on_change=_fine_tune_what_is_random,
        **keep("train_weights", next(iter(choices)), choices),
    )
    return value


def _fine_tune_what_is_random() -> None:
    """Give random weights the epochs in which alone they learn, and take them away with them."""
    is_random = st.session_state["train_weights"] == "none"
    before, after = (0, RANDOM_FINE_TUNE_EPOCHS) if is_random else (RANDOM_FINE_TUNE_EPOCHS, 0)
    # A number that the visitor chose stays.
    if st.session_state["train_fine_tune_epochs"] == before:
        put("train_fine_tune_epochs", after)


def show_train_button(config: TrainConfig, data: DataChoice | None, runs: list[Job]) -> None:
    """What a run is called, and the button that starts it.

    Args:
        config: its settings.
        data: its photos; None where there are none yet.
        runs: those there are.
    """
    name = st.text_input(
        "Name of the run",
        placeholder="For example: Our classroom",
        max_chars=control.MAX_NAME,
        **keep("train_name", ""),
    )
    if st.button("Train", icon=":material/play_arrow:", type="primary", disabled=data is None):
        with st.spinner("Starting the run"):
            job = act(submit_and_open, config, name, data.data_name, data.corrections)
            if job is not None:
                forget("train_name")
        if job is None:
            show_outcome()
        else:
            st.rerun()
    before = sum(job.is_active for job in runs)
    if data is None and photos_are_brought():
        st.caption(
            "These photos cannot be trained on, as said above. Bring others; then Train can be"
            " pressed."
        )
    elif data is None and photos_wait():
        st.caption("Press “Use these photos” above first; then Train can be pressed.")
    elif data is None:
        st.caption("Choose the photos first; then Train can be pressed.")
    elif before:
        others = "one run comes" if before == 1 else f"{before} runs come"
        st.caption(f"Runs take turns: {others} before yours.")
    else:
        st.caption("The run begins at once, and goes on when you close this page.")
