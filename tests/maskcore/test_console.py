from __future__ import annotations

import io
import sys

import pytest

from maskcore.console import speak_utf8


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\u4f60.png", b"\xe4\xbd\xa0.png"),
        ("face-\xe9.png", b"face-\xc3\xa9.png"),
        ("caf\udce9.png", rb"caf\udce9.png"),  # a name that is not UTF-8
    ],
)
def test_every_text_is_printed_as_utf_8(
    monkeypatch: pytest.MonkeyPatch, name: str, encoding: str, text: str, written: bytes
) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(printed, encoding, errors="strict"))

    speak_utf8()
    print(text, file=getattr(sys, name), end="", flush=True)

    assert printed.getvalue() == written


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_streams_of_other_kinds_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)

    speak_utf8()

    assert sys.stdout is stream
