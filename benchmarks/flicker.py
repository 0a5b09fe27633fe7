"""How much labels flicker in a video in which nothing changes but one mask.

The clip is made: the portrait that scikit-image ships three times, bare, with a mask painted
on, and with one that fades in and out, 640x480 at 30 frames/s. The heads are steady but for a
sway of a pixel or two; the camera adds noise and a flicker of its brightness, and the whole is
encoded as H.264 at a low bitrate and decoded again. The first two faces should never change
their labels, the third six times a minute.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import av
import cv2
import numpy as np

from maskcore import Analysis, Face, MaskPipeline, read_image
from maskcore.live import SEARCHED_AT_LEAST, LiveAnalyzer
from maskcore.types import logit
from ui.photos.sample import sample_photo

WIDTH, HEIGHT, RATE = 640, 480, 30
BITRATE = 250_000
# Where the faces' centres are, by what they wear.
PLACES = {"bare": (107, 240), "masked": (320, 240), "fading": (534, 240)}
FADE_SECONDS = 20.0


def clip(seconds: float) -> bytes:
    """The clip as an MP4 file."""
    rng = np.random.default_rng(0)
    bare, masked = np.hsplit(read_image(sample_photo()), 2)
    # Making noise for every frame anew would take most of the time.
    noises = rng.normal(0, 6, (8, HEIGHT, WIDTH, 3)).astype(np.float32)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITRATE
        for frame in range(round(seconds * RATE)):
            at = frame / RATE
            share = (1 - math.cos(2 * math.pi * at / FADE_SECONDS)) / 2
            fading = cv2.addWeighted(masked, share, bare, 1 - share, 0)
            heads = [
                swayed(head, 1.6 * math.sin(2.5 * at + i), 1.2 * math.sin(3.7 * at + 2 * i))
                for i, head in enumerate((bare, masked, fading))
            ]
            # Lamps at 100 flashes/s against 30 frames/s, and an exposure that hunts.
            light = 1 + 0.02 * math.sin(2 * math.pi * 10.3 * at)
            light += 0.03 * math.sin(2 * math.pi * 0.2 * at)
            noise = np.roll(noises[frame % 8], rng.integers(0, 400, 2), (0, 1))
            seen = (np.hstack(heads)[:, :WIDTH] * light + noise).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(seen, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def swayed(head: np.ndarray, x: float, y: float) -> np.ndarray:
    """A third of the picture, the face 130 pixels high and off the middle by this much."""
    shrink = 0.65  # the sample's is 200 high, its centre at (330, 230)
    move = np.array([[shrink, 0, 107 - 330 * shrink + x], [0, shrink, 240 - 230 * shrink + y]])
    size_wh = (214, HEIGHT)
    return cv2.warpAffine(
        head, move, size_wh, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )


def frames(content: bytes) -> Iterator[np.ndarray]:
    """A video's pictures, uint8 (H, W, 3)."""
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def nearest(analysis: Analysis, place: tuple[int, int]) -> Face | None:
    """The face whose centre is within 60 pixels of a place."""

    def away(face: Face) -> float:
        x0, y0, x1, y1 = face.box_xyxy
        return math.dist(((x0 + x1) / 2, (y0 + y1) / 2), place)

    face = min(analysis.faces, key=away, default=None)
    return face if face is not None and away(face) < 60 else None


def changes(values: list[Any]) -> int:
    """How often a value differs from the one before."""
    return sum(a != b for a, b in zip(values, values[1:], strict=False))


def flicker(content: bytes, analyze: Callable[[np.ndarray, float], Analysis]) -> dict[str, Any]:
    """What a viewer sees change in a video in which nothing does."""
    analyses = [analyze(image, number / RATE) for number, image in enumerate(frames(content))]
    minutes = len(analyses) / RATE / 60
    row: dict[str, Any] = {
        "frames": len(analyses),
        "false_alarms": sum(len(analysis.faces) for analysis in analyses),
    }
    for name, place in PLACES.items():
        faces = [face for analysis in analyses if (face := nearest(analysis, place))]
        row["false_alarms"] -= len(faces)
        row[name] = {
            "found_share": round(len(faces) / len(analyses), 4),
            "label_changes_a_minute": round(changes([f.label for f in faces]) / minutes, 1),
            "verdict_changes_a_minute": round(changes([f.verdict for f in faces]) / minutes, 1),
            "masked_share": round(sum(f.label == "Mask" for f in faces) / max(len(faces), 1), 3),
            "not_sure_share": round(sum(not f.sure for f in faces) / max(len(faces), 1), 3),
            "log_odds_sd": round(float(np.std([logit(f.mask_probability) for f in faces])), 2),
            "identity_switches": changes([f.track for f in faces]),
        }
    return row


def measure_video(seconds: float) -> dict[str, Any]:
    """Flicker before, each frame alone, and after, tracked."""
    content = clip(seconds)
    pipeline = MaskPipeline.load(live=True)
    rows = {"each frame alone": flicker(content, lambda image, _: pipeline.analyze(image))}
    for every in (1, SEARCHED_AT_LEAST):
        analyzer = LiveAnalyzer(search_every=every)
        name = "tracked" if every == 1 else f"tracked, every {every}th frame searched"
        rows[name] = flicker(
            content, lambda image, at, live=analyzer: live.analyze(image, at, pipeline)
        )
        rows[name]["people"] = analyzer.tracker.unique
    return {"seconds": seconds, "bytes": len(content), "rows": rows}
