"""The first start on a computer with a screen, where Streamlit has never run before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.app import ROOT, end, free_port, wait_until_printed


@pytest.mark.skipif(sys.platform == "win32", reason="it would open the browser")
def test_nothing_is_asked_before_the_page_is_served(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    for name in ("xdg-open", "open"):  # instead of opening the browser
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    home = {
        "HOME": str(tmp_path),
        "MASKLENS_RUNS": str(tmp_path / "runs"),
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
    }
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
            + ["--server.headless", "false", "--server.port", str(free_port())],
            cwd=ROOT,
            env={**os.environ, **home},
            stdin=subprocess.PIPE,  # open, with nobody who types
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_printed("URL: http://localhost", server, log)
    finally:
        end(server)
    assert "email" not in log.read_text()
