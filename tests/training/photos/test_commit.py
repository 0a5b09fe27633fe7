"""Ending git, which lets helpers do the fetching."""

from __future__ import annotations

import subprocess
import sys

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
    gone, alive = psutil.wait_procs([helper], timeout=60)
    assert gone == [helper] and alive == []
    commit._kill(git.pid)  # that it has ended by itself meanwhile is no fault
