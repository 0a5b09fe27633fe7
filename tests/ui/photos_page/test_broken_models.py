from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from maskcore.models import models_dir
from tests.ui.pages import press
from tests.ui.photos_page.page import OpenPage, PhotoFile, found, upload


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the shipped model, to be damaged."""
    monkeypatch.delenv("MASKLENS_MODELS", raising=False)
    folder = shutil.copytree(models_dir() / "mobilenet_v2", tmp_path / "mobilenet_v2")
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    return folder


def damage(folder: Path, fault: str) -> None:
    model, card = folder / "model.tflite", folder / "card.json"
    values = json.loads(card.read_text(encoding="utf-8"))
    if fault == "no model":
        model.unlink()
    elif fault == "cut off":
        model.write_bytes(model.read_bytes()[:1000])
    elif fault == "LFS pointer":
        model.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    elif fault == "not a model":
        model.write_bytes(b"nothing")
        checksum = hashlib.sha256(b"nothing").hexdigest()
        card.write_text(json.dumps({**values, "sha256": checksum}))
    elif fault == "no input":
        del values["input"]
        card.write_text(json.dumps(values))
    elif fault.startswith("threshold"):
        threshold = {"text": "half", "none": None, "7": 7, "0": 0}[fault.split()[1]]
        card.write_text(json.dumps({**values, "threshold": threshold}))
    elif fault == "not sure":
        card.write_text(json.dumps({**values, "not_sure": {"margin": -1}}))
    elif fault == "no card":
        card.unlink()
    elif fault == "card cut off":
        card.write_text(card.read_text(encoding="utf-8")[:100])


@pytest.mark.parametrize(
    "fault",
    [
        "no model",
        "cut off",
        "LFS pointer",
        "not a model",
        "no input",
        "threshold text",
        "threshold none",
        "threshold 7",
        "not sure",
        "no card",
        "card cut off",
    ],
)
def test_a_damaged_model_is_one_sentence_with_the_mend(
    open_page: OpenPage, shipped: Path, photo_file: PhotoFile, fault: str
) -> None:
    damage(shipped, fault)
    page = open_page()
    if page.selectbox:
        page.selectbox(key="detector").select("haar").run()
        upload(page, ("two.png", photo_file(200)))
    assert not page.exception
    (error,) = page.error
    assert any(word in error.value for word in ("git restore", "git lfs", "Install the model"))
    assert str(shipped.parent) not in error.value
    assert "\n" not in error.value
    assert found(page) == []


def test_a_threshold_of_0_in_the_card_is_no_reason_to_fail(
    open_page: OpenPage, shipped: Path
) -> None:
    damage(shipped, "threshold 0")
    page = open_page()
    assert not page.exception
    assert page.slider(key="threshold").value == 1


def test_photos_wait_until_the_model_is_mended(
    open_page: OpenPage, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (shipped / "model.tflite").read_bytes()
    damage(shipped, "cut off")
    page = open_page()
    page.selectbox(key="detector").select("haar_alt2").run()
    press(page, "Try the sample photo")
    assert len(page.error) == 1
    (shipped / "model.tflite").write_bytes(content)
    page.run()
    assert not page.error
    assert found(page) == ["2 faces: 1 with mask, 1 without"]
