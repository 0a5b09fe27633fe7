"""How fast a video file is labelled, end to end: read, faces, masks, boxes, H.264, sound.

The clips are made: 640x480, 30 frames/s, one to three faces that move, a tone as sound.
The baseline in the same run reads and writes the same file without looking at it.

    python -m benchmarks.video [--seconds 20] [--json FILE]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.clips import HEIGHT, RATE, WIDTH, moving_faces
from maskcore import MaskPipeline
from maskcore.files import write_json
from maskcore.video import annotate_video

SOUND_RATE = 44_100


def write_clip(path: Path, seconds: float, faces: int) -> None:
    """Write an MP4 file with a tone."""
    with av.open(path, "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for image in moving_faces(seconds, faces):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode())
        tone = np.sin(np.arange(round(seconds * SOUND_RATE)) * 0.06).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone[None] * 0.3, format="fltp", layout="mono")
        frame.sample_rate = SOUND_RATE
        container.mux(sound.encode(frame))
        container.mux(sound.encode())


def rewrite(source: Path, target: Path) -> None:
    """Read and write the pictures as they are, in the formats labelling uses."""
    with av.open(source) as given, av.open(target, "w") as container:
        given.streams.video[0].thread_type = "AUTO"
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in given.decode(video=0):
            image = frame.to_ndarray(format="rgb24")
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode())


def measure(seconds: float) -> list[dict[str, Any]]:
    """One row for each number of faces, frames a second."""
    pipeline = MaskPipeline.load(live=True)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for faces in (1, 2, 3):
            clip = folder / f"{faces}.mp4"
            write_clip(clip, seconds, faces)
            begin = time.perf_counter()
            rewrite(clip, folder / "plain.mp4")
            rewritten = time.perf_counter()
            summary = annotate_video(clip, folder / "labelled.mp4", pipeline)
            labelled = time.perf_counter()
            rows.append(
                {
                    "faces": faces,
                    "frames": summary.frames,
                    "rewritten_per_second": round(summary.frames / (rewritten - begin), 1),
                    "labelled_per_second": round(summary.frames / (labelled - rewritten), 1),
                }
            )
    return rows


def main() -> None:
    """Print a table, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = measure(options.seconds)
    for row in rows:
        print(row)
    if options.json:
        write_json(options.json, rows)


if __name__ == "__main__":
    main()
