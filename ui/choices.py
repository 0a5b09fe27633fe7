"""Choosing detector, model and threshold, with one plain sentence on each."""

from __future__ import annotations

import time

import streamlit as st

from maskcore import MasklensError, MaskPipeline, ModelError
from maskcore.detection import yunet_available
from maskcore.detection.yunet import FETCH_COMMAND, SIZE_BYTES, fetch_yunet
from maskcore.models import SWAP_SECONDS, installed_models, scene_report
from ui import loading
from ui.app_threshold import THRESHOLD_LABEL, identity, start_percent
from ui.keep import forget, keep, kept
from ui.local import training_allowed
from ui.words import plain

Choice = tuple[str, str]  # detector and model

DETECTORS = {
    "fcos": ("Masklens", "Our own network, trained on faces with and without masks."),
    "yunet": ("YuNet", "A small neural network for faces of all kinds."),
    "haar_alt2": ("Haar, alternative", "The classic method, for faces seen from the front."),
    "haar": ("Haar, classic", "The classic method, as most projects use it."),
}
# How soon an open page notices that a model was installed anew.
WATCH_SECONDS = 3.0
# Names as in training.config, which Photos and Live do not load.
MODELS = {
    "mobilenet_v2": ("MobileNetV2", "Small and fast; made for laptops and phones."),
    "inception_v3": ("InceptionV3", "A larger network; slower, for comparison."),
}


def mask_models(chosen: str | None = None) -> list[str]:
    """The installed mask models, the one to begin with first; where there is none, say so.

    Args:
        chosen: one that was chosen among them; it is waited for where it is just being replaced.
    """
    models = installed_models("classifier")
    if chosen not in (None, *models):
        time.sleep(SWAP_SECONDS)
        models = installed_models("classifier")
    if not models:
        from training.installing.versions import mend_all  # hardly ever needed

        mend_all()  # a kill in the middle of an installation leaves none in its place
        models = installed_models("classifier")
    if not models:
        st.error("No mask model is installed. Bring it back with: `git restore models`")
        st.stop()
    known = list(MODELS)
    return sorted(models, key=lambda name: known.index(name) if name in known else len(known))


def choose_way(
    label: str, icons: dict[str, str], key: str, titles: dict[str, str] | None = None
) -> str:
    """Show a row of ways to go: the one taken last, at first the first.

    Args:
        label: for screen readers.
        icons: by the ways' names.
        key: the widget's.
        titles: of ways that are called otherwise than by their names.
    """
    # What was begun on one of the ways is found again when the visitor comes back.
    return st.segmented_control(
        label,
        list(icons),
        required=True,
        format_func=lambda name: f"{icons[name]} {(titles or {}).get(name, name)}",
        label_visibility="collapsed",
        **keep(key, next(iter(icons)), icons),
    )


def choose(live: bool = False) -> tuple[Choice, float]:
    """Show the settings.

    Args:
        live: whether they are for live video, in which finders look less closely.

    Returns:
        Detector and model, and the mask probability (0..1) from which a face counts as
        masked.
    """
    left, middle, right = st.columns(3, gap="medium")
    with left:
        names = list(DETECTORS)
        measured = {name: _measured(name) for name in names}
        # With their figures, so that finders can be told apart before one is chosen.
        titles = {
            name: ": ".join(filter(None, (DETECTORS[name][0], measured[name][0]))) for name in names
        }
        detector = st.selectbox(
            "Face finder",
            names,
            format_func=titles.__getitem__,
            **keep("detector", names[0], names),
        )
        quicker = " Video gets a quicker look, at a smaller picture." if live else ""
        st.caption(f"{DETECTORS[detector][1]} {measured[detector][1]}{quicker}")
    with middle:
        models = mask_models(kept("model"))
        model = st.selectbox(
            "Mask model", models, format_func=model_title, **keep("model", models[0], models)
        )
        st.caption(MODELS[model][1] if model in MODELS else "Trained on this machine.")
    with right:
        try:
            of, start = (model, identity(model)), start_percent(model)
        except ModelError:  # it was in the list, and has gone since
            time.sleep(SWAP_SECONDS)
            st.rerun()
        if st.session_state.setdefault("threshold_of", of) != of:
            forget("threshold")  # each model starts with its own, one put in its place, too
            st.session_state.threshold_of = of
        percent = st.slider(
            THRESHOLD_LABEL,
            min_value=1,
            max_value=99,
            format="%d %%",
            **keep("threshold", start),
        )
        st.caption("How sure the model must be of a mask. Higher: fewer faces pass as masked.")
    choice = detector, model
    st.fragment(_watch, run_every=WATCH_SECONDS)(choice, loading.installation(*choice))
    return choice, percent / 100


def choose_blur(what: str) -> bool:
    """Whether faces are to be made unrecognisable: one setting for all pages.

    Args:
        what: in which pictures that is here, as a sentence.
    """
    return st.toggle("Blur faces", help=what, **keep("blur", False))


def fold(key: str) -> None:
    """Hide the container of this key until a button is pressed."""
    shown = st.session_state.setdefault(f"{key}-shown", False)

    def turn() -> None:
        st.session_state[f"{key}-shown"] = st.session_state[f"{key}-opened"] = not shown

    st.button(
        "Hide the settings" if shown else "Settings",
        icon=":material/tune:",
        key=f"{key}-fold",
        on_click=turn,
    )
    hidden = ".none" if shown else f'[data-testid="stLayoutWrapper"]:has(> .st-key-{key})'
    st.html(f"<style>{hidden} {{ display: none; }}</style>")


def bring_into_sight(key: str) -> None:
    """Scroll to what ``fold`` hid, where it was just opened below the window; call it last."""
    if st.session_state.pop(f"{key}-opened", False):
        st.html(
            f"""<script>
document.querySelector(".st-key-{key}")?.scrollIntoView({{ block: "nearest" }});
</script>""",
            unsafe_allow_javascript=True,
        )


def _watch(choice: Choice, installation: str) -> None:
    """Let the page run again once one of the two has been installed anew."""
    if loading.installation(*choice) != installation:
        st.rerun(scope="app")


def model_title(name: str) -> str:
    """A mask model's name for people."""
    return MODELS.get(name, (name,))[0]


def _measured(detector: str) -> tuple[str, str]:
    """How many faces a detector finds, in a few words and in a sentence; empty without report."""
    # Which faces are found does not depend on the mask model. The folds have most of them.
    models = mask_models()
    reports = (
        (scene_report(detector, model, folds, finding_alone=True), folds)
        for folds in (True, False)
        for model in models
    )
    try:
        report, in_folds = next(found for found in reports if found[0] is not None)
        mask, bare = (
            f"{report['by_class'][name]['found']} of {report['by_class'][name]['faces']}"
            for name in ("Mask", "No Mask")
        )
        seen_by = " that it did not learn from,"
        if in_folds and detector == "fcos":
            seen_by = ", each looked at by a finder trained like this one but not on that photo,"
        sentence = (
            f"Of faces of {report['min_side']:.0f} pixels and more, on {report['photos']} street"
            f" photos{seen_by} {mask} with a mask were found and {bare} without."
        )
        return f"{mask} masked, {bare} without", sentence
    except (StopIteration, KeyError, TypeError, ValueError):
        return "", ""


def ready_pipeline(choice: Choice, live: bool = False) -> MaskPipeline | None:
    """What was chosen, loaded; where that cannot be, None, and a sentence on the page."""
    if choice[0] == "yunet" and not yunet_available():
        offer_yunet()
        return None
    try:
        # Looked up when called: tests put another in its place.
        return loading.pipeline(*choice, live=live)
    except ModelError as error:
        st.error(plain(str(error)))
        return None


def offer_yunet() -> None:
    """Say that YuNet's file is not there, and fetch it if the visitor asks for it and may."""
    if not training_allowed():  # they install nothing for all
        st.info(f"YuNet is not installed. Whoever runs Masklens can fetch it: `{FETCH_COMMAND}`")
        return
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
