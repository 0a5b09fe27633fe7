"""One visitor's camera stream: frames in, labelled frames out, and what they showed."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import av
import numpy as np
import streamlit as st

from maskcore import Analysis, MasklensError, MaskPipeline, encode_image
from maskcore.alert import AlertRule, MaskAlert
from maskcore.drawing import blur_faces, draw_faces
from maskcore.live import MOST_FRAME_PIXELS, LiveAnalyzer
from maskcore.session import Now, SessionLog
from maskcore.types import ImageRgb
from ui.keys import STREAM
from ui.live.pace import SharedPace
from ui.presses import LastPress

# So long without a frame, and the picture counts as standing still.
STILL_SECONDS = 2.0
MOST_SNAPSHOTS = 12
# The longer side of what is shown in place of a picture that is too large.
_GREY_SIDE = 640
# Two presses in so short a time are one: a double click, or one that Streamlit hands on twice.
ONE_PRESS_SECONDS = 0.5

_log = logging.getLogger(__name__)
_pace = SharedPace()


@dataclass(frozen=True)
class LiveSettings:
    """What the page has chosen; replaced as a whole, in force from the next frame.

    Attributes:
        pipeline: shared with other visitors.
        threshold: mask probability, 0..1, from which a face counts as masked.
        blur: whether faces are made unrecognisable in all that is shown and saved.
        alert: when to raise an alert; None for never.
    """

    pipeline: MaskPipeline
    threshold: float
    blur: bool = False
    alert: AlertRule | None = None


@dataclass(frozen=True)
class Snapshot:
    """A moment kept by the visitor.

    Attributes:
        name: a number and the time of day, for files.
        annotated: a JPEG with boxes and labels.
        plain: the same without.
    """

    name: str
    annotated: bytes
    plain: bytes


class LiveStream:
    """What one visitor's camera has shown. The stream's thread writes, the page reads."""

    def __init__(self) -> None:
        self.settings: LiveSettings | None = None
        self.snapshots: list[Snapshot] = []
        self._numbers = count(1)
        self._pressed = LastPress()
        self.start_over()

    @staticmethod
    def of_session() -> LiveStream:
        """This visitor's stream."""
        stream: LiveStream = st.session_state.setdefault(STREAM, LiveStream())
        return stream

    def start_over(self) -> None:
        """Forget what was counted; snapshots stay."""
        self._analyzer = LiveAnalyzer()
        self.log, self.alert = SessionLog(), MaskAlert()
        self.problem = ""
        self._last: tuple[ImageRgb, Analysis, LiveSettings] | None = None
        self._received = float("-inf")
        self._passed_over = 0

    async def process(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Label the newest of the frames that came; the others are passed over.

        Called by streamlit-webrtc in a thread of its own, one call at a time. Where other
        streams need the machine too, it is passed over as well, and nothing is returned.
        """
        settings = self.settings
        self._received = time.monotonic()
        if not _pace.my_turn(self, self._received):
            self._passed_over += len(frames)
            return []
        try:
            if settings is None:  # without a finder nothing can be blurred that is to be
                image = grey(frames[-1])
            else:
                image = unpacked(frames[-1])
                image = self._label(image, self._passed_over + len(frames) - 1, settings)
                self._passed_over = 0
            self.problem = ""
        except TooLargeError as error:
            self.problem = str(error)
            image = grey(frames[-1])
        except Exception:
            # A fault in one frame must not end the stream. What it shows may not be shown.
            _log.exception("a frame could not be analysed")
            self.problem = "This picture could not be analysed. Another face finder may help."
            image = grey(frames[-1])
        return [av.VideoFrame.from_ndarray(image, format="rgb24")]

    def _label(self, image: ImageRgb, dropped: int, settings: LiveSettings) -> ImageRgb:
        seconds = time.monotonic()
        # Where faces are blurred, none may pass unseen for a single frame.
        self._analyzer.search_every = 1 if settings.blur else None
        analysis = self._analyzer.analyze(image, seconds, settings.pipeline, settings.threshold)
        if settings.alert is not None:
            self.alert.update(analysis.faces, seconds, settings.alert)
        else:
            self.alert.forget()
        self.log.add(analysis, seconds, dropped, self._analyzer.tracker.unique)
        self._last = image, analysis, settings
        return draw_faces(image, analysis.faces, blur=settings.blur)

    @property
    def flowing(self) -> bool:
        """Whether frames are coming."""
        return time.monotonic() - self._received < STILL_SECONDS

    @property
    def alerted(self) -> bool:
        """Whether there has just been an alert."""
        return self.alert.active(time.monotonic())

    @property
    def camera_rate(self) -> int:
        """Pictures a second that the camera had better send."""
        return _pace.camera_rate(time.monotonic())

    def now(self) -> Now:
        """The figures of the moment."""
        return self.log.now(time.monotonic())

    def take_snapshot(self) -> None:
        """Keep the picture of this moment.

        Raises:
            MasklensError: there is none, or there are ``MOST_SNAPSHOTS`` already.
        """
        last = self._last
        if last is None or not self.flowing:
            raise MasklensError("No snapshot: no picture comes from the camera just now.")
        if self._is_same_press("take"):
            return
        if len(self.snapshots) >= MOST_SNAPSHOTS:
            self._pressed = LastPress()  # a press in vain is none: the next one is told the same
            raise MasklensError(
                f"No snapshot: there are {MOST_SNAPSHOTS} at the end of the page. Save what you"
                " need of them, then remove one."
            )
        image, analysis, settings = last
        if settings.blur:
            image = blur_faces(image, [face.box_xyxy for face in analysis.faces])
        name = f"masklens-{next(self._numbers):03d}-{datetime.now():%H-%M-%S}"
        annotated = draw_faces(image, analysis.faces)
        snapshot = Snapshot(name, encode_image(annotated), encode_image(image))
        self.snapshots = [snapshot, *self.snapshots]

    def remove_snapshot(self, snapshot: Snapshot) -> None:
        """Forget it; of a double click the second meets the one that slipped into its place."""
        if not self._is_same_press("remove"):
            self.snapshots = [kept for kept in self.snapshots if kept is not snapshot]

    def _is_same_press(self, act: str) -> bool:
        return self._pressed.is_again(act, time.monotonic(), within=ONE_PRESS_SECONDS)


class TooLargeError(MasklensError):
    """A camera's picture has too many pixels."""


def unpacked(frame: av.VideoFrame) -> ImageRgb:
    """The picture of a camera's frame, uint8 (H, W, 3).

    Raises:
        TooLargeError: it is too large; browsers may send what they were not asked for.
    """
    if _is_too_large(frame):
        raise TooLargeError(
            f"The camera's pictures have {frame.width}x{frame.height} pixels; at most"
            f" {MOST_FRAME_PIXELS // 10**6} megapixels are looked at. Set it to smaller ones,"
            " or choose another camera."
        )
    return frame.to_ndarray(format="rgb24")


def grey(frame: av.VideoFrame) -> ImageRgb:
    """What is shown in a frame's place: as large as it, or small where it is too large."""
    width, height = frame.width, frame.height
    if _is_too_large(frame):
        scale = _GREY_SIDE / max(width, height)
        width, height = (max(round(side * scale), 2) for side in (width, height))
    return np.full((height, width, 3), 128, np.uint8)


def _is_too_large(frame: av.VideoFrame) -> bool:
    pixels: int = frame.width * frame.height
    return pixels > MOST_FRAME_PIXELS
