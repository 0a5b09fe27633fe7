from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from maskcore import __main__ as cli
from maskcore.errors import MasklensError
from maskcore.pipeline import MaskPipeline

ROOT = Path(cli.__file__).parents[1]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Notes what is loaded."""
    asked: list[object] = []
    monkeypatch.setattr(MaskPipeline, "load", lambda *names, **_: asked.append(names))
    return asked


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], ": error: the following arguments are required: command"),
        (["detect"], " detect: error: the following arguments are required: PATH"),
        (["detect", "a.jpg", "--detector", "ssd"], " detect: error: argument --detector: "),
        (["detect", "a.jpg", "--blur"], ": error: --blur is for the copies that --annotated DIR "),
        *(
            (
                ["detect", "a.jpg", f"--threshold={threshold}"],
                f" detect: error: argument --threshold: must be a number from 0 to 1,"
                f" got {threshold!r}",
            )
            for threshold in ("1.5", "-0.1", "nan", "half", "")
        ),
        (["video"], " video: error: the following arguments are required: VIDEO, --out"),
        (["video", "a.mp4"], " video: error: the following arguments are required: --out"),
        (["video", "--out", "b.mp4"], " video: error: the following arguments are required: VIDEO"),
        (
            ["video", "a.mp4", "--out", "b.mp4", "--threshold", "2"],
            " video: error: argument --threshold: must be a number from 0 to 1, got '2'",
        ),
        (["fetch", "haar"], " fetch: error: argument what: "),
    ],
)
def test_wrong_usage_is_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], loaded: list[object], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("usage: python -m maskcore")
    assert shown.splitlines()[-1].startswith(f"python -m maskcore{complaint}")
    assert loaded == []


def test_fetch_says_what_it_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "fetch_yunet", lambda: Path("/models/yunet/face.onnx"))

    assert cli.main(["fetch", "yunet"]) == 0
    assert capsys.readouterr().out == "YuNet is installed: face.onnx\n"


def test_fetch_that_fails_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Path:
        raise MasklensError("No connection.")

    monkeypatch.setattr(cli, "fetch_yunet", fail)

    assert cli.main(["fetch", "yunet"]) == 1
    assert capsys.readouterr() == ("", "No connection.\n")


@pytest.mark.skipif(
    not (ROOT / "models" / "mobilenet_v2").is_dir(), reason="models/mobilenet_v2 is not here"
)
def test_cold_run_judges_the_portrait_without_heavy_imports(portrait_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MASKLENS_MODELS"}
    command = ["-X", "importtime", "-m", "maskcore", "detect", str(portrait_path)]
    options = ["--detector", "haar", "--json", "-"]

    done = subprocess.run(
        [sys.executable, *command, *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads(done.stdout)
    assert (record["width"], record["height"], record["error"]) == (512, 512, None)
    np.testing.assert_allclose(record["faces"][0]["box"], (178, 64, 271, 165), atol=25)
    assert record["faces"][0]["label"] == "No Mask"
    imported = {
        line.rsplit("|", 1)[-1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert {"cv2", "ai_edge_litert", "maskcore"} <= imported
    assert not imported & {"tensorflow", "keras", "streamlit", "training", "ui", "pages"}


def test_photos_do_without_ffmpeg() -> None:
    code = "import sys, maskcore, maskcore.__main__; print('av' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
