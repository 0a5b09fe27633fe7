"""How much labels flicker in video, frame by frame and tracked; and who is taken for whom.

Flicker is that of the clip of ``benchmarks.flicker``. Identities are compared on made tracks
with a tracker of the usual kind: greedily by IoU with the last box.

    python -m benchmarks.tracking [--seconds 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.flicker import HEIGHT, PLACES, RATE, WIDTH, measure_video
from maskcore import Detections
from maskcore.boxes import overlaps
from maskcore.files import write_json
from maskcore.tracking import KEPT_SECONDS, FaceTracker

SEEDS = 20


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
