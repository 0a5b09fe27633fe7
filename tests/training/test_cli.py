from __future__ import annotations

import argparse
import io
import sys

import pytest

from training import __main__ as cli


def test_output_is_utf_8_where_the_system_writes_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    # As under Windows, redirected into a file.
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "cp1252"))
    parser = argparse.ArgumentParser()
    parser.set_defaults(act=lambda typed: print("\u4f60", end=""))
    monkeypatch.setattr(cli, "_parser", lambda: parser)

    assert cli.main([]) == 0

    sys.stdout.flush()
    assert printed.getvalue() == b"\xe4\xbd\xa0"
