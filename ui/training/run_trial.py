"""A finished run's model tried on a photo, beside the installed one, before it is installed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from maskcore import ImageError, MaskPipeline, ModelError, encode_image, read_image
from maskcore.classification import LiteRtClassifier
from maskcore.drawing import draw_faces
from maskcore.images import MAX_BYTES
from maskcore.models import CARD_FILE, MODEL_FILE, StoredModel
from maskcore.resizing import reduced
from maskcore.types import Face
from training.background.jobs import Job
from training.job_files import read_values
from ui import loading
from ui.choices import choose_way, model_title
from ui.photos.preview import preview_side
from ui.photos.results import sentence, why_not_sure
from ui.uploader import field_key, word_uploader
from ui.words import percent, plain

_FINDER = "fcos"
_WAYS = {"Take a photo": ":material/photo_camera:", "Upload": ":material/upload:"}
_FIELD = "trial"


def show_trial(job: Job, installed: str) -> None:
    """A fold in which the run's model looks at a photo of the visitor's, which is not kept.

    Args:
        job: a finished run.
        installed: name of the model to show beside it; "" for none.
    """
    # Of a state that the server knows, as for ``show_run_mistakes``: nor is the camera asked for
    # before the fold is open.
    with st.expander(
        "Try it on a photo", icon=":material/face:", key=f"try-{job.id}", on_change="rerun"
    ) as fold:
        if fold.open:
            _show(job, installed)


def _show(job: Job, installed: str) -> None:
    way = choose_way("Where the photo comes from", _WAYS, key="trial_way")
    left, right = st.columns(2, gap="medium")
    with left:
        if way == "Upload":
            kinds = f"JPEG, PNG, WEBP, HEIC and others; up to {MAX_BYTES // 2**20} MB"
            word_uploader(_FIELD, "A photo", "Or drop a photo here", kinds)
            with st.container(key=_FIELD):
                file = st.file_uploader(
                    "A photo", label_visibility="collapsed", key=field_key(_FIELD)
                )
        else:
            file = st.camera_input(
                "Take a photo", label_visibility="collapsed", key=field_key(f"{_FIELD}-camera")
            )
    with right:
        if file is None:
            st.info(
                "What this run's model says of your photo appears here. The photo goes only to the"
                " computer that runs Masklens and is not kept."
            )
            return
        try:
            with st.spinner("Looking at the photo"):
                image = read_image(file.getvalue())
                new = MaskPipeline(loading.detector(_FINDER), _of_run(job)).analyze(image)
                old = loading.pipeline(_FINDER, installed).analyze(image) if installed else None
        except (ImageError, ModelError) as error:
            st.error(plain(str(error)))
            return
        said = sentence(new)
        drawn = reduced(draw_faces(image, new.faces), preview_side(image))
        st.image(encode_image(drawn), width="stretch", alt=said)
        st.subheader(said, anchor=False)
        if not new.faces:
            st.caption("Try a photo in which faces are larger, brighter and upright.")
            return
        said_by = {"This run": new}
        if old is not None:
            said_by[f"Installed: {plain(model_title(installed))}"] = old
        table = {who: [_in_words(face) for face in found.faces] for who, found in said_by.items()}
        st.table(pd.DataFrame(table, [f"Face {place + 1}" for place in range(len(new.faces))]))
        if doubts := why_not_sure(new):
            st.caption(doubts)


def _of_run(job: Job) -> LiteRtClassifier:
    """The run's model as it would be installed.

    Raises:
        ModelError: its files are damaged.
    """
    card = read_values(job.folder / CARD_FILE)
    try:
        content = (job.folder / MODEL_FILE).read_bytes()
    except OSError:
        content = b""
    if not card or not content:
        raise ModelError("This run's model cannot be read, so it cannot be tried.")
    return LiteRtClassifier(StoredModel(job.name, card, content))


def _in_words(face: Face) -> str:
    """A verdict and how sure it is, e.g. "Mask 98 %"."""
    return f"{face.verdict} {percent(face.certainty, 0)}" if face.sure else face.verdict
