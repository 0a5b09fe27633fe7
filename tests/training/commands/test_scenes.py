from __future__ import annotations

import json
from pathlib import Path

import pytest

from maskcore.classification import InputSpec
from tests.training.blue_model import answer, blueness, install_blue, write_scenes
from training.__main__ import main


@pytest.fixture
def scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty scenes, of which the model "blue" knows the masked ones."""
    answer(monkeypatch, lambda inputs: 4 * blueness(inputs))
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    install_blue(input=InputSpec(size=32, crop_margin=0.2).to_card())
    return write_scenes(tmp_path / "scenes", 60)


def command(scenes: Path, *more: str) -> list[str]:
    return ["evaluate-faces", "--scenes", str(scenes), "--model", "blue", *more]


def test_figures_of_faces_are_written_with_what_they_are_of(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "faces.json"
    assert main(command(scenes, "--min-side", "40", "--out", str(out))) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert (report["model"], report["parts"], report["photos"]) == ("blue", ["validation"], 6)
    assert (report["min_side"], report["crop_margin"]) == (40, 0.2)
    assert report["command"].startswith("python -m training evaluate-faces --scenes scenes ")
    assert report["accuracy"]["value"] == 1
    assert sum(map(sum, report["confusion"])) == report["count"] == 6
    assert "crop margin 0.2: accuracy 100.00%" in capsys.readouterr().out


def test_a_report_is_of_one_crop_margin(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    margins = ["--crop-margins", "0.1", "0.3"]
    out = tmp_path / "faces.json"
    assert main(command(scenes, *margins, "--out", str(out))) == 1
    assert capsys.readouterr().err == "--out takes one crop margin, got 2\n"
    assert not out.exists()
    assert main(command(scenes, *margins)) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
