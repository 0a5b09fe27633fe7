from __future__ import annotations

from types import SimpleNamespace

import pytest

from ui import local


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        (None, True),
        ("", True),
        ("on", True),
        ("off", False),
        (" OFF ", False),
        ("off\r", False),  # of a file with the ends of lines that Windows has
        ('"off"', False),  # as a Windows command prompt passes it on
        ("'off'", False),
    ],
)
def test_training_is_allowed_unless_switched_off(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, allowed: bool
) -> None:
    monkeypatch.delenv("MASKLENS_TRAINING", raising=False)
    if setting is not None:
        monkeypatch.setenv("MASKLENS_TRAINING", setting)
    assert local.training_allowed() is allowed


@pytest.mark.parametrize(
    ("address", "headers", "here"),
    [
        ("localhost", {}, True),
        ("localhost", {"Host": "localhost:8501"}, True),
        ("127.0.0.1", {"Host": "[::1]:8501"}, True),
        ("0.0.0.0", {"Host": "localhost:8501"}, False),
        (None, {"Host": "localhost:8501"}, False),
        ("localhost", {"Host": "masks.example.org"}, False),
        ("localhost", {"Host": "localhost", "X-Forwarded-For": "10.0.0.7"}, False),
    ],
)
def test_only_this_computer(
    monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str], here: bool
) -> None:
    fake = SimpleNamespace(
        get_option=lambda name: address, context=SimpleNamespace(headers=headers)
    )
    monkeypatch.setattr(local, "st", fake)
    assert local.only_this_computer() is here
