from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from maskcore.pipeline import MaskPipeline
from maskcore.video import annotate_video
from tests.maskcore.made_clips import (
    GROUND,
    HEIGHT,
    RATE,
    SIDE,
    SOUND_RATE,
    WIDTH,
    assert_plays_everywhere,
    damage,
    frames_of,
    images_of,
    moving,
    onset_of,
    sound_of,
    times_of,
    tone,
    write_clip,
)

FORMATS = [
    ("a.mp4", "libx264", "aac", "aac"),
    ("a.mov", "mjpeg", "pcm_s16le", "aac"),
    ("a.mov", "libx264", "alac", "aac"),
    ("a.webm", "libvpx", "libopus", "aac"),
    ("a.webm", "libvpx-vp9", "vorbis", "aac"),
    ("a.mkv", "libx264", "flac", "flac"),
    ("a.mkv", "libx264", "ac3", "aac"),
    ("a.mkv", "ffv1", None, None),
    ("a.avi", "mpeg4", "libmp3lame", "mp3"),
    ("a.avi", "mjpeg", "pcm_s16le", "aac"),
    ("a.ts", "libx264", "aac", "aac"),
    ("a.gif", "gif", None, None),
]


@pytest.mark.parametrize(
    ("name", "codec", "sound_codec", "sound_after"), FORMATS, ids=lambda v: str(v)
)
def test_common_formats_become_mp4_with_their_times_and_sound(
    tmp_path: Path,
    pipeline: MaskPipeline,
    name: str,
    codec: str,
    sound_codec: str | None,
    sound_after: str | None,
) -> None:
    pix_fmt = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
    sound = tone(1.5, onset=0.8)
    clip = write_clip(tmp_path / name, moving(), codec, sound_codec, pix_fmt=pix_fmt, sound=sound)
    target = tmp_path / "out" / "labelled.mp4"

    summary = annotate_video(clip, target, pipeline)

    assert summary.problem is None and not summary.stopped
    assert (summary.frames, summary.size_wh) == (30, (WIDTH, HEIGHT))
    assert summary.seconds == pytest.approx(1.5, abs=0.06)
    assert_plays_everywhere(target)
    begin = min(times_of(clip)[0], sound_of(clip)[1][0] if sound_codec else 0)
    begin = begin if name == "a.ts" else 0
    np.testing.assert_allclose(times_of(target), np.array(times_of(clip)) - begin, atol=0.0005)
    boxes = [[[x, 30, x + SIDE, 30 + SIDE]] for x in (8 + abs(2 * i - 40) for i in range(30))]
    np.testing.assert_allclose(pipeline.detector.boxes, boxes, atol=2)
    with av.open(str(target)) as container:
        assert len(container.streams) == (2 if sound_after else 1)
    if sound_after:
        assert sound_of(target)[0] == sound_after
        assert onset_of(target) == pytest.approx(0.8, abs=0.03)
        _, seconds, _ = sound_of(target)
        assert seconds[-1] - seconds[0] == pytest.approx(1.5, abs=0.06)


def test_sound_that_mp4_holds_is_copied_bit_by_bit(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mp4")

    annotate_video(clip, tmp_path / "b.mp4", pipeline)

    def packets(path: Path) -> list[tuple[int, bytes]]:
        with av.open(str(path)) as container:
            return [(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size]

    assert len(packets(clip)) > 60
    assert packets(tmp_path / "b.mp4") == packets(clip)


@pytest.mark.parametrize(("rate", "channels", "after"), [(192_000, 2, 48_000), (8_000, 1, 8_000)])
def test_sound_aac_does_not_know_is_resampled(
    tmp_path: Path, pipeline: MaskPipeline, rate: int, channels: int, after: int
) -> None:
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(tmp_path / "a.mov"), "w") as container:
        video = container.add_stream("mjpeg", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        voice = container.add_stream("pcm_s16le", rate=rate, layout=layout)
        for image in moving(10):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        samples = (np.sin(np.arange(rate // 2) * 0.06) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(samples, channels)[None], format="s16", layout=layout
        )
        frame.sample_rate = rate
        container.mux([*voice.encode(frame), *voice.encode(), *video.encode()])

    annotate_video(tmp_path / "a.mov", tmp_path / "b.mp4", pipeline)

    with av.open(str(tmp_path / "b.mp4")) as container:
        (stream,) = container.streams.audio
        assert (stream.rate, stream.layout.nb_channels) == (after, channels)
    _, seconds, levels = sound_of(tmp_path / "b.mp4")
    assert seconds[-1] == pytest.approx(0.5, abs=0.15)
    assert levels.max() > 0.2


def test_sound_may_change_its_channels_on_the_way(tmp_path: Path, pipeline: MaskPipeline) -> None:
    with av.open(str(tmp_path / "a.ts"), "w") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        voice = container.add_stream("mp2", rate=SOUND_RATE, layout="stereo")
        for image in moving(30):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode())
        mono = av.CodecContext.create("mp2", "w")
        mono.sample_rate, mono.layout, mono.format = SOUND_RATE, "mono", "s16"
        mono.time_base = Fraction(1, SOUND_RATE)
        packets = []
        for piece in tone(1.5, onset=1.1):
            packets += (voice if piece.time < 0.6 else mono).encode(piece)
        for packet in packets:
            packet.stream = voice
            container.mux(packet)

    summary = annotate_video(tmp_path / "a.ts", tmp_path / "b.mp4", pipeline)

    assert (summary.frames, summary.problem) == (30, None)
    begin = times_of(tmp_path / "b.mp4")[0]
    assert onset_of(tmp_path / "b.mp4") - begin == pytest.approx(1.1, abs=0.06)


def test_nothing_but_pictures_and_sound_is_taken_over(
    tmp_path: Path, pipeline: MaskPipeline
) -> None:
    clip = write_clip(tmp_path / "a.mov", options={"movflags": "use_metadata_tags"})
    with av.open(str(clip)) as given, av.open(str(tmp_path / "b.mov"), "w") as container:
        container.metadata.update({"location": "+52.5+013.4/", "title": "At home"})
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.metadata["title"] == "At home"

    annotate_video(tmp_path / "b.mov", tmp_path / "c.mp4", pipeline)

    content = (tmp_path / "c.mp4").read_bytes()
    assert b"At home" not in content and b"+52.5" not in content


@pytest.mark.parametrize(("size_wh", "even_wh"), [((97, 65), (98, 66)), ((96, 65), (96, 66))])
def test_odd_sides_are_padded_by_a_pixel(
    tmp_path: Path, pipeline: MaskPipeline, size_wh: tuple[int, int], even_wh: tuple[int, int]
) -> None:
    clip = write_clip(tmp_path / "a.webm", moving(6, size_wh), "libvpx", None)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.size_wh == size_wh and set(pipeline.detector.sizes_wh) == {size_wh}
    image = images_of(tmp_path / "b.mp4")[0]
    assert image.shape[1::-1] == even_wh
    assert abs(image[-4:].astype(int) - GROUND).max() < 12  # the edge goes on, not black


def test_unknown_kind_of_sound_costs_only_the_sound(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.avi", codec="mpeg4", sound_codec="pcm_s16le")
    content = clip.read_bytes()
    # The sound's format header: PCM (1), two channels, its rate.
    known = b"\x01\x00\x02\x00" + SOUND_RATE.to_bytes(4, "little")
    assert content.count(known) == 1
    clip.write_bytes(content.replace(known, b"\x77\x77" + known[2:]))

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.problem == "Its sound cannot be read."
    assert summary.frames == len(frames_of(tmp_path / "b.mp4")) == 30
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio


def test_damaged_sound_is_left_out_where_it_is(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(
        tmp_path / "a.webm", codec="libvpx", sound_codec="vorbis", sound=tone(1.5, onset=1.2)
    )
    # A packet of Vorbis that begins with a 1 bit holds no sound, and is refused.
    damage(clip, "audio", slice(30, 40), byte=7)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.problem == "Parts of its sound cannot be read."
    assert summary.frames == 30
    assert onset_of(tmp_path / "b.mp4") == pytest.approx(1.2, abs=0.05)
