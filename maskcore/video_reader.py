"""Video files read: which are accepted, and their frames and sound as they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av

from maskcore.errors import VideoError

# Most pixels of a picture: action cameras and drones have up to 17 megapixels in their usual shapes
# (5.3K, 5.4K). Decoding and labelling hold some hundred bytes for each.
MOST_PIXELS = 17_000_000
# Rates beyond are a container's way of stating none.
_MOST_RATE, USUAL_RATE = 240, 30
_FINEST_TICK = Fraction(1, 90_000)

# By FFmpeg's names. Playlists and lists of files are left out: an uploaded one would make
# FFmpeg open other files; so is text, which it would show as a video of letters.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,mxf,nut,dv,"
    "ivf,h264,hevc,m4v,mjpeg,yuv4mpegpipe,wtv,rm"
)
# What these say of their length is stored in them; of others FFmpeg may guess it.
_LENGTH_STORED = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi")
# A video that ends this much early was cut off: seconds, or share of its length if longer.
_CUT_SECONDS, _CUT_SHARE = 0.5, 0.02

NO_VIDEO = "This is not a video Masklens can read. Use an undamaged MP4, MOV, WEBM, MKV or AVI."


@contextmanager
def open_video(source: Path | BinaryIO) -> Iterator[Any]:
    """Open a video for reading.

    Raises:
        VideoError: it is none.
    """
    # An absolute path is never taken for an address.
    file = str(source.absolute()) if isinstance(source, Path) else source
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    try:
        container = av.open(file, options=options)
    except PermissionError as error:
        raise VideoError("You are not allowed to read this file. Choose another video.") from error
    except (av.FFmpegError, OSError) as error:
        raise VideoError(NO_VIDEO) from error
    with container:
        yield container


class VideoReader:
    """The frames and the sound of an open video, as they come.

    Attributes:
        video, sound: streams; sound is None where there is none that can be read.
        is_mute: whether there is sound and none of it can be read.
        start: when the earlier of them starts, seconds.
        rate: frames a second, 0 where unknown.
        length: seconds, None where unknown.
        tick: the unit of frames' times in the result, seconds.
        step: ticks from frame to frame where times are missing.
    """

    def __init__(self, container: Any) -> None:
        """Choose the streams.

        Raises:
            VideoError: there is no video among them.
        """
        self._container = container
        self.video = _video_stream(container)
        self.video.thread_type = "AUTO"
        # Larger ones on the way are not decoded; FFmpeg counts what it adds to rows.
        self.video.codec_context.options = {"max_pixels": str(2 * MOST_PIXELS)}
        self.sound = next(filter(_is_audible, container.streams.audio), None)
        self.is_mute = bool(container.streams.audio) and not self.sound
        # Players wait for what comes late; MP4 files hold what comes before 0.
        self.start = Fraction(max(container.start_time or 0, 0), av.time_base)
        rate = self.video.average_rate or self.video.guessed_rate or 0
        self.rate = rate if 0 < rate <= _MOST_RATE else 0
        self.tick = max(self.video.time_base, _FINEST_TICK)
        self.step = max(1, round(1 / (self.rate or USUAL_RATE) / self.tick))
        self.length = self._length()
        self._latest: int | None = None
        self._reached = Fraction(0)
        self._damaged = False

    def _length(self) -> float | None:
        name = self._container.format.name
        end = Fraction(self._container.duration or 0, av.time_base)
        if name != "matroska,webm":  # which states the end
            end += self.start
        ends = [_end(stream) for stream in (self.video, self.sound) if stream]
        if all(ends):  # subtitles or a second sound may last longer
            end = min(end, max(ends))
        length = end - self.start
        if name == "avi" and self.rate:  # a cut one is given the length of what is left
            length = max(length, self.video.frames / self.rate)
        return float(length) if length > 0 else None

    def __iter__(self) -> Iterator[Any]:
        """Decoded frames, and packets of sound, the last of them empty."""
        for packet in self._packets():
            if packet.stream is self.sound:
                yield packet
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged = True
                continue
            self._damaged |= any(frame.is_corrupt for frame in frames)
            yield from frames

    def _packets(self) -> Iterator[Any]:
        streams = [stream for stream in (self.video, self.sound) if stream]
        try:
            for packet in self._container.demux(streams):
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    self._reached = max(self._reached, end)
                self._damaged |= packet.is_corrupt
                yield packet
        except (av.FFmpegError, OSError):  # the rest cannot be read; the decoders hold frames
            self._damaged = True
            for stream in streams:
                packet = av.Packet()
                packet.stream = stream
                yield packet

    def ticks(self, frame: Any) -> int:
        """When a frame is shown in the result: later than the one before, whatever it says."""
        own = None
        if frame.pts is not None:
            own = max(round((frame.pts * frame.time_base - self.start) / self.tick), 0)
        self._latest = later(own, self._latest, self.step)
        return self._latest

    def problems(self, stopped: bool) -> list[str]:
        """What could not be read, in sentences; nothing is missing after where it was stopped."""
        reached = float(self._reached - self.start)
        missing = (self.length or 0) - reached
        is_cut = (
            not stopped
            and self._container.format.name in _LENGTH_STORED
            and missing > max(_CUT_SECONDS, _CUT_SHARE * reached)
        )
        if is_cut:
            return [
                f"This file is damaged or incomplete: of {self.length:.1f} seconds of video,"
                f" {max(reached, 0):.1f} could be read."
            ]
        if self._damaged:
            return ["This file is damaged: some pictures are missing or look wrong."]
        return []


def _video_stream(container: Any) -> Any:
    """The first stream of moving pictures.

    Raises:
        VideoError: there is none, or none FFmpeg can decode.
    """
    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise VideoError("There is no video in this file. Choose another one.")
    for stream in streams:
        if stream.codec_context:
            return stream
    raise VideoError("This video is in a format Masklens cannot read. Save it as MP4 (H.264).")


def _end(stream: Any) -> Fraction:
    """When a stream ends by what is stored of it, seconds; 0 where nothing is."""
    if stream.duration:
        return Fraction(((stream.start_time or 0) + stream.duration) * stream.time_base)
    # Matroska keeps it as a text, e.g. "00:01:03.021000000".
    stored = re.fullmatch(r"(\d+):(\d+):(\d+\.\d+)", stream.metadata.get("DURATION", ""))
    if not stored:
        return Fraction(0)
    hours, minutes, seconds = map(Fraction, stored.groups())
    return (hours * 60 + minutes) * 60 + seconds


def _is_audible(stream: Any) -> bool:
    """Whether a stream of sound can be decoded."""
    return bool(stream.codec_context and stream.codec_context.sample_rate)


def later(time: int | None, latest: int | None, step: int) -> int:
    """A time in ticks if it is later than the latest; else, or where there is none, a step on."""
    if latest is None:
        return time or 0
    return time if time is not None and time > latest else latest + step
