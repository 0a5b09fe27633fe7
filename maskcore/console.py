"""What commands print, into windows and files of any system."""

from __future__ import annotations

import io
import sys


def speak_utf8() -> None:
    """Print UTF-8, also where output goes into a file under Windows.

    There Python writes the system's code page, in which most names cannot be written, and
    which is no JSON. What cannot be encoded at all is escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # others, as of notebooks, have no encoding
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
