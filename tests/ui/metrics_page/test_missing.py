from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.metrics_page.page import (
    OpenPage,
    open_metrics,
    section,
    texts,
)


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_without_a_report_the_rest_of_the_page_stands(
    models: Path, open_page: OpenPage, content: str | None
) -> None:
    path = models / "first" / "report.json"
    path.unlink() if content is None else path.write_text(content)
    page = open_metrics(open_page)
    (warning,) = page.warning
    assert "report" in warning.value
    assert page.header[0].value.startswith("Of 80 masked faces")
    assert "python -m training evaluate-scenes --detector fcos" in [c.value for c in page.code]
    for name in ("Curves", "Two models", "Mistakes", "Figures"):
        section(page, name)
        assert "These figures need the model's report" in texts(page)
    section(page, "Whole app")
    assert "Best: Masklens" in texts(page)


def test_without_scene_reports_the_photos_speak(models: Path, open_page: OpenPage) -> None:
    for path in (models / "scenes" / "first").iterdir():
        path.write_text("{")
    page = open_metrics(open_page)
    assert page.header[0].value == (
        "Of 4 masked photos it recognises 2. Of 4 photos without a mask it recognises 2."
    )
    section(page, "Whole app")
    assert "There is no report on whole photos" in texts(page)


def test_figures_of_a_model_that_was_replaced_are_not_shown_as_its_successor_s(
    models: Path, open_page: OpenPage
) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": "successor"}))
    page = open_metrics(open_page)
    assert "masked photos" in page.header[0].value
    section(page, "Whole app")
    assert "There is no report on whole photos" in texts(page)


def test_without_any_model_the_mend_is_said(
    models: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    page = open_page()
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "none"))
    page.switch_page("pages/metrics.py").run()
    assert not page.exception
    assert "git restore models" in page.error[0].value
    page.switch_page("pages/live.py").run()
    assert "git restore models" in page.error[0].value
    assert not page.button  # it stands in sight, not with the settings that "Settings" shows
