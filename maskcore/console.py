"""What commands share with the terminal they run in, on any system."""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def speak_utf8() -> None:
    """Print UTF-8, also where output goes into a file under Windows.

    There Python writes the system's code page, in which most names cannot be written, and
    which is no JSON. What cannot be encoded at all is escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # others, as of notebooks, have no encoding
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets; pressed again, it ends the command as ever."""
    asked = threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, usual)

    usual = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)
