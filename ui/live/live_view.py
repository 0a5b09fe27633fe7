"""What stands beside the live picture: figures, snapshots, log and alert."""

from __future__ import annotations

import streamlit as st

from maskcore import MasklensError
from maskcore.alert import AlertRule
from maskcore.records import for_spreadsheets
from maskcore.session import Now
from ui.keep import keep
from ui.live.alert_sound import alert_sound
from ui.live.doctor import examine
from ui.live.ice import ice_servers
from ui.live.stream import LiveStream, Snapshot
from ui.live.webrtc import camera_stream
from ui.style import PHONE_PX
from ui.words import counted, percent, plain

# Two stand side by side on a phone.
SNAPSHOT_WIDTH = 156
# Fewer pictures a second look slow.
SMOOTH_RATE = 10
# The picture is so high that Stop, below it, is in sight as well.
# On phones an alert comes to the window's foot, over whatever stands there, for its own place is
# far below the picture.
_PICTURE, _RAISED, _NOT_RAISED = "live-picture", "alert-raised", "alert-not-raised"
_RATE = "live-rate"
_STYLE = f"""<style>
@media (min-width: {PHONE_PX + 1}px) {{
  [data-testid="stColumn"]:has(.st-key-{_PICTURE}) {{
    max-width: max(24rem, (100vh - 20rem) * 4 / 3);
  }}
}}
.st-key-{_RATE} {{ min-height: 3rem; }}
@media (max-width: {PHONE_PX}px) {{
  [data-testid="stLayoutWrapper"]:has(> .st-key-{_NOT_RAISED}) {{ display: none; }}
  [data-testid="stLayoutWrapper"]:has(> .st-key-{_RAISED}) {{
    position: fixed; inset: auto 0 0; z-index: 10; padding: 0.5rem 1rem; background: Canvas;
  }}
}}
</style>"""


def choose_alert() -> AlertRule | None:
    """When to raise an alert; None for never."""
    alert = st.toggle(
        "Alert",
        help="A sound and a note when somebody without a mask stays in view.",
        **keep("alert", False),
    )
    with st.popover("When", disabled=not alert):
        after = st.number_input("Without a mask for, seconds", 1, 120, **keep("alert_after", 3))
        pause = st.number_input("Pause between alerts, seconds", 1, 600, **keep("alert_pause", 15))
    return AlertRule(float(after), float(pause)) if alert else None


def show_camera(stream: LiveStream, waiting: str) -> tuple[bool, bool]:
    """The player, and what is wrong where no picture comes.

    Args:
        stream: the visitor's.
        waiting: Markdown that stands in the picture's place until there is one.

    Returns:
        Whether the stream is up, and whether it has at least been started.
    """
    try:
        servers = ice_servers()
    except MasklensError as error:
        st.error(plain(str(error)))
        return False, False
    st.html(_STYLE)
    with st.container(key=_PICTURE, gap="xsmall"):
        playing, started = camera_stream(stream.process, servers, waiting)
        examine(stream, started, bool(servers))
    return playing, started


def show_figures(stream: LiveStream, playing: bool, empty: bool) -> None:
    """The figures of the moment; called twice a second while it plays.

    Args:
        stream: the visitor's.
        playing: whether it plays.
        empty: whether its log was empty when the page began to run; once it is not, the page
            runs again.
    """
    if empty and not stream.log.is_empty:
        st.rerun(scope="app")
    now = stream.now()
    current = _current(stream, playing)
    with st.container(horizontal=True):
        st.metric("Mask", now.mask if current else "–", width=96)
        st.metric("No Mask", now.no_mask if current else "–", width=96)
        st.metric("Not sure", now.not_sure if current else "–", width=96)
    with st.container(horizontal=True):
        st.metric(
            "People so far",
            now.people,
            width=140,
            help="Somebody who was out of sight for more than a moment counts again.",
        )
        st.metric("Time with a mask", percent(now.mask_share, 0), width=140)


def _current(stream: LiveStream, playing: bool) -> bool:
    # The last frame's figures outlive it by some seconds.
    return playing and stream.flowing


def show_notes(stream: LiveStream, alert: AlertRule | None, playing: bool) -> None:
    """The alert and what else comes and goes; below all buttons, which must stand still."""
    alert_sound(stream.alert.count)  # there before the alert is switched on, to hear that press
    if alert is not None:
        # Always a box of the same height, for settings stand below.
        if playing and stream.alerted:
            with st.container(key=_RAISED):
                st.error(
                    "Somebody without a mask is in view.", icon=":material/notifications_active:"
                )
        else:
            with st.container(key=_NOT_RAISED):
                st.info("The alert is on.", icon=":material/notifications:")
    # Its place is kept, for on phones settings stand below.
    with st.container(key=_RATE):
        st.caption(_rate(stream.now()) if _current(stream, playing) else "\N{NO-BREAK SPACE}")
    if stream.problem and stream.flowing:
        st.warning(stream.problem, icon=":material/error:")


def _rate(now: Now) -> str:
    parts = [
        f"{counted(round(now.frames_per_second), 'picture')} a second",
        f"finding faces {now.detect_ms:.0f}\N{NO-BREAK SPACE}ms",
        f"checking masks {now.classify_ms:.0f}\N{NO-BREAK SPACE}ms",
    ]
    if now.dropped and now.frames_per_second < SMOOTH_RATE:
        parts.append(f"{counted(now.dropped, 'picture')} skipped to keep up")
    return " · ".join(parts)


def show_actions(stream: LiveStream, playing: bool, empty: bool) -> None:
    """Snapshot, log, and counting anew."""
    with st.container(horizontal=True):
        st.button(
            "Take a snapshot",
            icon=":material/photo_camera:",
            on_click=_take_snapshot,
            args=(stream,),
            disabled=not playing,
        )
        st.download_button(
            "Log (CSV)",
            lambda: for_spreadsheets(stream.log.csv().encode()),
            "masklens-log.csv",
            "text/csv",
            on_click="ignore",
            disabled=empty,
        )
        st.button(
            "Start counting anew",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=stream.start_over,
            help="Forgets the figures, the log and the chart. What a face finder took for a person"
            " stays counted until then, also when you choose another finder.",
        )


def _take_snapshot(stream: LiveStream) -> None:
    try:
        stream.take_snapshot()
    except MasklensError as error:
        st.toast(str(error), duration="infinite")
    else:
        st.toast(
            "Snapshot taken: it stands at the end of the page.", icon=":material/photo_camera:"
        )


def show_snapshots(stream: LiveStream) -> None:
    """The moments kept, newest first, each to take along."""
    if not stream.snapshots:
        return
    st.header("Snapshots", anchor=False)
    with st.container(horizontal=True):
        for snapshot in stream.snapshots:
            with st.container(width=SNAPSHOT_WIDTH, gap=None):
                _show_snapshot(stream, snapshot)


def _show_snapshot(stream: LiveStream, snapshot: Snapshot) -> None:
    st.image(snapshot.annotated, width="stretch", alt=f"Snapshot {snapshot.name}")
    for label, picture, suffix in (
        ("With labels", snapshot.annotated, ""),
        ("Without labels", snapshot.plain, "-plain"),
    ):
        st.download_button(
            label,
            picture,
            f"{snapshot.name}{suffix}.jpg",
            "image/jpeg",
            key=f"{label}-{snapshot.name}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
    st.button(
        "Remove",
        key=f"remove-{snapshot.name}",
        icon=":material/close:",
        type="tertiary",
        on_click=stream.remove_snapshot,
        args=(snapshot,),
    )
