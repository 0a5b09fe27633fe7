from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import streamlit as st

from maskcore import ModelError
from maskcore.models import models_dir
from ui.loading import pipeline

MODEL = "mobilenet_v2"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the shipped model in a folder of its own."""
    shutil.copytree(models_dir() / MODEL, tmp_path / MODEL)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path))
    st.cache_resource.clear()
    return tmp_path


def install_anew(models: Path) -> None:
    """Another file that works, with its checksum: LiteRT ignores what follows the model."""
    model, card_path = models / MODEL / "model.tflite", models / MODEL / "card.json"
    content = model.read_bytes() + bytes(16)
    model.write_bytes(content)
    card = json.loads(card_path.read_text(encoding="utf-8"))
    card_path.write_text(json.dumps({**card, "sha256": hashlib.sha256(content).hexdigest()}))


def test_detector_and_model_are_loaded_once(models: Path) -> None:
    first, second = pipeline("haar", MODEL), pipeline("haar", MODEL)
    assert first.classifier is second.classifier
    assert first.detector is second.detector
    other = pipeline("haar_alt2", MODEL)
    assert other.detector is not first.detector
    assert other.classifier is first.classifier


def test_a_model_installed_anew_is_loaded_anew(models: Path) -> None:
    first = pipeline("haar", MODEL)
    install_anew(models)
    second = pipeline("haar", MODEL)
    assert second.classifier is not first.classifier
    assert second.detector is first.detector
    assert pipeline("haar", MODEL).classifier is second.classifier


def test_a_model_that_was_damaged_and_mended_is_loaded(models: Path) -> None:
    path = models / MODEL / "model.tflite"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    for _ in range(2):  # the failure is not remembered either
        with pytest.raises(ModelError, match="is damaged"):
            pipeline("haar", MODEL)
    path.write_bytes(content)
    assert 0 <= pipeline("haar", MODEL).classifier.threshold <= 1
