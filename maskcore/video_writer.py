"""The labelled video written: H.264 pictures and the source's sound, in MP4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from maskcore.types import ImageRgb
from maskcore.video_layout import VideoLayout
from maskcore.video_reader import USUAL_RATE, VideoReader, later

# Sound that all browsers play in MP4, copied where its header is known or it needs none.
_COPIED = frozenset({"aac", "flac", "mp3"})
_HEADERLESS = frozenset({"mp3"})


class VideoWriter:
    """The MP4 file: pictures and sound in, in any order of time."""

    def __init__(self, container: Any, reader: VideoReader, layout: VideoLayout) -> None:
        """Add the streams to an MP4 file opened for writing."""
        self._container = container
        # H.264 with colours at half resolution, the one kind all players know, has even sides.
        width, height = (side + side % 2 for side in layout.upright_wh)
        self._video = container.add_stream(
            "libx264",
            rate=reader.rate or USUAL_RATE,
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
        self._latest = piece.pts = later(own, self._latest, step)

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
