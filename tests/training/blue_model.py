"""A mask model "blue" that needs no file, and photos and scenes that it can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskcore.litert import LiteRtModel
from training.classifier.parts import Photos, judged_report
from training.installing.versions import put_in_place

EMPTY = hashlib.sha256(b"").hexdigest()


def answer(
    monkeypatch: pytest.MonkeyPatch, log_odds: Callable[[NDArray[np.float32]], NDArray[Any]]
) -> None:
    """Let every network answer by a function of its inputs, (N, S, S, 3) -> (N,)."""

    def run(self: Any, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [1 / (1 + np.exp(-log_odds(inputs)[:, None])).astype(np.float32)]

    monkeypatch.setattr(LiteRtModel, "run", run)


def blueness(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much bluer than red pictures are on average, (N, S, S, 3) -> (N,)."""
    difference: NDArray[np.float32] = (inputs[..., 2] - inputs[..., 0]).mean((1, 2))
    return difference


def install_blue(report: dict[str, Any] | None = None, **card: Any) -> None:
    """Put the model in place."""
    shared = {"name": "blue", "kind": "classifier", "threshold": 0.5, "sha256": EMPTY}
    put_in_place("blue", b"", shared | card, report)


def report_of(data: Path) -> dict[str, Any]:
    """A report in which every second photo of a folder validates and the others test."""
    paths = sorted(path.relative_to(data).as_posix() for path in data.rglob("*.jpg"))
    parts = {
        name: Photos(data, tuple(paths[start::2]))
        for start, name in enumerate(("validation", "test"))
    }
    return {
        "command": "evaluate",
        "parts": {
            name: judged_report(of.paths, of.labels, np.full(len(of), 0.5), 0.5)
            for name, of in parts.items()
        },
    }


def red_or_blue(number: int) -> tuple[int, int, int]:
    """The colour of a scene's face: every second one is masked, which is blue."""
    return (5, 60, 250) if number % 2 else (250, 60, 5)


def write_scenes(
    root: Path, count: int, colour: Callable[[int], tuple[int, int, int]] = red_or_blue
) -> Path:
    """YOLO scenes of 80 pixels with one face of 40 in the middle of each.

    Every second one is masked; the red of the first pixel tells the scene's number.
    """
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("without_mask\nwith_mask\n")
    for number in range(count):
        grain = np.random.default_rng(number).integers(0, 255, (7, 7, 3), np.uint8)
        picture = cv2.resize(grain, (80, 80))
        picture[20:60, 20:60] = colour(number)
        picture[0, 0, 0] = number
        Image.fromarray(picture).save(root / "images" / f"{number:02d}.png")
        (root / "labels" / f"{number:02d}.txt").write_text(f"{number % 2} 0.5 0.5 0.5 0.5\n")
    return root
