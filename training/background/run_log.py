"""What the process of a run printed, as visitors may read it."""

from __future__ import annotations

import os
import re

from training.background.jobs import Job
from training.job_files import LOG_FILE

# The folders of an absolute path, here or on Windows: visitors read the log, too. In quotes
# and behind a drive's letter names may hold spaces; Python doubles backslashes in quotes.
_FOLDERS = re.compile(
    r"(?:(?<=[\"'])[\\/]|(?<!\w)[A-Za-z]:[\\/])[\\/]*(?:[^\\/\"':]+[\\/]+)+"
    r"|(?<![\w.:/\\])[\\/]+(?:[^\\/\s\"':]+[\\/]+)+"
)
# What TensorFlow and LiteRT say in every run, of which there is nothing to do or to learn.
_NOISE = re.compile(
    r"WARNING: All log messages before absl"
    r"|I\d{4} \d\d:\d\d:\d\d"  # of the level of mere information, so below
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: I "
    r"|To enable the following instructions: .* rebuild TensorFlow"
    r"|INFO: Created TensorFlow Lite "
)


def log_tail(job: Job, lines: int = 200) -> str:
    """The last lines of what the run's process printed, without the folders of this machine.

    What TensorFlow says in every run is left out, too.
    """
    try:
        with (job.folder / LOG_FILE).open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 500 * lines))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    told = [line for line in text.splitlines() if not _NOISE.match(line)]
    return "\n".join(_FOLDERS.sub("", line) for line in told[-lines:])
