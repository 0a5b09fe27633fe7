"""A visitor's video file: labelled in the background, watched and taken from the page."""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from maskcore import MasklensError, MaskPipeline
from maskcore.video import VideoProgress, VideoSummary, annotate_video
from training.photos.data_folders import check_room, private_root

# A stopping server waits so long for its videos' threads, which hold files open.
_LAST_SECONDS = 5.0
# A video keeps both cores of a laptop busy: with others it takes turns of so many seconds.
TURN_SECONDS = 5.0
# One that was begun holds some 200 MB of Full HD, or 800 of 4K, while it waits: so many at once,
# the others when one ends.
BEGUN_AT_MOST = 4
# So much work is for everyone; one that had it ends where others wait that were not begun.
SHARE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoSettings:
    """What the visitor has chosen for a whole video.

    Attributes:
        detector, model: names of the two.
        threshold: mask probability, 0..1, from which a face counts as masked.
        blur: whether faces are made unrecognisable.
    """

    detector: str
    model: str
    threshold: float
    blur: bool = False


class _Work:
    """What a job's thread knows; it must not hold the job, whose end ends the work."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, self.source = folder, source
        self.video, self.table = folder / "video.mp4", folder / "faces.csv"
        self.stopping = threading.Event()
        self.abandoned = False
        self.state: Literal["waiting", "running", "ended"] = "waiting"
        self.turn_began = self.worked = 0.0
        self.progress: VideoProgress | None = None
        self.summary: VideoSummary | None = None
        self.problem = ""
        self.thread: threading.Thread | None = None

    def run(self, pipeline: MaskPipeline, settings: VideoSettings) -> None:
        _turns.join(self)
        try:
            if self.stopping.is_set():
                self.problem = "Stopped before anything was done."
            else:
                self.state, self.turn_began = "running", time.monotonic()
                self._annotate(pipeline, settings)
        finally:
            _turns.leave(self)
        self.state = "ended"
        if self.abandoned:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _annotate(self, pipeline: MaskPipeline, settings: VideoSettings) -> None:
        try:
            self.summary = annotate_video(
                self.source,
                self.video,
                pipeline,
                threshold=settings.threshold,
                csv_file=self.table,
                blur=settings.blur,
                on_progress=self._note,
                stop=self.stopping.is_set,
            )
        except MasklensError as error:
            self.problem = str(error)
        except OSError:
            _log.exception("a video could not be written")
            self.problem = (
                "The labelled video could not be written. Make room on the disk of the computer"
                " that runs Masklens."
            )
        except Exception:
            _log.exception("a video could not be analysed")
            self.problem = "This video could not be analysed. Try to save it as MP4 first."

    def _note(self, progress: VideoProgress) -> None:
        self.progress = progress
        turn = time.monotonic() - self.turn_began
        if turn >= TURN_SECONDS:
            self.worked += turn
            try:
                check_room()  # others need what is left of it
                if not self.stopping.is_set():
                    _turns.check_share(self)
            except MasklensError as error:
                self.problem = str(error)
                self.stopping.set()
            self.state = "waiting"
            _turns.pass_on(self)
            self.state, self.turn_began = "running", time.monotonic()

    def abandon(self) -> None:
        """Stop, and leave no file behind."""
        self.abandoned = True
        self.stopping.set()
        if self.state == "ended":
            shutil.rmtree(self.folder, ignore_errors=True)


class _Turns:
    """Whose video is worked on; those that were begun take turns, the others follow as they came.

    One that is to stop waits no longer: it only has to end. One that was begun and had its share
    of the work gives its place to one that was not, so that a place is free within some hours.
    """

    def __init__(self) -> None:
        self._line: list[_Work] = []  # it is the first one's turn
        self._moved = threading.Condition()

    def join(self, work: _Work) -> None:
        """Line up, and wait for the turn."""
        with self._moved:
            self._line.append(work)
            self._wait(work)

    def pass_on(self, work: _Work) -> None:
        """Let those go first that wait longer, and wait for the next turn."""
        with self._moved:
            self._line.remove(work)
            self._line.insert(BEGUN_AT_MOST - 1, work)
            self._moved.notify_all()
            self._wait(work)

    def check_share(self, work: _Work) -> None:
        """Raise a MasklensError where it is to end, for others that wait to be begun."""
        with self._moved:
            # A place that is being left counts as free: no second one has to go for the same.
            going_on = sum(not other.stopping.is_set() for other in self._line)
        if work.worked >= SHARE_SECONDS and going_on > BEGUN_AT_MOST:
            raise MasklensError(
                "Other videos are waiting, and this one has had more than"
                f" {SHARE_SECONDS / 60:.0f} minutes of work, so it ended here. To have the rest"
                " labelled, bring it as a video of its own."
            )

    def leave(self, work: _Work) -> None:
        with self._moved:
            self._line.remove(work)
            self._moved.notify_all()

    def _wait(self, work: _Work) -> None:
        while self._line[0] is not work and not work.stopping.is_set():
            self._moved.wait(0.5)


_turns = _Turns()


def _clear_up(works: weakref.WeakSet[_Work]) -> None:
    """Leave no visitor's video behind when the server stops."""
    for work in works:
        work.abandon()
    for work in works:
        if work.thread is not None:
            work.thread.join(_LAST_SECONDS)
        shutil.rmtree(work.folder, ignore_errors=True)


_works: weakref.WeakSet[_Work] = weakref.WeakSet()
atexit.register(_clear_up, _works)


class VideoJob:
    """One video of one visitor. Its files go when the job does, at the session's end at last.

    Attributes:
        name: the file's name.
        settings: what was chosen.
        source_file: the upload, kept so that it can be labelled again.
        video_file, csv_file: the annotated video and the table, once ``summary`` is there.
    """

    def __init__(
        self,
        name: str,
        content: BinaryIO,
        pipeline: MaskPipeline,
        settings: VideoSettings,
    ) -> None:
        """Copy the upload into a folder only this server's user can read, and begin.

        Args:
            name: the file's name.
            content: the file, from its beginning.
            pipeline: made for live video, of the detector and the model in the settings.
            settings: what was chosen.

        Raises:
            MasklensError: there is little room for it, or the folder for runs cannot be written.
            OSError: the upload cannot be stored; nothing of it stays behind.
        """
        self.name, self.settings = name, settings
        check_room()
        # Among the data folders: a server that is killed leaves it behind, and nobody would clear
        # it away elsewhere.
        folder = Path(tempfile.mkdtemp(prefix="video-", dir=private_root()))
        source = folder / "source"
        try:
            with source.open("wb") as stream:
                shutil.copyfileobj(content, stream)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._work = work = _Work(folder, source)
        self.source_file, self.video_file, self.csv_file = source, work.video, work.table
        self._end = weakref.finalize(self, self._work.abandon)
        _works.add(self._work)
        self._work.thread = threading.Thread(
            target=self._work.run, args=(pipeline, settings), name="video", daemon=True
        )
        self._work.thread.start()

    @property
    def state(self) -> Literal["waiting", "running", "ended"]:
        """Whether it waits for other visitors' videos, runs, or has ended."""
        return self._work.state

    @property
    def progress(self) -> VideoProgress | None:
        """How far it is; None before the first frame."""
        return self._work.progress

    @property
    def summary(self) -> VideoSummary | None:
        """What came of it; None before the end and where nothing did."""
        return self._work.summary

    @property
    def problem(self) -> str:
        """Why nothing, or not all, came of it, in a sentence."""
        return self._work.problem

    def stop(self) -> None:
        """End it and keep what was done so far."""
        self._work.stopping.set()

    def discard(self) -> None:
        """End it and delete its files."""
        self._end()
