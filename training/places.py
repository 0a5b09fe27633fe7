"""Where runs and what belongs to them lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

RUNS_VARIABLE = "MASKLENS_RUNS"


def runs_dir() -> Path:
    """The folder named in ``MASKLENS_RUNS``, else ``runs`` in this checkout; absolute."""
    named = os.environ.get(RUNS_VARIABLE, "").strip()
    return Path(named).absolute() if named else Path(__file__).resolve().parents[1] / "runs"
