from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from maskcore.errors import VideoError
from maskcore.pipeline import MaskPipeline
from maskcore.video import VideoProgress, annotate_video
from tests.maskcore.made_clips import (
    HEIGHT,
    NO_VIDEO,
    RATE,
    SOUND_RATE,
    WIDTH,
    assert_plays_everywhere,
    damage,
    frames_of,
    moving,
    onset_of,
    picture,
    sound_of,
    times_of,
    tone,
    write_clip,
)


def test_varying_frame_rate_is_kept(tmp_path: Path, pipeline: MaskPipeline) -> None:
    gaps = [0, 40, 33, 250, 7, 1000, 50, 100, 41, 3]
    times = [Fraction(int(at), 1000) for at in np.cumsum(gaps)]
    clip = write_clip(tmp_path / "a.mkv", moving(10), times=times, sound=tone(1.6, onset=1.2))
    shown: list[VideoProgress] = []

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline, on_progress=shown.append)

    assert summary.problem is None
    assert times_of(tmp_path / "b.mp4") == [float(time) for time in times]
    assert [progress.seconds for progress in shown] == [float(time) for time in times]
    assert onset_of(tmp_path / "b.mp4") == pytest.approx(1.2, abs=0.03)


@pytest.mark.parametrize(("video_at", "sound_at"), [(0.5, 0.0), (0.0, 0.5), (10.5, 10.0)])
def test_late_start_goes_and_what_lies_between_picture_and_sound_stays(
    tmp_path: Path, pipeline: MaskPipeline, video_at: float, sound_at: float
) -> None:
    times = [Fraction(video_at) + Fraction(i, RATE) for i in range(20)]
    sound = tone(1, onset=0.4, begin=sound_at)
    clip = write_clip(tmp_path / "a.mkv", moving(20), times=times, sound=sound)

    annotate_video(clip, tmp_path / "b.mp4", pipeline)

    begin = min(video_at, sound_at)
    np.testing.assert_allclose(
        times_of(tmp_path / "b.mp4"), [float(time) - begin for time in times], atol=0.03
    )
    assert onset_of(tmp_path / "b.mp4") == pytest.approx(sound_at + 0.4 - begin, abs=0.05)


def test_times_that_begin_again_go_on(tmp_path: Path, pipeline: MaskPipeline) -> None:
    part = write_clip(tmp_path / "a.ts", sound_codec=None)
    clip = tmp_path / "twice.ts"
    clip.write_bytes(part.read_bytes() * 2)

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    times = times_of(tmp_path / "b.mp4")
    assert summary.frames == len(times) >= 58  # at the seam the decoder may drop one
    assert np.diff(times).min() > 0
    assert times[-1] == pytest.approx(2.95, abs=0.15)


def audio_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        voice = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        for piece in tone(0.5):
            container.mux(voice.encode(piece))
        container.mux(voice.encode())


def no_frame(path: Path) -> None:
    write_clip(path, codec="mjpeg", sound_codec=None, pix_fmt="yuvj420p")
    damage(path, "video", slice(None))


def no_index(path: Path) -> None:
    write_clip(path)
    path.write_bytes(path.read_bytes()[:3000])  # the index is at the end


def still(path: Path) -> None:
    from PIL import Image as PillowImage

    PillowImage.new("RGB", (64, 48)).save(path, "PNG")


def playlist(path: Path) -> None:
    write_clip(path.parent / "listed.ts")
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nlisted.ts\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("a.mp4", lambda path: path.write_bytes(b""), "This file is empty"),
        ("a.mp4", lambda path: path.write_bytes(b"\0" * 5000), NO_VIDEO),
        ("a.mp4", lambda path: path.write_text("just words\n" * 200), NO_VIDEO),
        ("a.txt", lambda path: path.write_text("just words\n" * 200), NO_VIDEO),
        ("a.png", still, NO_VIDEO),
        ("a.m3u8", playlist, NO_VIDEO),
        ("a.mp4", no_index, NO_VIDEO),
        ("a.m4a", audio_only, "There is no video in this file"),
        ("a.mov", no_frame, "No picture of this video can be read"),
        ("a.mp4", lambda path: path.mkdir(), "This is a folder"),
        ("a.mp4", lambda path: None, "This video cannot be found"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_is_no_video_is_told_in_one_sentence(
    tmp_path: Path,
    pipeline: MaskPipeline,
    name: str,
    make: Callable[[Path], object],
    sentence: str,
) -> None:
    make(tmp_path / name)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(VideoError, match=sentence) as caught:
        annotate_video(
            tmp_path / name, tmp_path / "out.mp4", pipeline, csv_file=tmp_path / "out.csv"
        )

    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_cover_of_a_song_is_no_video(tmp_path: Path, pipeline: MaskPipeline) -> None:
    audio_only(tmp_path / "a.m4a")
    with av.open(str(tmp_path / "b.m4a"), "w", format="mp4") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        voice = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(), format="rgb24")))
        container.mux(cover.encode())
        for piece in tone(0.5):
            container.mux(voice.encode(piece))
        container.mux(voice.encode())
    with av.open(str(tmp_path / "b.m4a")) as container:
        assert len(container.streams.video) == 1

    with pytest.raises(VideoError, match="There is no video in this file"):
        annotate_video(tmp_path / "b.m4a", tmp_path / "out.mp4", pipeline)


@pytest.mark.parametrize(
    ("name", "codec", "sound_codec", "options"),
    [
        ("a.mp4", "libx264", "aac", {"movflags": "+faststart"}),
        ("a.webm", "libvpx", "libopus", {}),
        ("a.mkv", "libx264", None, {}),
        ("a.avi", "mpeg4", "libmp3lame", {}),
    ],
)
def test_cut_off_file_gives_what_is_left(
    tmp_path: Path,
    pipeline: MaskPipeline,
    name: str,
    codec: str,
    sound_codec: str | None,
    options: dict[str, str],
) -> None:
    images = moving(60)
    clip = write_clip(tmp_path / name, images, codec, sound_codec, options=options)
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) * 6 // 10])

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert 12 <= summary.frames <= 45
    assert summary.problem and summary.problem.startswith(
        "This file is damaged or incomplete: of 3.0 seconds of video, "
    )
    assert summary.problem.endswith(" could be read.")
    assert len(frames_of(tmp_path / "b.mp4")) == summary.frames
    assert_plays_everywhere(tmp_path / "b.mp4")


def add_long_sound(source: Path, target: Path) -> None:
    """Copy a clip, with a second sound that lasts four seconds."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        copies = {stream: container.add_stream_from_template(stream) for stream in clip.streams}
        second = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        for packet in clip.demux():
            if packet.size:
                packet.stream = copies[packet.stream]
                container.mux(packet)
        for piece in tone(4):
            container.mux(second.encode(piece))
        container.mux(second.encode())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_what_is_not_read_may_last_longer(
    tmp_path: Path, pipeline: MaskPipeline, suffix: str
) -> None:
    clip = tmp_path / f"b{suffix}"
    add_long_sound(write_clip(tmp_path / f"a{suffix}"), clip)
    with av.open(str(clip)) as container:
        assert container.duration / av.time_base == pytest.approx(4, abs=0.1)
    shown: list[VideoProgress] = []

    summary = annotate_video(clip, tmp_path / "c.mp4", pipeline, on_progress=shown.append)

    assert summary.problem is None
    assert shown[-1].share == pytest.approx(1.45 / 1.5, abs=0.03)


def test_frames_that_cannot_be_decoded_are_left_out(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.mov", codec="mjpeg", pix_fmt="yuvj420p")
    damage(clip, "video", slice(10, 13))

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline)

    assert summary.problem == "This file is damaged: some pictures are missing or look wrong."
    kept = [i / RATE for i in range(30) if i not in (10, 11, 12)]
    np.testing.assert_allclose(times_of(tmp_path / "b.mp4"), kept, atol=0.0005)
    assert sound_of(tmp_path / "b.mp4")[1][-1] == pytest.approx(1.5, abs=0.05)


def test_share_is_unknown_where_the_length_is(tmp_path: Path, pipeline: MaskPipeline) -> None:
    clip = write_clip(tmp_path / "a.webm", codec="libvpx", sound_codec=None, options={"live": "1"})
    shown: list[VideoProgress] = []

    summary = annotate_video(clip, tmp_path / "b.mp4", pipeline, on_progress=shown.append)

    assert {progress.share for progress in shown} == {None}
    assert (summary.frames, summary.problem) == (30, None)


def test_name_is_never_taken_for_an_address(
    tmp_path: Path, pipeline: MaskPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "plain.mp4", moving(3))
    try:
        Path("plain.mp4").rename("concat:a.mp4")
    except OSError:
        pytest.skip("this file system takes no colon in names")

    assert annotate_video(Path("concat:a.mp4"), Path("pipe:1"), pipeline).frames == 3
    assert_plays_everywhere(tmp_path / "pipe:1")
