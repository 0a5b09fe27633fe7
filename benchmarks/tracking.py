"""How much labels flicker in video, frame by frame and tracked; and who is taken for whom.

The clip is made: the portrait that scikit-image ships three times, bare, with a mask painted
on, and with one that fades in and out, 640x480 at 30 frames/s. The heads are steady but for a
sway of a pixel or two; the camera adds noise and a flicker of its brightness, and the whole is
encoded as H.264 at a low bitrate and decoded again. The first two faces should never change
their labels, the third six times a minute. Identities are compared on made tracks with a
tracker of the usual kind: greedily by IoU with the last box.

    python -m benchmarks.tracking [--seconds 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import io
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from maskcore import Analysis, Detections, Face, MaskPipeline, read_image
from maskcore.boxes import overlaps
from maskcore.files import write_json
from maskcore.live import SEARCHED_AT_LEAST, LiveAnalyzer
from maskcore.tracking import KEPT_SECONDS, FaceTracker
from maskcore.types import logit
from ui.photos.sample import sample_photo

WIDTH, HEIGHT, RATE = 640, 480, 30
BITRATE = 250_000
SEEDS = 20
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


class GreedyIou:
    """The usual way: pairs by falling IoU with the last boxes, from 0.3 up."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[np.ndarray, float]] = {}
        self._count = 0

    def numbers(self, boxes: np.ndarray, seconds: float) -> list[int]:
        """The track of every box."""
        self._last = {n: t for n, t in self._last.items() if seconds - t[1] <= KEPT_SECONDS}
        numbers = list(self._last)
        shared = overlaps(stacked(box for box, _ in self._last.values()), boxes)
        pairs = ((iou, numbers[row], i) for (row, i), iou in np.ndenumerate(shared))
        taken: dict[int, int] = {}
        for overlap, number, i in sorted(pairs, reverse=True):
            if overlap >= 0.3 and i not in taken and number not in taken.values():
                taken[i] = number
        for i, box in enumerate(boxes):
            if i not in taken:
                self._count += 1
                taken[i] = self._count
            self._last[taken[i]] = box, seconds
        return [taken[i] for i in range(len(boxes))]


class Ours:
    """FaceTracker behind the same method."""

    def __init__(self) -> None:
        self._tracker = FaceTracker()

    def numbers(self, boxes: np.ndarray, seconds: float) -> list[int]:
        """The track of every box."""
        found = Detections(boxes.astype(np.float32), np.ones(len(boxes), np.float32))
        seen = [t for t in self._tracker.update(found, seconds, (WIDTH, HEIGHT)) if t.seen]
        shared = overlaps(stacked(t.box_xyxy for t in seen), boxes)
        return [seen[column.argmax()].number for column in shared.T]


def stacked(boxes: Iterable[Any]) -> np.ndarray:
    """Boxes, (N, 4)."""
    return np.array(list(boxes), float).reshape(-1, 4)


def crossing(person: int, seconds: float) -> tuple[float, float]:
    """Two people at 120 pixels/s in opposite directions, one hiding the other."""
    return (100 + 120 * seconds, 240) if person == 0 else (540 - 120 * seconds, 244)


def passing(person: int, seconds: float) -> tuple[float, float]:
    """Three people, one faster than the other."""
    return 60 + 40 * person + (180 - 50 * person) * seconds, 240 + 6 * person


def shake(person: int, seconds: float) -> tuple[float, float]:
    """Three people before a camera that shakes by 60 pixels, twice a second."""
    return 150 + 160 * person + 60 * math.sin(12.6 * seconds), 240 + 40 * math.sin(10.7 * seconds)


SCENES = {"crossing": (crossing, 2), "passing": (passing, 3), "shake": (shake, 3)}


def switches(tracker: GreedyIou | Ours, scene: str, rate: float, missed: float, seed: int) -> int:
    """How often somebody's number changes in a scene of 3 s; faces are 80x100 pixels.

    Boxes are off by 2 % of the width; a face over which another lies by an IoU of 0.4 or more
    is not found, and of the rest a share is missed.
    """
    rng = np.random.default_rng(seed)
    path, people = SCENES[scene]
    last: dict[int, int] = {}
    changed = 0
    for frame in range(round(3 * rate)):
        boxes: dict[int, np.ndarray] = {}
        for person in range(people):
            x, y = path(person, frame / rate)
            box = np.array([x - 40, y - 50, x + 40, y + 50])
            if (overlaps(box[None], stacked(boxes.values())) < 0.4).all():
                boxes[person] = box + rng.normal(0, 1.6, 4)
        boxes = {person: box for person, box in boxes.items() if rng.random() >= missed}
        numbers = tracker.numbers(stacked(boxes.values()), frame / rate)
        for person, number in zip(boxes, numbers, strict=True):
            changed += last.get(person, number) != number
            last[person] = number
    return changed


def measure_tracks() -> list[dict[str, Any]]:
    """Identity switches in all of the seeds' scenes together."""
    return [
        {
            "scene": scene,
            "frames_per_second": rate,
            "missed": missed,
            "runs": SEEDS,
            "greedy_iou": sum(switches(GreedyIou(), scene, rate, missed, s) for s in range(SEEDS)),
            "ours": sum(switches(Ours(), scene, rate, missed, s) for s in range(SEEDS)),
        }
        for scene in SCENES
        for rate, missed in ((30, 0.0), (30, 0.2), (15, 0.0))
    ]


def measure_time(faces: int) -> float:
    """Milliseconds that the tracker takes for a frame with so many faces, the median."""
    rng = np.random.default_rng(0)
    corners = np.array([(170 * (i % 10), 190 * (i // 10)) for i in range(faces)])
    boxes = np.hstack([corners, corners + (80, 100)])
    tracker, taken = FaceTracker(), []
    for frame in range(100):
        found = Detections(
            (boxes + rng.normal(0, 1, boxes.shape)).astype(np.float32), np.ones(faces, np.float32)
        )
        start = time.perf_counter()
        tracker.update(found, frame / RATE, (1920, 1080))
        taken.append((time.perf_counter() - start) * 1000)
    return round(float(np.median(taken)), 3)


def main() -> None:
    """Print tables, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="length of the clip")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    video = measure_video(options.seconds)
    for name, row in video["rows"].items():
        print(f"{name}: {row['frames']} frames, {row['false_alarms']} false alarms")
        for place in PLACES:
            print(
                f"  {place:<8}" + ", ".join(f"{key} {value}" for key, value in row[place].items())
            )
    print("identity switches" + f"{'greedy IoU':>27}{'ours':>8}")
    tracks = measure_tracks()
    for row in tracks:
        name = f"{row['scene']}, {row['frames_per_second']}/s, {row['missed']:.0%} missed"
        print(f"  {name:<32}{row['greedy_iou']:>10}{row['ours']:>8}")
    times = {faces: measure_time(faces) for faces in (2, 10, 50)}
    for faces, milliseconds in times.items():
        print(f"{faces} faces: {milliseconds} ms a frame")
    if options.json:
        result = {"cores": os.cpu_count(), "video": video, "tracks": tracks, "tracker_ms": times}
        write_json(options.json, result)


if __name__ == "__main__":
    main()
