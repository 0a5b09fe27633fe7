"""The page's view of a video file: upload, progress, result."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from maskcore import MaskPipeline
from ui.results import plain, shown_name
from ui.video import VideoJob

SUFFIXES = ["mp4", "mov", "webm", "mkv", "avi", "m4v"]
MAX_MEGABYTES = 500
# Larger results are for downloading: the player would hold them in memory.
PLAYED_MEGABYTES = 100
_JOB = "video_job"


def show_video(pipeline: MaskPipeline | None, threshold: float, blur: bool) -> None:
    """Take a video, watch it being labelled, take the result along.

    Args:
        pipeline: made for live video; None where there is none to be had.
        threshold: mask probability, 0..1, from which a face counts as masked.
        blur: whether faces are made unrecognisable.
    """
    job: VideoJob | None = st.session_state.get(_JOB)
    if job is None and pipeline is None:
        st.info("Choose a face finder and a mask model that are there, and the upload appears.")
    elif job is None:
        turn = st.session_state.setdefault("video_turn", 0)
        st.caption("The settings below hold for the whole video: choose them first.")
        file = st.file_uploader(
            "A video",
            type=SUFFIXES,
            max_upload_size=MAX_MEGABYTES,
            label_visibility="collapsed",
            key=f"video-{turn}",
        )
        if file is not None:
            st.session_state.video_turn = turn + 1  # the uploader comes back empty
            try:
                with st.spinner("Taking the video in"):
                    st.session_state[_JOB] = VideoJob(file.name, file, pipeline, threshold, blur)
            except OSError:
                st.error("This video could not be stored: the disk may be full.")
            else:
                st.rerun()
    elif job.state == "ended":
        _show_result(job)
    else:
        _watch(job)


def _discard(job: VideoJob) -> None:
    st.session_state.pop(_JOB, None)
    job.discard()


@st.fragment(run_every=1.0)
def _watch(job: VideoJob) -> None:
    """How far it is, once a second."""
    if job.state == "ended":
        st.rerun(scope="app")  # the result stands outside this fragment
    progress = job.progress
    name = shown_name(job.name)
    if job.state == "waiting":
        st.progress(0.0, f"{name}: waiting for another visitor's video to end")
    elif progress is None:
        st.progress(0.0, f"{name}: opening")
    else:
        share = progress.share if progress.share is not None else 0.0
        st.progress(min(share, 1.0), f"{name}: {progress.seconds:.0f} s of video done")
        st.image(progress.annotated_rgb, width=480, alt="The latest picture, labelled")
    st.button("Stop and keep what is done", icon=":material/stop:", on_click=job.stop)


def _show_result(job: VideoJob) -> None:
    summary = job.summary
    if summary is None:
        st.error(plain(job.problem) or "This video could not be processed.")
    else:
        if summary.problem:
            st.warning(plain(summary.problem), icon=":material/error:")
        if summary.stopped:
            st.info("Stopped: this is what was done until then.")
        people = "1 person" if summary.people == 1 else f"{summary.people} people"
        st.subheader(f"{people} in {summary.seconds:.0f} s of video", anchor=False)
        if job.video_file.stat().st_size <= PLAYED_MEGABYTES * 2**20:
            st.video(job.video_file.read_bytes())
        with st.container(horizontal=True):
            st.download_button(
                "Labelled video (MP4)",
                job.video_file.read_bytes,
                f"{Path(job.name).stem[:80]}-masklens.mp4",
                "video/mp4",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "Table (CSV)", job.csv_file.read_bytes, "faces.csv", "text/csv", on_click="ignore"
            )
    st.button(
        "Another video", icon=":material/restart_alt:", on_click=_discard, args=(job,), key="again"
    )
