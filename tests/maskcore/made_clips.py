"""Clips of coloured squares for faces, and what finds and judges these."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskcore.types import Detections, NotSure

Image = NDArray[np.uint8]
WIDTH, HEIGHT, RATE, SOUND_RATE = 96, 64, 20, 48_000
GROUND, BARE, MASKED = (128, 128, 128), (220, 30, 30), (30, 30, 220)
SIDE = 20
NO_VIDEO = "This is not a video Masklens can read"


def picture(*faces: tuple[int, int, tuple[int, int, int]], size_wh: Any = (WIDTH, HEIGHT)) -> Image:
    """Squares (left, top, colour) for faces on grey ground."""
    image = np.full((size_wh[1], size_wh[0], 3), GROUND, np.uint8)
    for x, y, colour in faces:
        image[y : y + SIDE, x : x + SIDE] = colour
    return image


def moving(count: int = 30, size_wh: tuple[int, int] = (WIDTH, HEIGHT)) -> list[Image]:
    """A bare face that goes to the right, two pixels a frame, and back."""
    return [picture((8 + abs(2 * (i % 40) - 40), 30, BARE), size_wh=size_wh) for i in range(count)]


class SquareFinder:
    """Finds the squares of ``picture``, and remembers where and on how large an image."""

    def __init__(self) -> None:
        self.boxes: list[list[list[int]]] = []
        self.sizes_wh: list[tuple[int, int]] = []

    def detect(self, image_rgb: Image) -> Detections:
        found = []
        for colour in (BARE, MASKED):
            near = (abs(image_rgb.astype(int) - colour) < 60).all(axis=2)
            if near.any():
                rows, columns = np.nonzero(near.any(axis=1))[0], np.nonzero(near.any(axis=0))[0]
                found.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        self.boxes.append([[int(edge) for edge in box] for box in found])
        self.sizes_wh.append((image_rgb.shape[1], image_rgb.shape[0]))
        boxes = np.array(found, np.float32).reshape(-1, 4)
        return Detections(boxes, np.full(len(found), 0.75, np.float32))


class ColourJudge:
    """0.9 for blue faces, 0.2 for others."""

    threshold = 0.5
    not_sure = NotSure()

    def mask_probabilities(self, image_rgb: Image, boxes_xyxy: ArrayLike) -> NDArray[np.float32]:
        middles = [(int(x0 + x1) // 2, int(y0 + y1) // 2) for x0, y0, x1, y1 in boxes_xyxy]
        blue = [image_rgb[y, x, 2] > image_rgb[y, x, 0] for x, y in middles]
        return np.where(blue, 0.9, 0.2).astype(np.float32)


def tone(seconds: float, onset: float = 0.0, begin: float = 0.0, step: float = 0.02) -> list[Any]:
    """Hiss that turns into a tone at ``onset``, in pieces; the first plays at ``begin``."""
    per_piece = round(step * SOUND_RATE)
    at = np.arange(round(seconds * SOUND_RATE))
    hiss = np.random.default_rng(0).normal(0, 0.01, len(at))
    samples = (np.sin(at * 0.06) * 0.5 * (at >= onset * SOUND_RATE) + hiss).astype(np.float32)
    pieces = []
    for start in range(0, len(samples), per_piece):
        part = samples[start : start + per_piece]
        frame = av.AudioFrame.from_ndarray(np.stack([part, part]), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
        frame.pts = round(begin * SOUND_RATE) + start
        pieces.append(frame)
    return pieces


def write_clip(
    path: Path,
    images: Sequence[Image] = (),
    codec: str = "libx264",
    sound_codec: str | None = "aac",
    *,
    pix_fmt: str = "yuv420p",
    times: Sequence[Fraction] | None = None,
    sound: Sequence[Any] | None = None,
    rate: int = RATE,
    matrix: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
    **stream: Any,
) -> Path:
    """Write a clip, by default of ``moving`` and a tone of the same length.

    Frames stand ``rate`` to a second unless ``times`` gives their seconds.
    """
    images = images or moving()
    if times is None:
        times = [Fraction(i, rate) for i in range(len(images))]
    if sound is None:
        sound = tone(len(images) / rate)
    with av.open(str(path), "w", options=options or {}) as container:
        video = container.add_stream(codec, rate=rate, options=codec_options or {})
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = pix_fmt
        video.codec_context.time_base = Fraction(1, 1000)
        if codec == "mpeg4":  # stores no finer time
            video.codec_context.time_base = Fraction(1, rate)
        for name, value in stream.items():
            setattr(video.codec_context, name, value)
        if matrix:
            video.set_display_matrix([round(value * 65536) for value in matrix])
        voice = None
        if sound_codec:
            voice = container.add_stream(sound_codec, rate=SOUND_RATE, layout="stereo")
            voice.codec_context.options = {"strict": "experimental"}
        pending = list(sound)
        for image, seconds in zip(images, times, strict=True):
            while voice and pending and pending[0].time <= seconds:
                container.mux(voice.encode(pending.pop(0)))
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if voice:
            for piece in pending:
                container.mux(voice.encode(piece))
            container.mux(voice.encode())
    return path


def damage(path: Path, kind: str, which: slice, byte: int = 0) -> None:
    """Fill some packets of a file's only stream of a kind with one byte."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.get({kind: 0})
        packets = [packet for packet in container.demux(stream) if packet.size][which]
    content = bytearray(path.read_bytes())
    for packet in packets:
        start = content.index(bytes(packet), packet.pos)
        assert start < packet.pos + 30  # what stands before it in some formats
        content[start : start + packet.size] = [byte] * packet.size
    path.write_bytes(content)


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def times_of(path: Path) -> list[float]:
    """Of the frames, seconds."""
    return [round(float(frame.pts * frame.time_base), 6) for frame in frames_of(path)]


def images_of(path: Path) -> list[Image]:
    return [frame.to_ndarray(format="rgb24") for frame in frames_of(path)]


def sound_of(path: Path) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    """Codec; time of every sample, seconds; its loudness."""
    seconds, levels = [], []
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        for frame in container.decode(stream):
            samples = frame.to_ndarray()
            if not frame.format.is_planar:
                samples = samples.reshape(-1, frame.layout.nb_channels).T
            begin = float(frame.pts * frame.time_base)
            seconds.append(begin + np.arange(samples.shape[1]) / frame.sample_rate)
            levels.append(abs(samples[0].astype(float)))
        levels_all = np.concatenate(levels)
        return stream.codec_context.codec.canonical_name, np.concatenate(seconds), levels_all


def onset_of(path: Path) -> float:
    """When the tone begins, seconds."""
    _, seconds, levels = sound_of(path)
    return float(seconds[np.argmax(levels > levels.max() / 4)])


def assert_plays_everywhere(path: Path) -> None:
    """H.264 of the common kind in MP4, which a browser can begin to play from its first bytes."""
    content = path.read_bytes()
    assert content[4:8] == b"ftyp"
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        (video,) = container.streams.video
        assert video.codec_context.name == "h264"
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.width % 2 == 0 and video.height % 2 == 0
