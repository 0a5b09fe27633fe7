from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from maskcore.classification import InputSpec
from maskcore.litert import LiteRtModel
from training import metrics
from training.__main__ import main
from training.installing.versions import put_in_place

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scenes of one face each, every second with a blue middle, which the model "blue" finds."""

    def run(self: Any, inputs: Any) -> list[Any]:
        blue = inputs[..., 2].mean((1, 2)) - inputs[..., 0].mean((1, 2))
        return [1 / (1 + np.exp(-4 * blue[:, None])).astype(np.float32)]

    monkeypatch.setattr(LiteRtModel, "run", run)
    monkeypatch.setattr(metrics, "RESAMPLES", 5)
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    spec = InputSpec(size=32, crop_margin=0.2).to_card()
    put_in_place(
        "blue", b"", {"kind": "classifier", "threshold": 0.5, "input": spec} | {"sha256": EMPTY}
    )
    root = tmp_path / "scenes"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("without_mask\nwith_mask\n")
    for number in range(60):
        masked = number % 2
        picture = cv2.resize(
            np.random.default_rng(number).integers(0, 255, (7, 7, 3), np.uint8), (80, 80)
        )
        picture[20:60, 20:60] = (5, 60, 250) if masked else (250, 60, 5)
        Image.fromarray(picture).save(root / "images" / f"{number:02d}.png")
        (root / "labels" / f"{number:02d}.txt").write_text(f"{masked} 0.5 0.5 0.5 0.5\n")
    return root


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
