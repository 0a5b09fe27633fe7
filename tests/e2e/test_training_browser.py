"""A training run in Chromium: from a ZIP archive to the model that the Photo page uses."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.app import running_app
from benchmarks.live_page import player
from maskcore.models import models_dir, read_card
from tests.e2e.steps import ASKS, no_faults, settled, unfold

pytestmark = pytest.mark.e2e

RUN = "Seen in the browser"
# What stands below a run that is over.
OVER = "The comparison in detail"
A_CLASS = 24
# A tiny run takes half a minute where nothing else goes on; minutes are for busy machines.
PATIENCE_MS = 600_000
# What the shipped model says of the sample photo.
SENTENCE = "2 faces: 1 with mask, 1 without"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft random blobs, those "with a mask" blue in their lower half."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("archive") / "blobs.zip"
    with ZipFile(path, "w") as content:
        for folder in ("with_mask", "without_mask"):
            for number in range(A_CLASS):
                grain = rng.uniform(40, 215, (6, 6, 3)).astype(np.float32)
                photo = cv2.resize(grain, (96, 96), interpolation=cv2.INTER_CUBIC)
                if folder == "with_mask":
                    photo[48:] = 0.4 * photo[48:] + 0.6 * np.array([40, 90, 230], np.float32)
                stream = io.BytesIO()
                Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(stream, "JPEG")
                content.writestr(f"photos/{folder}/{number:02d}.jpg", stream.getvalue())
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Folders of runs and of models, a copy of the shipped ones; no run outlives the test."""
    root = tmp_path_factory.mktemp("training")
    ignored = shutil.ignore_patterns(".versions")  # of whoever trained on this machine
    shutil.copytree(models_dir(), root / "models", ignore=ignored)
    yield root / "runs", root / "models"
    for path in (root / "runs").glob("*/process.json"):
        values = json.loads(path.read_text())
        if psutil.pid_exists(values["pid"]):
            process = psutil.Process(values["pid"])
            if abs(process.create_time() - values["started"]) < 2:
                process.kill()


@pytest.fixture(scope="module")
def training_url(
    browser: Any, folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server with those folders."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    runs, models = folders
    environment = {"MASKLENS_RUNS": str(runs), "MASKLENS_MODELS": str(models)}
    with running_app(log, environment) as (url, _):
        yield url
    text = log.read_text()
    assert "Traceback" not in text, text[-3000:]


@pytest.fixture
def visit(browser: Any, training_url: str) -> Iterator[Callable[..., Any]]:
    """Opens a page of that server as a new visitor."""
    contexts = []

    def open_page(path: str = "", **options: Any) -> Any:
        # High enough for what a button opens below itself.
        context = browser.new_context(viewport={"width": 1366, "height": 1800}, **options)
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(training_url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def percent(page: Any, above: int = -1) -> int:
    """How far a run is, once it is further than ``above``; 101 where it is over.

    A bar that is missing for a moment says nothing.
    """
    found = page.wait_for_function(
        """([above, over]) => {
            const bar = document.querySelector('[role=progressbar]');
            const percent = document.body.innerText.includes(over)
                ? 101 : Math.floor(Number(bar?.ariaValueNow ?? NaN));
            return percent > above && [percent];
        }""",
        arg=[above, OVER],
        timeout=PATIENCE_MS,
    )
    return int(found.json_value()[0])


def test_a_run_from_the_archive_to_the_installed_model_and_back(
    visit: Callable[..., Any],
    folders: tuple[Path, Path],
    archive: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs, models = folders
    monkeypatch.setenv("MASKLENS_MODELS", str(models))
    shipped = read_card("mobilenet_v2")["sha256"]
    photos = visit()  # somebody else, who has a photo open all the while
    photos.get_by_role("button", name="Try the sample photo").click()
    shown = photos.get_by_role("heading", name=SENTENCE, exact=True)
    shown.wait_for()

    page = visit("/training")
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").locator("button").click()
    chooser.value.set_files(archive)
    press(page, "Use these photos")
    page.get_by_role("img", name="Photos of the class Mask").wait_for(timeout=PATIENCE_MS)
    settled(page)
    unfold(page, "More settings")
    page.get_by_role("radiogroup", name="Starting weights").get_by_text(
        "Random", exact=True
    ).click()
    page.get_by_text("It starts from random weights").first.wait_for()
    fine_tuning = page.get_by_role("slider", name="Fine-tuning epochs")
    assert fine_tuning.is_visible()  # the settings stay open
    settled(page)
    fine_tuning.press("Home")
    page.get_by_text("the network learns next to nothing").wait_for()
    page.get_by_label("Name of the run").fill(RUN)
    press(page, "Train")

    bar = page.get_by_role("progressbar")
    bar.wait_for()
    page.get_by_role("heading", name=RUN).wait_for()
    page.go_back()
    page.get_by_role("heading", name="Settings").wait_for()
    page.go_forward()
    page.get_by_role("heading", name=RUN).wait_for()
    moved = percent(page, above=percent(page))
    assert moved <= 100, "it was over before the reload"
    page.reload()
    page.get_by_role("heading", name=RUN).wait_for()
    assert percent(page) >= moved

    page.get_by_text(OVER).wait_for(timeout=PATIENCE_MS)
    bar.wait_for(state="detached")
    verdict = page.get_by_text("The verdict rests on the")
    assert not verdict.is_visible()
    unfold(page, OVER)
    verdict.wait_for()
    page.get_by_test_id("stVegaLiteChart").first.wait_for()
    assert read_card("mobilenet_v2")["sha256"] == shipped
    page.get_by_role("button", name=re.compile(r"^(download_done )?Install( keyboard.*)?$")).click()
    anyway = page.get_by_role("button", name="Install it all the same")
    installed = page.get_by_text(f"{RUN} is installed as MobileNetV2")
    anyway.or_(installed).first.wait_for(timeout=PATIENCE_MS)
    if anyway.count():  # a model that is worse is installed by a second press
        anyway.click()
    installed.wait_for(timeout=PATIENCE_MS)
    settled(page)
    assert verdict.is_visible()  # the fold stays open
    assert read_card("mobilenet_v2")["title"] == RUN
    # The photo that is open is looked at anew, by itself.
    shown.wait_for(state="detached", timeout=PATIENCE_MS)

    press(page, "Bring back")
    page.get_by_text("is in use again").wait_for(timeout=PATIENCE_MS)
    assert read_card("mobilenet_v2")["sha256"] == shipped
    shown.wait_for(timeout=PATIENCE_MS)
    no_faults(page)
    no_faults(photos)
    (run,) = (
        path.parent
        for path in runs.glob("*/job.json")
        if json.loads(path.read_text(encoding="utf-8"))["name"] == RUN
    )
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report["parts"]["test"]["count"] > 0


def test_a_model_is_made_of_what_the_camera_recorded(
    visit: Callable[..., Any], folders: tuple[Path, Path]
) -> None:
    page = visit("/training", permissions=["camera"])
    settled(page)
    page.get_by_role("radio", name="New run").click()  # who comes while a run is on sees that
    settled(page)
    page.get_by_text("Record with the camera", exact=True).click()
    player(page).locator("button:enabled").get_by_text("Start", exact=True).click()
    assert not page.evaluate(ASKS)  # a reload would lose nothing yet
    for number, name in enumerate(("Mask", "No Mask"), 1):
        button = page.get_by_role("button", name=f"Record {name}")
        page.wait_for_function(
            "name => [...document.querySelectorAll('button')]"
            ".some(b => b.innerText.includes(name) && !b.disabled)",
            arg=f"Record {name}",
        )
        button.click()
        page.get_by_text(f"{name}: 50 of 50", exact=True).wait_for(timeout=PATIENCE_MS)
        recorded = list(folders[0].glob("data/*/*/recorded_*.jpg"))
        assert len(recorded) == 50 * number
        page.wait_for_function(ASKS)
    press(page, "Use these faces")
    page.get_by_role("img", name="Photos of the class Mask").wait_for(timeout=PATIENCE_MS)
    settled(page)
    page.get_by_role("slider", name=re.compile("^Epochs")).press("Home")
    page.get_by_label("Name of the run").fill("Recorded in the browser")
    press(page, "Train")
    page.get_by_role("heading", name="Recorded in the browser").wait_for()
    page.get_by_text(OVER).wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Install under another name").wait_for()
    no_faults(page)
