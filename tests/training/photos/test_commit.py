"""Ending git, which lets helpers do the fetching."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from training.photos import commit

# Starts a helper, tells its number, and waits for it.
GIT = """
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(helper.pid, flush=True)
helper.wait()
"""


def test_git_s_helpers_do_not_outlive_it() -> None:
    with subprocess.Popen([sys.executable, "-c", GIT], stdout=subprocess.PIPE) as git:
        assert git.stdout is not None
        helper = psutil.Process(int(git.stdout.readline()))
        commit._kill(git.pid)
        git.wait(60)
    deadline = time.monotonic() + 60
    # Where nobody waits for orphans, its entry stays.
    while helper.is_running() and helper.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    commit._kill(git.pid)  # that it has ended by itself meanwhile is no fault
