"""A video file in, the same video with labelled faces out, as MP4."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from maskcore.drawing import blur_faces, draw_faces
from maskcore.errors import VideoError
from maskcore.files import replacing
from maskcore.images import MAX_PIXELS
from maskcore.live import LiveAnalyzer
from maskcore.pipeline import MaskPipeline
from maskcore.records import photo_record
from maskcore.types import Analysis, Face, ImageRgb, Verdict

CSV_COLUMNS = (
    "seconds",
    "frame",
    "track",
    "label",
    "sure",
    "mask_probability",
    "x0",
    "y0",
    "x1",
    "y1",
    "score",
)

# From so many frames a second, faces are looked for in every second one, and moved on in
# between. Unlike in a live stream the machine's speed has no say: a file gives the same
# result everywhere.
_HALF_SEARCHED_FROM = 24
# Rates beyond are a container's way of stating none.
_MOST_RATE, _USUAL_RATE = 240, 30
_FINEST_TICK = Fraction(1, 90_000)
# libx264 takes no more.
_MOST_SIDE = 16_384

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
# Sound that MP4 holds as it is, where its header is known or it needs none.
_COPIED = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
_HEADERLESS = frozenset({"ac3", "eac3", "mp3"})
# The matrices between RGB and YUV that FFmpeg converts by, as its numbers (AVColorSpace).
_MATRICES, _UNSPECIFIED = frozenset({1, 4, 5, 6, 7, 9}), 2

_NO_VIDEO = "This is not a video Masklens can read. Use an undamaged MP4, MOV, WEBM, MKV or AVI."
_NO_FRAME = "No picture of this video can be read. Use another copy of it, or save it as MP4."


@dataclass(frozen=True)
class VideoProgress:
    """How far a video is, after each frame.

    Attributes:
        frames: done so far.
        seconds: time of this one.
        share: of the whole length, 0..1; None where that is unknown.
        analysis: of this frame.
        annotated_rgb: the frame as it is written, uint8 (H, W, 3).
    """

    frames: int
    seconds: float
    share: float | None
    analysis: Analysis
    annotated_rgb: ImageRgb


@dataclass(frozen=True)
class VideoSummary:
    """What came of a video.

    Attributes:
        frames: written.
        seconds: from the start to the end of the last frame.
        size_wh: pixels of a frame, upright.
        people: different faces.
        faces: how often each verdict was given, summed over the frames.
        stopped: whether ``stop`` ended it.
        problem: what of the file could not be read, in words; None where all could.
    """

    frames: int
    seconds: float
    size_wh: tuple[int, int]
    people: int
    faces: dict[Verdict, int]
    stopped: bool
    problem: str | None


def annotate_video(
    source: Path | BinaryIO,
    target: Path,
    pipeline: MaskPipeline,
    *,
    threshold: float | None = None,
    csv_file: Path | None = None,
    blur: bool = False,
    on_progress: Callable[[VideoProgress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> VideoSummary:
    """Label the faces of a video frame by frame, in the same memory however long it is.

    The result is H.264 in MP4 and upright. Pictures and sound keep their times; the sound is
    copied where MP4 holds it, else encoded as AAC. Nothing else is taken over: no place, no
    date. Both files appear when they are complete, and neither does where this raises.

    Args:
        source: the file, or its content, seekable.
        target: the MP4 file to write or replace.
        pipeline: one made for live video is fast enough.
        threshold: mask probability in 0..1; by default the one in the model's card.
        csv_file: a table to write, `CSV_COLUMNS`, one row a face and frame.
        blur: whether faces are made unrecognisable.
        on_progress: called after each frame.
        stop: asked after each frame; True ends the video there.

    Returns:
        What came of it; of a damaged file what could be read.

    Raises:
        VideoError: there is no video to be read, or it is refused; the text tells why.
        OSError: the files cannot be written.
    """
    _check_files(source, target, csv_file)
    layout = _look(source)
    counts: dict[Verdict, int] = {"Mask": 0, "No Mask": 0, "Not sure": 0}
    frames, seconds, stopped = 0, 0.0, False
    with ExitStack() as stack:
        stack.enter_context(_explained())
        temporary = stack.enter_context(replacing(target))
        write_rows = stack.enter_context(_table(csv_file)) if csv_file else None
        reader = _Reader(stack.enter_context(_opened(source)))
        # The index goes to the front, so that a browser plays it from the first bytes on.
        options = {"movflags": "+faststart"}
        target_file = av.open(str(temporary.absolute()), "w", format="mp4", options=options)
        writer = _Writer(stack.enter_context(target_file), reader, layout)
        # Where faces are blurred, none may pass unseen for a single frame.
        analyzer = LiveAnalyzer(1 if blur or reader.rate < _HALF_SEARCHED_FROM else 2)
        for item in reader:
            if isinstance(item, av.Packet):
                writer.add_sound(item)
                continue
            ticks = reader.ticks(item)
            seconds = float(ticks * reader.tick)
            image = layout.upright(item)
            analysis = analyzer.analyze(image, seconds, pipeline, threshold)
            image = _annotate(image, analysis.faces, blur)
            writer.add_picture(image, ticks)
            if write_rows:
                write_rows(seconds, frames, analysis)
            frames += 1
            for face in analysis.faces:
                counts[face.verdict] += 1
            if on_progress:
                share = min(seconds / reader.length, 1.0) if reader.length else None
                on_progress(VideoProgress(frames, seconds, share, analysis, image))
            if stop():
                stopped = True
                break
        if not frames:
            raise VideoError(_NO_FRAME)
        writer.finish()
    return VideoSummary(
        frames=frames,
        seconds=seconds + float(reader.step * reader.tick),
        size_wh=layout.upright_wh,
        people=analyzer.tracker.unique,
        faces=counts,
        stopped=stopped,
        problem=" ".join(reader.problems(stopped) + writer.problems()) or None,
    )


def _annotate(image_rgb: ImageRgb, faces: Sequence[Face], blur: bool) -> ImageRgb:
    if not faces:
        return image_rgb
    if blur:
        image_rgb = blur_faces(image_rgb, [face.box_xyxy for face in faces])
    return draw_faces(image_rgb, faces)


def _check_files(source: Path | BinaryIO, target: Path, csv_file: Path | None) -> None:
    """Refuse at once what would fail at the end, or destroy the video.

    Raises:
        VideoError: the text tells why.
    """
    if isinstance(source, Path):
        if source.is_dir():
            raise VideoError("This is a folder, not a video. Choose a video inside it.")
        if not source.exists():
            raise VideoError("This video cannot be found. Check its name and choose it again.")
        if not source.is_file():  # opening a pipe would wait for ever
            raise VideoError(_NO_VIDEO)
        if not source.stat().st_size:
            raise VideoError("This file is empty. Choose another video.")
    for path in filter(None, (target, csv_file)):
        if path.is_dir():
            raise VideoError(f"The result cannot be written: {path.name} is a folder.")
        if isinstance(source, Path) and path.exists() and path.samefile(source):
            raise VideoError("The result would replace the video itself. Choose another name.")
    if csv_file and csv_file.resolve() == target.resolve():
        raise VideoError("The video and the table would be one file. Choose another name.")


@contextmanager
def _explained() -> Iterator[None]:
    """Put what FFmpeg objects to in words, but not what the system does."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise VideoError("This video cannot be written as MP4. Try another copy of it.") from error


@contextmanager
def _table(path: Path) -> Iterator[Callable[[float, int, Analysis], None]]:
    """Give a function that adds the rows of a frame to a CSV file."""
    with replacing(path) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(CSV_COLUMNS)

            def write_rows(seconds: float, frame: int, analysis: Analysis) -> None:
                faces = photo_record("", analysis)["faces"]
                for face, row in zip(analysis.faces, faces, strict=True):
                    sure = "yes" if row["sure"] else "no"
                    writer.writerow(
                        [round(seconds, 3), frame, face.track, row["label"], sure]
                        + [row["mask_probability"], *row["box"], row["score"]]
                    )

            yield write_rows


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[Any]:
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
        raise VideoError(_NO_VIDEO) from error
    with container:
        yield container


def _look(source: Path | BinaryIO) -> _Layout:
    """Decode the first frame, and leave the file as it was.

    Raises:
        VideoError: there is none, or it is too large.
    """
    begin = None if isinstance(source, Path) else source.tell()
    with _opened(source) as container:
        reader = _Reader(container)
        _check_size(reader.video.width, reader.video.height)
        frame = next((item for item in reader if not isinstance(item, av.Packet)), None)
        if frame is None:
            raise VideoError(_NO_FRAME)
        layout = _Layout(frame, reader.video.sample_aspect_ratio)
        _check_size(*layout.upright_wh)
    if begin is not None and not isinstance(source, Path):
        source.seek(begin)
    return layout


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > _MOST_SIDE:
        raise VideoError(
            f"The pictures of this video are {width}x{height} pixels; at most"
            f" {MAX_PIXELS // 10**6} megapixels and {_MOST_SIDE} a side are accepted."
            " Save it smaller and try again."
        )


class _Layout:
    """How the frames of a video become upright RGB pictures, all of one size.

    Attributes:
        upright_wh: pixels of a picture.
        colours: matrix, primaries and transfer curve, as FFmpeg's numbers.
    """

    def __init__(self, frame: Any, pixel_ratio: Fraction | None) -> None:
        """Take it from a decoded frame and the ratio of its pixels' width to their height."""
        width, height = frame.width, frame.height
        if pixel_ratio and Fraction(1, 4) <= pixel_ratio <= 4:
            width = round(width * max(pixel_ratio, 1))
            height = round(height / min(pixel_ratio, 1))
        self._stored_wh = width, height
        self._swapped, self._down, self._along = _stored_in_upright(frame)
        self.upright_wh = (height, width) if self._swapped else (width, height)
        matrix = frame.colorspace if frame.colorspace in _MATRICES else _UNSPECIFIED
        self.colours = matrix, frame.color_primaries, frame.color_trc
        self._reformatter = VideoReformatter()

    def upright(self, frame: Any) -> ImageRgb:
        """The picture, uint8 (H, W, 3). A frame of another size is scaled, as players do."""
        if frame.colorspace not in _MATRICES:
            frame.colorspace = _UNSPECIFIED
        width, height = self._stored_wh
        rgb = self._reformatter.reformat(frame, width, height, "rgb24", dst_color_range="JPEG")
        image: ImageRgb = rgb.to_ndarray()
        turned = image.swapaxes(0, 1) if self._swapped else image
        return np.ascontiguousarray(turned[:: self._down, :: self._along])


def _stored_in_upright(frame: Any) -> tuple[bool, int, int]:
    """How a frame lies in the upright picture: axes swapped, steps down and along."""
    data = next((item for item in frame.side_data if item.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return False, 1, 1
    # x' = a x + c y and y' = b x + d y (FFmpeg, libavutil/display.h). Other than right angles,
    # which no camera writes, are taken for the nearest one.
    (a, b), (c, d) = np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2].tolist()
    down, along = (b, c) if abs(b) > abs(a) else (d, a)
    return abs(b) > abs(a), -1 if down < 0 else 1, -1 if along < 0 else 1


class _Reader:
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
        self.video.codec_context.options = {"max_pixels": str(2 * MAX_PIXELS)}
        self.sound = next(filter(_is_audible, container.streams.audio), None)
        self.is_mute = bool(container.streams.audio) and not self.sound
        # Players wait for what comes late; MP4 files hold what comes before 0.
        self.start = Fraction(max(container.start_time or 0, 0), av.time_base)
        rate = self.video.average_rate or self.video.guessed_rate or 0
        self.rate = rate if 0 < rate <= _MOST_RATE else 0
        self.tick = max(self.video.time_base, _FINEST_TICK)
        self.step = max(1, round(1 / (self.rate or _USUAL_RATE) / self.tick))
        self.length = self._length()
        self._latest: int | None = None
        self._reached = Fraction(0)
        self._damaged = False

    def _length(self) -> float | None:
        name = self._container.format.name
        length = Fraction(self._container.duration or 0, av.time_base)
        if name == "matroska,webm":  # which states the end
            length -= self.start
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
        self._latest = _later(own, self._latest, self.step)
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


def _is_audible(stream: Any) -> bool:
    """Whether a stream of sound can be decoded."""
    return bool(stream.codec_context and stream.codec_context.sample_rate)


def _later(time: int | None, latest: int | None, step: int) -> int:
    """A time if it is later than the latest one; else, or where there is none, one step on."""
    if latest is None:
        return time or 0
    return time if time is not None and time > latest else latest + step


class _Writer:
    """The MP4 file: pictures and sound in, in any order of time."""

    def __init__(self, container: Any, reader: _Reader, layout: _Layout) -> None:
        self._container = container
        # H.264 with colours at half resolution, the one kind all players know, has even sides.
        width, height = (side + side % 2 for side in layout.upright_wh)
        self._video = container.add_stream(
            "libx264",
            rate=reader.rate or _USUAL_RATE,
            options={"preset": "veryfast"},
            time_base=reader.tick,
            width=width,
            height=height,
            pix_fmt="yuv420p",
        )
        # As in the source, so that the colours stay whatever a player takes them for.
        context = self._video.codec_context
        context.colorspace, context.color_primaries, context.color_trc = layout.colours
        context.color_range = av.video.reformatter.ColorRange.MPEG
        self._matrix = layout.colours[0]
        self._reformatter = VideoReformatter()
        self._start = reader.start
        self._sound: Any = None
        self._is_copied = False
        self._resamplers: dict[tuple[str, str, int], av.AudioResampler] = {}
        self._latest: int | None = None
        self._has_sound = False
        self._lost_sound = reader.is_mute
        if reader.sound:
            self._add_sound_stream(reader.sound.codec_context, reader.sound)

    def _add_sound_stream(self, context: Any, given: Any) -> None:
        name = context.codec.canonical_name
        self._is_copied = name in _COPIED and (name in _HEADERLESS or bool(context.extradata))
        if self._is_copied:
            self._sound = self._container.add_stream_from_template(given)
            return
        rates = av.Codec("aac", "w").audio_rates or []
        rate = context.sample_rate if context.sample_rate in rates else 48_000
        layout = "mono" if context.channels == 1 else "stereo"
        self._sound = self._container.add_stream("aac", rate=rate, layout=layout)

    def add_picture(self, image_rgb: ImageRgb, ticks: int) -> None:
        """Add a frame, uint8 (H, W, 3), at a time, later than the one before."""
        height, width = image_rgb.shape[:2]
        if height % 2 or width % 2:
            image_rgb = np.pad(image_rgb, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        rgb = av.VideoFrame.from_numpy_buffer(image_rgb, format="rgb24")
        frame = self._reformatter.reformat(
            rgb, format="yuv420p", dst_colorspace=self._matrix, dst_color_range="MPEG"
        )
        frame.pts, frame.time_base = ticks, self._video.codec_context.time_base
        self._mux(self._video.encode(frame))

    def add_sound(self, packet: Any) -> None:
        """Add a packet of the source's sound; an empty one is its end."""
        try:
            if not self._is_copied:
                for frame in packet.decode():
                    self._encode_sound(frame)
            elif packet.size:
                self._place(packet, packet.duration or 1)
                packet.dts, packet.stream = packet.pts, self._sound
                self._mux([packet])
                self._has_sound = True
        except av.FFmpegError:
            self._lost_sound = True

    def _encode_sound(self, frame: Any) -> None:
        self._place(frame, round(frame.samples / frame.sample_rate / frame.time_base))
        # Broadcasts change from stereo to surround on the way.
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if kind not in self._resamplers:
            context = self._sound.codec_context
            self._resamplers = {
                kind: av.AudioResampler(context.format, context.layout, context.sample_rate)
            }
        for piece in self._resamplers[kind].resample(frame):
            self._mux(self._sound.encode(piece))
        self._has_sound = True

    def _place(self, piece: Any, step: int) -> None:
        """Set when a frame or packet of sound is played."""
        own = None if piece.pts is None else piece.pts - round(self._start / piece.time_base)
        self._latest = piece.pts = _later(own, self._latest, step)

    def finish(self) -> None:
        """Add what the encoders still hold."""
        if self._has_sound and not self._is_copied:
            self._mux(self._sound.encode(None))
        self._mux(self._video.encode(None))

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            try:
                self._container.mux(packet)
            except av.error.InvalidDataError:  # a damaged packet that was copied
                self._lost_sound = True

    def problems(self) -> list[str]:
        """What became of the sound, in sentences, if not all is well."""
        if self._lost_sound:
            return [f"{'Parts of its' if self._has_sound else 'Its'} sound cannot be read."]
        return []
