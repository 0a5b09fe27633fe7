from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_never_imports_tensorflow() -> None:
    script = """
import sys
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest
from ui import tidy
tidy.tidy_regularly = lambda: None  # not the page's, in a thread of its own
page = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
page.selectbox(key="detector").select("haar_alt2").run()
[b for b in page.button if "sample" in b.label][0].click().run()
assert page.header, page.error
heavy = {"tensorflow", "keras", "training", "sklearn"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("MASKLENS_MODELS", None)
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
