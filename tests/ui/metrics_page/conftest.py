"""The Metrics page with two models and the reports of what they said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui.loading
from tests.ui.metrics_page.page import (
    EPOCHS,
    FIRST,
    LABELS,
    SECOND,
    Brightness,
    MakeReport,
    OpenPage,
    open_metrics,
    section,
)
from training import metrics


@pytest.fixture
def models(
    fake_models: Path,
    make_report: MakeReport,
    make_scene_report: MakeReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    for name, probabilities, more in (
        ("first", FIRST, {}),
        ("second", SECOND, {"history": EPOCHS}),
    ):
        report = make_report(LABELS, probabilities, **more)
        (fake_models / name / "report.json").write_text(json.dumps(report))
    (fake_models / "scenes" / "first").mkdir(parents=True)
    for detector, masked in (("fcos", (80, 76, 72)), ("haar", (80, 20, 20))):
        report = make_scene_report(detector, masked, (9, 6, 3))
        (fake_models / "scenes" / "first" / f"{detector}.json").write_text(json.dumps(report))
    return fake_models


@pytest.fixture
def page(models: Path, open_page: OpenPage) -> AppTest:
    return open_metrics(open_page)


@pytest.fixture
def own_page(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(ui.loading, "classifier", Brightness)
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    return section(page, "Your photos")
