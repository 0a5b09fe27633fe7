from __future__ import annotations

import json
from pathlib import Path

import pytest

import ui.loading
from tests.ui.files import grey, packed
from tests.ui.metrics_page.page import (
    Brightness,
    OpenPage,
    open_metrics,
    section,
    texts,
    upload,
)
from training import metrics


def test_what_is_in_the_files_is_said(
    models: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "At the threshold chosen. Report: figures, charts, the whole app and mistakes, in one"
    assert said in texts(open_metrics(open_page))
    figure = {"value": 0.97, "interval": [0.95, 0.98]}
    row = dict.fromkeys(("accuracy", "recall_mask", "recall_no_mask"), figure)
    rows = [{"change": "blur", "level": "1 px", **row}]
    card = {"created": "2026-11-24T11:00:00", "command": "stress", "count": 599, "rows": rows}
    (models / "first" / "stress.json").write_text(json.dumps(card))
    page = open_metrics(open_page)
    assert "figures, charts, the whole app, hard cases and mistakes, in one file" in texts(page)
    assert "All figures: of all photos together, of the whole app and of each photo." in texts(page)
    monkeypatch.setattr(ui.loading, "classifier", Brightness)
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    section(page, "Your photos")
    assert "At the threshold chosen." not in texts(page)  # nothing is there to take along
    upload(page, packed({"mask/1.png": grey(250)}))
    assert "Report: figures, charts and mistakes, in one file." in texts(page)
    assert "All figures: of all photos together and of each photo." in texts(page)
    section(page, "Hard cases")
    assert "not of your photos" in texts(page)
