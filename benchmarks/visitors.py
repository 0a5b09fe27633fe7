"""What visitors notice of a training run: the Photos page's answers, idle and beside one.

A server of its own and Chromium, on the same machine as the run. An answer lasts from choosing
a photo (1280x600, two faces, never the same one twice) to its labelled picture. Beside it the
server's health check is asked every 0.1 s.

    python -m benchmarks.visitors [--answers 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.app import CHROMIUM, FLAGS, running_app
from benchmarks.training import made_photos
from maskcore.files import write_json
from training.background import control, jobs
from training.config import TrainConfig
from training.events import FINE_TUNE_STAGE, read_events
from ui.photos.sample import sample_photo

SENTENCE = "2 faces: 1 with mask, 1 without"


class HealthCheck(threading.Thread):
    """Asks the server how it is, again and again, and keeps how long it took to say so."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self._url, self._done = f"{url}/_stcore/health", threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.1):
            began = time.perf_counter()
            with urllib.request.urlopen(self._url, timeout=60) as answer:
                answer.read()
            self.seconds.append(time.perf_counter() - began)

    def stop(self) -> None:
        """End the thread."""
        self._done.set()
        self.join()


def photo(number: int) -> bytes:
    """A PNG of the sample that differs in a few pixels from every other number's."""
    image = np.array(Image.open(io.BytesIO(sample_photo())))
    image[:8, :8] = number % 256, number // 256, 0
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def answers(browser: Any, url: str, count: int, first: int) -> dict[str, float]:
    """Seconds from choosing a photo to its labelled picture, and of health checks."""
    health = HealthCheck(url)
    health.start()
    passed = []
    for number in range(first, first + count):
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        page.get_by_role("button", name="Try the sample photo").wait_for()
        with page.expect_file_chooser() as chooser:
            page.get_by_test_id("stFileUploaderDropzone").locator("button").click()
        began = time.perf_counter()
        chooser.value.set_files(
            [{"name": f"{number}.png", "mimeType": "image/png", "buffer": photo(number)}]
        )
        page.get_by_role("img", name=SENTENCE).wait_for()
        passed.append(time.perf_counter() - began)
        page.close()
    health.stop()
    return {
        "answers": count,
        "median": statistics.median(passed),
        "p95": statistics.quantiles(passed, n=20, method="inclusive")[-1],
        "health checks": len(health.seconds),
        "slowest health check": max(health.seconds),
    }


def main() -> None:
    """Measure and print; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--answers", type=int, default=40)
    parser.add_argument("--json", type=Path, help="file to write")
    options = parser.parse_args()
    results: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MASKLENS_RUNS"] = str(folder / "runs")
        # Its heaviest part: the whole network learns, for longer than is measured.
        config = TrainConfig(
            str(made_photos(folder / "photos", 200)),
            backbone_weights="installed",
            epochs=1,
            fine_tune_epochs=1000,
            augmented_views=0,
            split_by="time",
        )
        with running_app(folder / "log.txt") as (url, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            answers(browser, url, 3, 0)  # models are loaded on the first
            results["idle, seconds"] = answers(browser, url, options.answers, 10)
            job = control.submit(config)
            while not any(event["stage"] == FINE_TUNE_STAGE for event in read_events(job.folder)):
                time.sleep(0.5)
            results["beside a run, seconds"] = answers(browser, url, options.answers, 1000)
            if not jobs.job(job.id).is_active:
                raise SystemExit("the run ended before the measurement did")
            control.stop(job.id)
            while jobs.job(job.id).is_active:
                time.sleep(0.5)
            browser.close()
    results["p95, times slower"] = (
        results["beside a run, seconds"]["p95"] / results["idle, seconds"]["p95"]
    )
    print(json.dumps(results, indent=1))
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
