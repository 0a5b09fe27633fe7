"""A finished run's model tried on a photo, beside the installed one, before it is installed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from maskcore import Analysis, MasklensError, MaskPipeline, ModelError, encode_image, read_image
from maskcore.classification import LiteRtClassifier
from maskcore.drawing import draw_faces
from maskcore.images import MAX_BYTES
from maskcore.resizing import reduced
from maskcore.types import Detections, Face, ImageRgb
from training.background.jobs import Job
from training.background.run_installing import packed_model
from ui import loading
from ui.app_threshold import start_percent
from ui.choices import choose_way, model_title
from ui.photos.preview import preview_side
from ui.photos.said import sentence, why_not_sure
from ui.uploader import field_key, word_uploader
from ui.uploads import check_held
from ui.words import percent, plain

_FINDER = "fcos"
_WAYS = {"Take a photo": ":material/photo_camera:", "Upload": ":material/upload:"}
_FIELD, _SEEN = "trial", "trial-seen"


def show_trial(job: Job, installed: str) -> None:
    """A fold in which the run's model looks at a photo of the visitor's.

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
                " computer that runs Masklens and is gone when you close or reload the page."
            )
            return
        try:
            check_held(file)
            drawn, new, old = _looked_at(job, installed, file)
        except MasklensError as error:
            st.error(plain(str(error)))
            return
        said = sentence(new)
        st.image(drawn, width="stretch", alt=said)
        st.markdown(f"**{said}**")
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


def _looked_at(
    job: Job, installed: str, file: UploadedFile
) -> tuple[bytes, Analysis, Analysis | None]:
    """The photo as the run's model labels it, a JPEG, and what both models make of its faces.

    Looked at once: each press anywhere on the page comes by here.

    Raises:
        ImageError: it is no photo.
        ModelError: a model's files are damaged.
    """
    threshold = start_percent(installed) / 100 if installed else 0.0
    of = job.id, file.file_id, threshold, loading.installation(_FINDER, installed)
    held = st.session_state.get(_SEEN)
    if held is None or held[0] != of:
        model = LiteRtClassifier(packed_model(job.folder, job.name))
        with st.spinner("Looking at the photo"):
            image = read_image(file.getvalue())
            found = _Found(loading.detector(_FINDER).detect(image))
            new, old = MaskPipeline(found, model).analyze(image), None
            with suppress(ModelError):  # a damaged one is no reason not to try another
                if installed:
                    judge = loading.classifier(installed)
                    old = MaskPipeline(found, judge).analyze(image, threshold)
            drawn = encode_image(reduced(draw_faces(image, new.faces), preview_side(image)))
        held = st.session_state[_SEEN] = of, (drawn, new, old)
    seen: tuple[bytes, Analysis, Analysis | None] = held[1]
    return seen


@dataclass(frozen=True)
class _Found:
    """A detector for one photo, whose faces are known: both models judge the same ones."""

    faces: Detections

    def detect(self, image_rgb: ImageRgb) -> Detections:
        return self.faces


def _in_words(face: Face) -> str:
    """A verdict and how sure it is, e.g. "Mask 98 %"."""
    return f"{face.verdict} {percent(face.certainty, 0)}" if face.sure else face.verdict
