"""The page's view of a video file: upload, progress, result."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import streamlit as st

from maskcore import MasklensError, MaskPipeline
from maskcore.video import VideoProgress, VideoSummary
from maskcore.video_layout import look_at
from ui.announce import announce
from ui.choices import DETECTORS, model_title
from ui.keys import VIDEO
from ui.live.video import VideoJob, VideoSettings
from ui.uploader import empty_field, field_key, release, word_uploader
from ui.uploads import check_held
from ui.words import counted, percent, plain, shown_name

# Larger results are for downloading: the player would hold them in memory.
PLAYED_MEGABYTES = 100
# Neither higher than the window nor larger than the video is.
_PLAYER = "video-player"
_STYLE = f"""<style>
.st-key-{_PLAYER} video {{ width: auto; max-width: 100%; max-height: 60vh; }}
</style>"""
_REFUSED, _FIELD = "video_refused", "video"
KINDS = "MP4, MOV, WEBM, MKV, AVI; up to %d\N{NO-BREAK SPACE}MB"


def show_video(pipeline: MaskPipeline | None, settings: VideoSettings) -> None:
    """Take a video, watch it being labelled, take the result along.

    Args:
        pipeline: made for live video; None where there is none to be had.
        settings: those that a video begun now gets.
    """
    job: VideoJob | None = st.session_state.get(VIDEO)
    if job is not None and not job.source_file.is_file():  # however far it is
        # The tab stayed open, see training.photos.data_folders.
        st.session_state[_REFUSED] = (
            f"**{shown_name(job.name)}** was cleared away, as every video is after a day."
            " Bring it again."
        )
        _discard(job)
        job = None
    if job is not None:
        if job.state == "ended":
            _show_result(job)
        else:
            _watch(job)
        if job.state != "ended" or job.summary is not None:
            _show_settings(job, pipeline, settings)
    elif pipeline is None:
        st.info("Choose a face finder and a mask model that are there, and the upload appears.")
    else:
        st.caption("The **Settings**, below, hold for the whole video: choose them first.")
        kinds = KINDS % st.get_option("server.maxUploadSize")
        word_uploader("video-intake", "A video", "Or drop a video here", kinds)
        # It takes every file: what is no video is refused by reading it.
        with st.container(key="video-intake"):
            file = st.file_uploader("A video", label_visibility="collapsed", key=field_key(_FIELD))
        if refused := st.session_state.pop(_REFUSED, ""):
            st.error(refused)
        if file is not None:
            st.session_state[_REFUSED] = _begin(file.name, file, pipeline, settings)
            empty_field(_FIELD)
            release(file)  # the job has a copy
            st.rerun()


def _begin(name: str, content: BinaryIO, pipeline: MaskPipeline, settings: VideoSettings) -> str:
    """Begin a job, in place of one before; where that cannot be done, say why."""
    try:
        check_held(content)
        with st.spinner("Taking the video in"):
            look_at(content)
            job = VideoJob(name, content, pipeline, settings)
    except MasklensError as error:
        return f"**{shown_name(name)}**: {plain(str(error))}"
    except OSError:
        return "This video could not be stored: the disk may be full."
    # Only now: a press meanwhile ends the run above, and the next one takes the video in again.
    st.session_state[VIDEO] = job
    return ""


def _discard(job: VideoJob) -> None:
    st.session_state.pop(VIDEO, None)
    job.discard()


@st.fragment(run_every=1.0)
def _watch(job: VideoJob) -> None:
    """How far it is, once a second."""
    if job.state == "ended":
        st.rerun(scope="app")  # the result stands outside this fragment
    progress = job.progress
    name = shown_name(job.name)
    is_waiting = job.state == "waiting"
    if progress is None:
        st.progress(0.0, f"{name}: {'waiting for its turn' if is_waiting else 'opening'}")
    else:
        share = progress.share if progress.share is not None else 0.0
        waits = ", waiting for its turn" if is_waiting else ""
        st.progress(share, f"{name}: {_done(progress)} s of video done{waits}")
        st.image(progress.annotated_rgb, width=480, alt="The latest picture, labelled")
    st.button("Stop and keep what is done", icon=":material/stop:", on_click=job.stop)


def _done(progress: VideoProgress) -> str:
    whole = f" of {progress.seconds / progress.share:.0f}" if progress.share else ""
    return f"{progress.seconds:.0f}{whole}"


def _show_result(job: VideoJob) -> None:
    summary = job.summary
    if summary is None:
        problem = plain(job.problem) or "This video could not be processed."
        st.error(f"**{shown_name(job.name)}**: {problem}")
        _offer_another(job)
    else:
        for problem in filter(None, (job.problem, summary.problem)):
            st.warning(plain(problem), icon=":material/error:")
        if summary.stopped:
            st.info("Stopped: this is what was done until then.")
        st.header(_found(summary), anchor=False)
        announce(f"The video is labelled: {_found(summary)}")
        st.markdown(f"**{shown_name(job.name)}**: {_shares(summary)}")
        stem = Path(job.name).stem[:80]
        with st.container(horizontal=True):
            st.download_button(
                "Labelled video (MP4)",
                job.video_file.read_bytes,
                f"{stem}-masklens.mp4",
                "video/mp4",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "Table (CSV)",
                job.csv_file.read_bytes,
                f"{stem}-masklens.csv",
                "text/csv",
                on_click="ignore",
            )
            _offer_another(job)
        if job.video_file.stat().st_size <= PLAYED_MEGABYTES * 2**20:
            st.html(_STYLE)
            with st.container(key=_PLAYER):
                st.video(job.video_file.read_bytes(), alt="The labelled video")


def _offer_another(job: VideoJob) -> None:
    st.button(
        "Another video", icon=":material/restart_alt:", on_click=_discard, args=(job,), key="again"
    )


def _found(summary: VideoSummary) -> str:
    """How many people, or what can be said where none could be counted."""
    length = f"{summary.seconds:.0f} s of video"
    if summary.seconds < 1:
        length = counted(summary.frames, "picture")
    faces = sum(summary.faces.values())
    if summary.people:
        return f"{counted(summary.people, 'person', 'people')} in {length}"
    if summary.frames == 1 and faces:
        return f"{counted(faces, 'face')} in 1 picture"
    # People are counted once they have been seen for a moment.
    return f"{'Faces too briefly seen to count people' if faces else 'No face found'} in {length}"


def _shares(summary: VideoSummary) -> str:
    """Of all the faces in all the pictures, how many are with a mask and without."""
    mask, bare, unsure = (summary.faces[name] for name in ("Mask", "No Mask", "Not sure"))
    if not mask + bare + unsure:
        return "there is nobody whose mask could be checked."
    if not mask + bare:
        return "whether masks are worn could not be told for any face."
    share = mask / (mask + bare)
    doubtful = f", {unsure:,} not sure" if unsure else ""
    return (
        f"with a mask {percent(share, 0)} of the time, without a mask {percent(1 - share, 0)}."
        f" Faces in all pictures: {mask:,} with a mask, {bare:,} without{doubtful}."
    )


def _show_settings(job: VideoJob, pipeline: MaskPipeline | None, settings: VideoSettings) -> None:
    """What the video is made with, and a way to have it made with what is chosen now."""
    made = job.settings
    words = (
        DETECTORS[made.detector][0],
        model_title(made.model),
        f"a mask from {percent(made.threshold, 0)}",
        "faces blurred" if made.blur else "faces not blurred",
    )
    st.caption(
        f"Made with {', '.join(words)}. The settings below change nothing in it until you"
        " press **Label it again**."
    )
    # Always there, so that the settings do not move while they are changed.
    pressed = st.button(
        "Label it again",
        icon=":material/replay:",
        disabled=pipeline is None or settings == made,
        help="With the settings below, once one of them differs.",
    )
    if pressed and pipeline is not None:
        with job.source_file.open("rb") as content:
            hindrance = _begin(job.name, content, pipeline, settings)
        if hindrance:
            st.error(hindrance)
        else:
            job.discard()
            st.rerun()
