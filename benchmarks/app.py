"""The app as a visitor meets it: a server of its own and Debian's Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60


def camera_flags(clip: Path) -> list[str]:
    """Flags that give Chromium a camera that plays a .y4m file, and the permission to use it."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    ]


@contextmanager
def running_app(
    log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Run the app as ``make run`` does and end it.

    Args:
        log: file for what the server prints.
        environment: variables to set for it, beside those of this process.

    Yields:
        The address and the server's process number.

    Raises:
        RuntimeError: it did not come up.
    """
    port = free_port()
    inherited = {key: value for key, value in os.environ.items() if key != "MASKLENS_MODELS"}
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
            + ["--server.headless", "true", "--server.port", str(port)],
            cwd=ROOT,
            env={**inherited, **(environment or {})},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    url = f"http://localhost:{port}"
    try:
        wait_until_healthy(url, server, log)
        yield url, server.pid
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """End a process, also one that does not listen."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_printed(text: str, server: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for a started server to say something.

    Returns:
        All that it has printed so far.

    Raises:
        RuntimeError: it ended before, or did not say so in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while text not in (printed := log.read_text()):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not print {text!r}, but:\n{printed[-3000:]}")
        time.sleep(0.2)
    return printed


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a started server to answer.

    Raises:
        RuntimeError: it ended before, or did not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(
                f"the server ended with {server.returncode}:\n{log.read_text()[-3000:]}"
            )
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server was not up after {START_SECONDS} s:\n{log.read_text()[-3000:]}")
