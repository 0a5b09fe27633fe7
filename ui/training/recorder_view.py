"""Recording photos of oneself for training: the live picture, two buttons, how far it is."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from maskcore import MasklensError, read_image
from training.annotated.recording import FACES_A_CLASS
from training.config import SHORTEST_RECORDING
from ui import loading
from ui.entry import RECORDER_KEY
from ui.keep import keep
from ui.live.doctor import Meanwhile, examine, examine_for_shots, offer_test
from ui.live.ice import ice_servers
from ui.live.webrtc import camera_stream, leave_stream
from ui.training.data_report import NAMES
from ui.training.recorder import FaceRecorder
from ui.uploader import empty_field, field_key, release
from ui.uploads import check_held
from ui.words import plain

# From here on a class can be divided and trained on.
LEAST = SHORTEST_RECORDING
_FIELD = "recorder-shot"
_MEANWHILE = Meanwhile(
    "Meanwhile **Take photos**, below, works: they come by the same way as this page.",
    "Without a camera, choose another way to bring photos, above.",
)


def show_recorder() -> Path | None:
    """Show the recorder.

    Returns:
        The folder of the faces, once the visitor wants to use them; else None.
    """
    try:
        recorder = FaceRecorder.of_session()
        recorder.detector = loading.detector("fcos", live=True)
    except MasklensError as error:
        st.error(plain(str(error)))
        return None
    if recorder.done:
        leave_stream(RECORDER_KEY)
        return recorder.recording.folder
    st.caption(
        f"{FACES_A_CLASS} pictures of your face with a mask, {FACES_A_CLASS} without. Press"
        " **Start**, put the mask on, press **Record Mask** and turn your head slowly; then take"
        " it off and press **Record No Mask**. Only the cut-out face is kept, on the computer"
        " that runs Masklens, until you close this tab, a day at most, or, once a run is trained"
        " on it, until that run is deleted."
    )
    shots = keep("recorder_shots", False)
    by_shots = st.session_state.recorder_shots
    if by_shots:
        leave_stream(RECORDER_KEY)
        _show_shots(recorder)
    else:
        started = _show_stream(recorder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Take photos",
            help="For where no live picture comes through. It takes longer: one picture a press.",
            **shots,
        )
        if not by_shots:
            offer_test(started)
    return None


def _show_stream(recorder: FaceRecorder) -> bool:
    """The player, and what is recorded beside it; whether the player has been started."""
    picture, facts = st.columns([3, 2], gap="medium")
    with picture:
        try:
            servers = ice_servers()
        except MasklensError as error:
            st.error(plain(str(error)))
            return False
        playing, started = camera_stream(
            recorder.process, servers, "The camera's picture appears here.", RECORDER_KEY
        )
        if not started:  # a stream that is up may say for a moment that it is being set up
            recorder.pause()
        examine(recorder, started, bool(servers), _MEANWHILE)
    with facts:
        empty = not any(map(recorder.recording.count, NAMES))
        st.fragment(_show_progress, run_every=0.5 if playing else None)(recorder, playing, empty)
    return started


def _show_progress(recorder: FaceRecorder, playing: bool, empty: bool) -> None:
    """Buttons and counts; called twice a second.

    Args:
        recorder: the visitor's.
        playing: whether the camera is on.
        empty: whether no face was there when the page was drawn.
    """
    counts = {label: recorder.recording.count(label) for label in NAMES}
    for label, name in NAMES.items():
        records = recorder.label == label
        again = " again" if counts[label] >= FACES_A_CLASS else ""
        st.button(
            f"Pause {name}" if records else f"Record {name}{again}",
            icon=":material/pause:" if records else ":material/fiber_manual_record:",
            type="secondary" if records or again else "primary",
            width="stretch",
            key=f"record-{label}",  # of both, so that the keyboard's focus stays
            disabled=not (playing or records),
            on_click=recorder.press,
            args=(label,),
        )
        _show_count(label, counts)
    # Always there, so that nothing jumps while hints come and go.
    st.caption(plain(_advice(recorder, counts, playing)))
    _show_use_button(recorder, counts)
    # What comes next, and the question before faces are lost, stand outside of this fragment.
    if recorder.done or (empty and any(counts.values())):
        st.rerun(scope="app")


def _show_count(label: str, counts: dict[str, int]) -> None:
    count = counts[label]
    st.progress(count / FACES_A_CLASS, f"{NAMES[label]}: {count} of {FACES_A_CLASS}")


def _show_use_button(recorder: FaceRecorder, counts: dict[str, int]) -> None:
    st.button(
        "Use these faces",
        icon=":material/check:",
        key="recorder_use",
        disabled=recorder.label is not None or min(counts.values()) < LEAST,
        help=f"From {LEAST} of each on; {FACES_A_CLASS} of each are better.",
        on_click=recorder.finish,
    )


def _advice(recorder: FaceRecorder, counts: dict[str, int], playing: bool) -> str:
    if not playing:
        return "Press Start below the picture and allow the camera."
    if recorder.hint:
        return recorder.hint
    if recorder.label is not None:
        return "Recording: turn your head slowly, and come a little nearer and go back."
    waiting = [name for label, name in NAMES.items() if counts[label] < FACES_A_CLASS]
    return f"Next: {waiting[0]}." if waiting else "Both are done."


def _show_shots(recorder: FaceRecorder) -> None:
    """One face a press, by the way single shots take."""
    left, right = st.columns([3, 2], gap="medium")
    with right:
        label = st.radio("This photo shows", list(NAMES), format_func=NAMES.__getitem__)
    with left:
        shot = st.camera_input("Take a photo", label_visibility="collapsed", key=field_key(_FIELD))
        st.fragment(examine_for_shots)(_MEANWHILE)
    if shot is not None:
        empty_field(_FIELD)
        try:
            check_held(shot)
            recorder.add_shot(read_image(shot.getvalue()), label)
            recorder.hint = ""
        except MasklensError as error:
            recorder.hint = str(error)
        release(shot)  # only the cut-out face is kept
        st.rerun()
    with right:
        counts = {label: recorder.recording.count(label) for label in NAMES}
        for label in NAMES:
            _show_count(label, counts)
        st.caption(plain(recorder.hint) or f"{LEAST} of each are enough to train on.")
        _show_use_button(recorder, counts)
