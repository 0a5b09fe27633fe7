"""The page and the gallery with a made-up pipeline: a photo's width says what it finds."""

from __future__ import annotations

import asyncio
import functools
import gc
import hashlib
import io
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

import ui.live.stream
import ui.loading
from maskcore import Detections, MaskPipeline
from maskcore.files import write_json
from maskcore.types import ImageRgb, NotSure
from tests.ui.pages import Player
from training import metrics
from training.background import job_process
from training.background.comparison import Comparison, save_comparison
from training.background.job_process import record
from training.config import TrainConfig
from training.events import EventLog
from training.job_files import JOB_FILE, OUTCOME_FILE, QUEUE_FILE, STOP_FILE
from training.metrics import classification_figures
from training.photos.class_names import CLASS_FOLDERS
from ui import tidy
from ui.live.pace import SharedPace

ROOT = Path(__file__).resolve().parents[2]

# Mask probabilities of the faces "found" in a photo of that width; none in any other.
FACES = {200: (0.9, 0.2), 300: (0.6,), 400: (0.95, 0.9, 0.1), 2560: (0.9,)}


@dataclass
class FakePipeline:
    """Counts what it is asked; a row of faces, 40 pixels wide, from the left."""

    threshold: float = 0.5
    not_sure: NotSure = NotSure()
    detected: list[tuple[int, int]] = field(default_factory=list)

    def detect(self, image_rgb: ImageRgb) -> Detections:
        height, width = image_rgb.shape[:2]
        self.detected.append((width, height))
        count = len(FACES.get(width, ()))
        left = np.arange(count) * 60.0
        boxes = np.stack([left, 0 * left + 10, left + 40, 0 * left + 50], axis=1)
        return Detections(boxes.astype(np.float32), np.linspace(0.9, 0.6, count, dtype=np.float32))

    def mask_probabilities(self, image_rgb: ImageRgb, boxes_xyxy: ArrayLike) -> NDArray[np.float32]:
        probabilities = FACES.get(image_rgb.shape[1], ())
        lefts = np.asarray(boxes_xyxy, float).reshape(-1, 4)[:, 0]
        return np.array([probabilities[round(left / 60)] for left in lefts], np.float32)


@pytest.fixture
def awaited() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine in a thread: after browser tests the main one has a loop of its own."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, work).result()

    return run


@pytest.fixture
def fake() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def fake_pipeline(fake: FakePipeline) -> MaskPipeline:
    """The real pipeline around the fake detector and classifier."""
    return MaskPipeline(fake, fake)


@pytest.fixture(scope="session")
def photo_file() -> Callable[..., bytes]:
    """(width, height, format) -> the bytes of a file, grey with a little structure.

    No two are equal: what follows a picture's end is not looked at.
    """
    numbers = count()

    def make(width: int, height: int = 120, format: str = "PNG") -> bytes:
        pixels = np.full((height, width, 3), 128, np.uint8)
        pixels[::4] = 140
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format)
        return stream.getvalue() + next(numbers).to_bytes(4)

    return make


@pytest.fixture(scope="session", autouse=True)
def packages_are_looked_through_once() -> Iterator[None]:
    """Each new page has Streamlit look through all that is installed for components."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(scope="module", autouse=True)
def set_aside() -> None:
    """Streamlit has Keras, once loaded, collect garbage after each run of a page.

    Looking through what the tests of training left takes it seconds each time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens the app in a new session, on its first page or on that of a file."""
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setattr(tidy, "tidy_regularly", lambda: None)  # it stays, and deletes

    def start(file: str = "", **address: str) -> AppTest:
        page = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
        page = page.switch_page(file) if file else page
        page.query_params.update(address)
        return page.run()

    return start


@pytest.fixture
def fake_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_pipeline: MaskPipeline
) -> Path:
    """A models folder with the cards of two models; whatever is chosen, the fake answers."""
    monkeypatch.delenv("MASKLENS_YUNET", raising=False)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    for name, threshold in (("first", 0.5), ("second", 0.5)):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        card = {"name": name, "kind": "classifier", "threshold": threshold, "sha256": name}
        (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(ui.loading, "pipeline", lambda detector, model, live=False: fake_pipeline)
    return tmp_path / "models"


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Player:
    """The player of camera streams, which needs a browser."""
    player = Player()
    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", player)
    monkeypatch.delenv("MASKLENS_ICE_SERVERS", raising=False)
    # Of its own: the streams of other tests would take their share.
    monkeypatch.setattr(ui.live.stream, "_pace", SharedPace())
    return player


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uploads that Streamlit was told to let go of, and let go of."""
    ids: list[str] = []
    remove = MemoryUploadedFileManager.remove_file

    def note(manager: MemoryUploadedFileManager, session_id: str, file_id: str) -> None:
        ids.append(file_id)
        remove(manager, session_id, file_id)

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", note)
    return ids


@pytest.fixture(scope="session")
def make_report() -> Callable[..., dict[str, Any]]:
    """(labels, probabilities) -> a report of one part whose photos are numbered in order."""
    return _report


@pytest.fixture(scope="session")
def make_scene_report() -> Callable[..., dict[str, Any]]:
    """(detector, masked, bare) -> a report; of each class faces, found, found and right."""
    return _scene_report


def _report(
    labels: list[int], probabilities: list[float], part: str = "test", **more: Any
) -> dict[str, Any]:
    """A report of one part whose photos are numbered in order."""
    before, metrics.RESAMPLES = metrics.RESAMPLES, 20
    try:
        figures = classification_figures(np.array(labels), np.array(probabilities), 0.5)
    finally:
        metrics.RESAMPLES = before
    photos = [
        {
            "path": f"{CLASS_FOLDERS[label]}/{number:03d}.jpg",
            "label": CLASS_FOLDERS[label],
            "mask_probability": probability,
        }
        for number, (label, probability) in enumerate(zip(labels, probabilities, strict=True))
    ]
    return {
        "model": "mobilenet_v2",
        "data": "photos",
        "created": "2026-11-24T10:00:00+00:00",
        "command": "python -m training evaluate run1",
        "parts": {part: {**figures, "photos": photos}},
        **more,
    }


def _scene_report(
    detector: str, masked: tuple[int, int, int], bare: tuple[int, int, int]
) -> dict[str, Any]:
    """A report on scenes; for each class faces asked for, found, found and right."""
    counts = {
        name: dict(zip(("faces", "found", "labelled_right"), numbers, strict=True))
        for name, numbers in (("No Mask", bare), ("Mask", masked))
    }
    figure = {"value": 0.75, "interval": [0.5, 0.875]}
    nothing = {"value": None, "interval": None, "hits": 0, "count": 0}
    return {
        "detector": detector,
        "model": "first",
        "sha256": {"first": "first"},
        "created": "2026-11-24T10:00:00+00:00",
        "command": f"python -m training evaluate-scenes --detector {detector}",
        "photos": 9,
        "min_side": 32,
        "figures": {
            "detection_recall_mask": {"value": masked[1] / masked[0] if masked[0] else 1.0},
            "detection_recall_no_mask": {"value": bare[1] / bare[0] if bare[0] else 1.0},
            "macro_f1": figure,
            "detection_precision": figure,
            "false_alarms": 0,
        },
        "by_class": counts,
        "recall_by_size": [
            {
                "from": 32,
                "below": 64,
                "Mask": {"value": 0.5, "interval": [0.1, 0.9], "hits": 2, "count": 4},
                "No Mask": nothing,
            },
            {
                "from": 128,
                "below": None,
                "Mask": nothing,
                "No Mask": {"value": 1.0, "interval": [0.2, 1], "hits": 1, "count": 1},
            },
        ],
    }


@dataclass
class RunFolders:
    """Makes the folders of training runs, as a run in that state would have left them."""

    root: Path
    made: int = 0

    def make(
        self,
        name: str,
        state: str,
        epochs_done: int = 0,
        problem: str = "",
        comparison: Comparison | None = None,
        **settings: Any,
    ) -> str:
        """A run's id. Its loss falls by 0.1 an epoch from 1.0, its accuracy rises from 0.5."""
        self.made += 1
        run_id = f"20260101-0000{self.made:02d}-{self.made:06x}"
        folder = self.root / run_id
        folder.mkdir(parents=True)
        config = TrainConfig(data=str(self.root / "photos"), **settings)
        config.save(folder)
        created = 1_767_225_600.0 + self.made
        write_json(
            folder / JOB_FILE, {"name": name, "data_name": "Photos of 7b", "created": created}
        )
        log = EventLog(folder)
        log.write("starting")
        for epoch in range(1, epochs_done + 1):
            figures = {"loss": 1 - epoch / 10, "accuracy": 0.5 + epoch / 20}
            checked = {f"val_{key}": value + 0.01 for key, value in figures.items()}
            place = {"epoch": epoch, "epochs": config.epochs, "batch": 4, "batches": 4}
            log.write("training", **place, **figures, **checked)
        (folder / "log.txt").write_text("a line of the log\n")
        if state == "queued":
            write_json(folder / QUEUE_FILE, {"since": created})
        elif state in ("running", "stopping"):
            record(folder, os.getpid())  # whoever runs the tests is alive
            if state == "stopping":
                (folder / STOP_FILE).touch()
        else:
            write_json(folder / OUTCOME_FILE, {"state": state, "problem": problem})
        if comparison is not None:
            save_comparison(comparison, folder)
            write_model(folder, name, b"model of " + name.encode())
        return run_id


def write_model(folder: Path, title: str, content: bytes) -> None:
    """Files that pass for a model's, though nothing can be computed with them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(content)
    share = {"value": 0.9, "interval": [0.8, 0.95], "hits": 9, "count": 10}
    card = {
        "name": folder.name,
        "kind": "classifier",
        "architecture": "mobilenet_v2",
        "threshold": 0.5,
        "title": title,
        "sha256": hashlib.sha256(content).hexdigest(),
        "made_by": {"fit": {"created": "2026-01-01T00:00:00+00:00"}},
        "figures": {"test": {"count": 10, "accuracy": share}},
    }
    write_json(folder / "card.json", card)
    write_json(folder / "report.json", {"parts": {}})


@pytest.fixture
def put_model() -> Callable[[Path, str, bytes], None]:
    """(folder, title, content of model.tflite) -> the files of a model."""
    return write_model


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunFolders:
    """An empty folder of runs; a run that is started is one of this process."""
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MASKLENS_TRAINING", raising=False)
    monkeypatch.setattr(job_process, "launch", lambda folder: record(folder, os.getpid()))
    (tmp_path / "runs" / "photos").mkdir(parents=True)
    return RunFolders(tmp_path / "runs")
