from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from maskcore.errors import VideoError
from maskcore.pipeline import MaskPipeline
from maskcore.types import Detections
from maskcore.video import annotate_video
from maskcore.video_layout import look_at
from maskcore.video_reader import VideoReader
from tests.maskcore.made_clips import (
    BARE,
    HEIGHT,
    MASKED,
    RATE,
    WIDTH,
    ColourJudge,
    Image,
    SquareFinder,
    assert_plays_everywhere,
    frames_of,
    images_of,
    picture,
    write_clip,
)

# Upright -> as stored, and the matrix (FFmpeg's 3x3) that turns it back.
TURNS: dict[str, tuple[Callable[[Image], Image], tuple[int, ...]]] = {
    "phone held upright": (lambda image: np.rot90(image, 1), (0, 1, 0, -1, 0, 0)),
    "phone upside down": (lambda image: np.rot90(image, -1), (0, -1, 0, 1, 0, 0)),
    "half turn": (lambda image: np.rot90(image, 2), (-1, 0, 0, 0, -1, 0)),
    "mirrored": (lambda image: image[:, ::-1], (-1, 0, 0, 0, 1, 0)),
    "mirrored and turned": (lambda image: image.swapaxes(0, 1), (0, 1, 0, 1, 0, 0)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_turned_video_becomes_upright(tmp_path: Path, pipeline: MaskPipeline, turn: str) -> None:
    store, matrix = TURNS[turn]
    upright = picture((4, 40, BARE), size_wh=(80, 96))
    clip = write_clip(
        tmp_path / "a.mov",
        [np.ascontiguousarray(store(upright))] * 5,
        matrix=(*matrix, 0, 0, 16384),
        sound_codec=None,
    )

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.size_wh == (80, 96)
    assert set(pipeline.detector.sizes_wh) == {(80, 96)}
    np.testing.assert_allclose(pipeline.detector.boxes, [[[4, 40, 24, 60]]] * 5, atol=1)
    (frame, *_) = frames_of(tmp_path / "b.mp4")
    assert (frame.width, frame.height, frame.rotation) == (80, 96, 0)
    assert frame.to_ndarray(format="rgb24")[55, 14, 0] > 180


@pytest.mark.parametrize("size_wh", [(2, 2), (1, 1), (16, 2)])
def test_very_small_video_is_labelled(
    tmp_path: Path, pipeline: MaskPipeline, size_wh: tuple[int, int]
) -> None:
    image = np.full((size_wh[1], size_wh[0], 3), MASKED, np.uint8)
    clip = write_clip(tmp_path / "a.mkv", [image] * 3, "ffv1", None, pix_fmt="bgra")

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.frames == len(frames_of(tmp_path / "b.mp4")) == 3
    assert summary.faces["Mask"] == 3


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv420p10le"),
        ("a.mp4", "libx264", "gray"),
        ("a.mkv", "libx264", "yuv444p"),
        ("a.mkv", "ffv1", "bgra"),
        ("a.mkv", "ffv1", "gray16le"),
        ("a.webm", "libvpx-vp9", "yuva420p"),
        ("a.webm", "libvpx-vp9", "gbrp"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.avi", "mjpeg", "yuvj422p"),
    ],
)
def test_every_kind_of_pixel_is_seen_in_its_colour(
    tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, 32:64], image[:, 64:] = 255, (200, 60, 30)
    seen: list[Image] = []
    finder = SquareFinder()
    finder.detect = lambda image_rgb: (seen.append(image_rgb), Detections.empty())[1]
    clip = write_clip(tmp_path / name, [image] * 3, codec, None, pix_fmt=pix_fmt)

    annotate_video(clip, tmp_path / "b.mp4", MaskPipeline(finder, ColourJudge()))

    # Grey of such a red: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    red = [98] * 3 if "gray" in pix_fmt else (200, 60, 30)
    for image_rgb in (seen[0], images_of(tmp_path / "b.mp4")[0]):
        np.testing.assert_allclose(image_rgb[32, [16, 48, 80]], [[0] * 3, [255] * 3, red], atol=8)
    assert_plays_everywhere(tmp_path / "b.mp4")


def test_colours_of_high_definition_are_kept(tmp_path: Path, pipeline: MaskPipeline) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.colorspace, video.codec_context.color_range = 1, 1
        frame = av.VideoFrame.from_ndarray(picture((8, 30, (0, 200, 0))), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        container.mux([*video.encode(frame), *video.encode()])

    annotate_video(tmp_path / "a.mp4", tmp_path / "b.mp4", pipeline)

    (frame,) = frames_of(tmp_path / "b.mp4")
    assert frame.colorspace == 1
    # Read by the other matrix it would be (0, 215, 0) or (22, 185, 23).
    np.testing.assert_allclose(frame.to_ndarray(format="rgb24")[40, 18], (0, 200, 0), atol=6)


def test_wide_pixels_become_square(tmp_path: Path, pipeline: MaskPipeline) -> None:
    images = [picture((30, 30, BARE))] * 3
    ratio = Fraction(3, 2)
    clip = write_clip(tmp_path / "a.mp4", images, sound_codec=None, sample_aspect_ratio=ratio)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.size_wh == (144, 64)
    np.testing.assert_allclose(pipeline.detector.boxes, [[[45, 30, 75, 50]]] * 3, atol=2)


def test_frames_of_another_size_are_scaled_to_the_first(
    tmp_path: Path, pipeline: MaskPipeline
) -> None:
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        video = container.add_stream("mjpeg", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for i in range(6):
            x, y, scale = 30, 30, 1 if i < 3 else 2
            image = picture((x, y, BARE)).repeat(scale, axis=0).repeat(scale, axis=1)
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height = image.shape[1], image.shape[0]
            encoder.pix_fmt, encoder.time_base = "yuvj420p", Fraction(1, RATE)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj420p")
            for packet in [*encoder.encode(frame), *encoder.encode()]:
                packet.stream, packet.pts, packet.dts = video, i, i
                packet.time_base = Fraction(1, RATE)
                container.mux(packet)

    annotate_video(tmp_path / "a.avi", tmp_path / "b.mp4", pipeline)

    assert pipeline.detector.sizes_wh == [(WIDTH, HEIGHT)] * 6
    np.testing.assert_allclose(pipeline.detector.boxes, [[[30, 30, 50, 50]]] * 6, atol=2)


def test_too_large_frames_are_refused(
    tmp_path: Path, pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accept(pixels: int) -> None:
        for module in ("video_layout", "video_reader"):
            monkeypatch.setattr(f"maskcore.{module}.MOST_PIXELS", pixels)

    accept(WIDTH * HEIGHT - 1)
    clip = write_clip(tmp_path / "a.mp4")

    with pytest.raises(VideoError, match=f"{WIDTH}x{HEIGHT} pixels.*Save it smaller"):
        annotate_video(clip, tmp_path / "b.mp4", pipeline)

    accept(WIDTH * HEIGHT)
    assert annotate_video(clip, tmp_path / "b.mp4", pipeline).frames == 30


def test_what_drones_make_is_accepted_and_more_is_refused_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grey(name: str, size_wh: tuple[int, int]) -> Path:
        return write_clip(tmp_path / name, [picture(size_wh=size_wh)], "mpeg4", None)

    assert look_at(grey("a.mp4", (5472, 3078))).upright_wh == (5472, 3078)

    large = grey("b.mp4", (5472, 3120))
    monkeypatch.setattr(VideoReader, "__iter__", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(VideoError, match="5472x3120 pixels; at most 17 megapixels"):
        look_at(large)
