"""One visitor's recording: camera frames in, faces of a class onto the disk, a box in view."""

from __future__ import annotations

import logging
import time

import av
import cv2
import streamlit as st

from maskcore import MasklensError
from maskcore.detection import Detector
from maskcore.drawing import COLOURS
from maskcore.types import Box, ImageRgb
from training.annotated.recording import FACES_A_CLASS, NoFaceError, Recording, nearest_face
from training.photos.class_names import WITH_MASK
from training.photos.data_folders import new_data_folder
from ui.keys import RECORDER
from ui.live.pace import FULL_RATE
from ui.live.stream import STILL_SECONDS, TooLargeError, grey, unpacked
from ui.presses import LastPress

# Frames a moment apart are the same picture: at this pace a class takes ten seconds, in
# which a head can turn.
PACE_SECONDS = 0.2
# A button that has just turned from recording to pausing, or back, is pressed in vain for so
# long: it would be a double click, a press that Streamlit hands on twice, the second time to what
# the first has made of the button, or one that was to pause what was full just before it.
TURN_SECONDS = 1.0
_IDLE_COLOUR = (128, 128, 128)

_log = logging.getLogger(__name__)


class FaceRecorder:
    """What one visitor records. The stream's thread writes, the page reads and decides.

    Attributes:
        recording: the faces so far.
        detector: finds faces; the picture passes as it is while there is none.
        label: the class being recorded; None while nothing is.
        camera_rate: pictures a second that the camera had better send.
        hint: why no face is taken at the moment, in a sentence; empty where one is.
        done: whether the faces are to be used as they are.
    """

    camera_rate = FULL_RATE

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.detector: Detector | None = None
        self.label: str | None = None
        self.hint = ""
        self.done = False
        self._next = self._received = float("-inf")
        self._turned = LastPress()

    @staticmethod
    def of_session() -> FaceRecorder:
        """This visitor's.

        Raises:
            MasklensError: there is no place for its faces.
        """
        if RECORDER not in st.session_state:
            st.session_state[RECORDER] = FaceRecorder(Recording(new_data_folder()))
        recorder: FaceRecorder = st.session_state[RECORDER]
        return recorder

    def press(self, label: str) -> None:
        """Record a class, one that is full anew, or pause where it is being recorded."""
        if self._turned.is_again(label, time.monotonic(), within=TURN_SECONDS):
            return
        if self.label == label:
            self.pause()
            return
        if self.recording.is_full(label):
            self.recording.clear(label)
        self.label = label

    def pause(self) -> None:
        """Record nothing for now; what there is stays."""
        self.label = None

    def finish(self) -> None:
        """There are faces enough for the visitor."""
        self.done = True

    @property
    def flowing(self) -> bool:
        """Whether frames are coming."""
        return time.monotonic() - self._received < STILL_SECONDS

    def add_shot(self, image_rgb: ImageRgb, label: str) -> None:
        """Take the face of a single shot.

        Raises:
            MasklensError: there are enough of the class, there is no face to take, or it cannot
                be stored.
        """
        if self.recording.is_full(label):
            raise MasklensError(
                f"There are {FACES_A_CLASS} of this kind, which are enough. Take photos of the"
                " other kind, or use these faces."
            )
        if self.detector is not None:
            self.recording.add(image_rgb, nearest_face(image_rgb, self.detector), label)

    async def process(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Take the face of the newest frame if one is due; the others are passed over.

        Called by streamlit-webrtc in a thread of its own, one call at a time.
        """
        self._received = time.monotonic()
        try:
            image = unpacked(frames[-1])
        except TooLargeError as error:
            self.hint = str(error)
            return [av.VideoFrame.from_ndarray(grey(frames[-1]), format="rgb24")]
        try:
            image = self._look(image, self._received)
        except MasklensError as error:  # no face, or no room on the disk
            self.hint = str(error)
            if not isinstance(error, NoFaceError):
                self.pause()
        except Exception:  # a fault in one frame must not end the stream
            _log.exception("a frame could not be recorded")
            self.hint = "This picture could not be looked at."
        return [av.VideoFrame.from_ndarray(image, format="rgb24")]

    def _look(self, image: ImageRgb, seconds: float) -> ImageRgb:
        if self.detector is None:
            self.hint = ""
            return image
        box = nearest_face(image, self.detector)
        self.hint = ""
        label = self.label
        if label is not None and seconds >= self._next:
            self._next = seconds + PACE_SECONDS
            self.recording.add(image, box, label)
            if self.recording.is_full(label):
                self._turned.note(label, seconds)
                self.pause()
        return _framed(image, box, label)


def _framed(image: ImageRgb, box: Box, label: str | None) -> ImageRgb:
    """The picture with the face's box, in the colour of the class being recorded."""
    colour = _IDLE_COLOUR
    if label is not None:
        colour = COLOURS["Mask" if label == WITH_MASK else "No Mask"]
    x0, y0, x1, y1 = (round(edge) for edge in box)
    framed = image.copy()
    cv2.rectangle(framed, (x0 - 2, y0 - 2), (x1 + 2, y1 + 2), (255, 255, 255), 1)
    cv2.rectangle(framed, (x0, y0), (x1, y1), colour, 2 if label is None else 4)
    return framed
