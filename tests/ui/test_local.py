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
    serve(monkeypatch, address, headers)
    assert local.only_this_computer() is here


def serve(monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str]) -> None:
    fake = SimpleNamespace(
        get_option=lambda name: address, context=SimpleNamespace(headers=headers)
    )
    monkeypatch.setattr(local, "st", fake)


@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [
        ("localhost", {}, True),
        ("localhost", {"Host": "localhost:8501"}, True),
        ("0.0.0.0", {"Host": "masks.example.org"}, True),
        ("localhost", {"Host": "masks.example.org", "X-Forwarded-For": "10.0.0.7"}, True),
        ("localhost", {"Host": "rebound.example.org:8501"}, False),
        ("127.0.0.1", {"Host": "rebound.example.org:8501"}, False),
    ],
)
def test_a_page_that_gives_its_own_name_this_computer_s_address_does_not_train(
    monkeypatch: pytest.MonkeyPatch, address: str, headers: dict[str, str], allowed: bool
) -> None:
    monkeypatch.delenv("MASKLENS_TRAINING", raising=False)
    serve(monkeypatch, address, headers)
    assert local.training_allowed() is allowed
    assert ("Open the page as localhost" in local.why_no_training()) is not allowed
    monkeypatch.setenv("MASKLENS_TRAINING", "on")
    assert local.training_allowed()
