"""Which servers are used, and that a wrong setting is named without its password."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.secrets import Secrets

from maskcore import MasklensError
from ui.live.ice import ice_servers

STUN = {"urls": "stun:stun.example.org:3478"}
TURN = {"urls": ["turn:turn.example.org"], "username": "ann", "credential": "s3same"}


@pytest.fixture(autouse=True)
def secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str | bytes | None], None]:
    """Writes Streamlit's secrets anew; there are none before."""
    monkeypatch.delenv("MASKLENS_ICE_SERVERS", raising=False)
    path = tmp_path / "secrets.toml"
    files = [str(path)]
    monkeypatch.setattr(st, "get_option", lambda name: files if name == "secrets.files" else None)
    monkeypatch.setattr(
        "streamlit.runtime.secrets.config.get_option",
        lambda name: files if name == "secrets.files" else None,
    )
    monkeypatch.setattr(Secrets, "_maybe_install_file_watchers", lambda self: None)
    monkeypatch.setattr(st, "secrets", Secrets())

    def write(text: str | bytes) -> None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Sets the environment variable to this value as JSON."""

    def set_to(value: Any) -> None:
        monkeypatch.setenv("MASKLENS_ICE_SERVERS", json.dumps(value))

    return set_to


def test_without_settings_no_server_is_asked() -> None:
    assert ice_servers() == []


@pytest.mark.parametrize("text", ["", "  ", "[]"])
def test_an_empty_variable_names_no_server(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", text)

    assert ice_servers() == []


@pytest.mark.parametrize(
    "urls",
    [
        "stun:stun.example.org",
        "stun:192.0.2.1:3478",
        "stuns:stun.example.org:5349",
        "turn:turn.example.org",
        "turn:turn.example.org:3478?transport=udp",
        "turns:turn.example.org:443?transport=tcp",
        ["stun:stun.example.org", "turn:turn.example.org"],
    ],
    ids=str,
)
def test_good_addresses_come_as_a_list(variable: Callable[[Any], None], urls: Any) -> None:
    variable([{**TURN, "urls": urls}])

    (server,) = ice_servers()

    assert server["urls"] == ([urls] if isinstance(urls, str) else urls)


def test_servers_keep_their_order_and_what_a_provider_adds_is_left_out(
    variable: Callable[[Any], None],
) -> None:
    variable([{**STUN, "url": "stun:old.example.org", "username": "unused"}, TURN])

    assert ice_servers() == [{"urls": ["stun:stun.example.org:3478"]}, TURN]


def test_secrets_are_read_as_plain_values(secrets: Callable[[str], None]) -> None:
    secrets(
        '[[ice_servers]]\nurls = "stun:stun.example.org:3478"\n'
        '[[ice_servers]]\nurls = ["turn:turn.example.org"]\n'
        'username = "ann"\ncredential = "s3same"\n'
    )

    servers = ice_servers()

    assert servers == [{"urls": ["stun:stun.example.org:3478"]}, TURN]
    assert json.loads(json.dumps(servers)) == servers


@pytest.mark.parametrize(
    ("value", "used"), [([], []), ([STUN], ["stun:stun.example.org:3478"])], ids=["none", "one"]
)
def test_the_variable_goes_before_the_secrets(
    variable: Callable[[Any], None], secrets: Callable[[str], None], value: Any, used: list[str]
) -> None:
    variable(value)
    secrets('[[ice_servers]]\nurls = "stun:other.example.org"\n')

    assert [url for server in ice_servers() for url in server["urls"]] == used


def test_secrets_about_something_else_name_no_server(secrets: Callable[[str], None]) -> None:
    secrets('password = "s3same"\n')

    assert ice_servers() == []


WRONG = [
    ({"urls": "stun:stun.example.org"}, "is not a list"),
    ("stun:stun.example.org", "is not a list"),
    (["stun:stun.example.org"], "server 1"),
    ([None], "server 1"),
    ([STUN, {}], "no urls for server 2"),
    ([{"urls": []}], "no urls for server 1"),
    ([{"urls": ""}], "address for server 1"),
    ([{"urls": [7]}], "no urls for server 1"),
    ([{"urls": ["stun:stun.example.org", None]}], "no urls for server 1"),
    ([{**TURN, "urls": "https://turn.example.org"}], "address for server 1"),
    ([{**TURN, "urls": "turn.example.org:3478"}], "address for server 1"),
    ([{**TURN, "urls": "stun://stun.example.org"}], "address for server 1"),
    ([{**TURN, "urls": "turn:"}], "address for server 1"),
    ([{**TURN, "urls": "turn:turn.example.org:port"}], "address for server 1"),
    ([{**TURN, "urls": "turn:turn.example.org?transport=sctp"}], "address for server 1"),
    ([{**TURN, "urls": "stun:stun.example.org?transport=udp"}], "address for server 1"),
    ([{**TURN, "urls": "turn:ann:s3same@turn.example.org"}], "address for server 1"),
    ([{**TURN, "urls": ["turn:turn.example.org", "s3same"]}], "address for server 1"),
    ([{**TURN, "username": ""}], "no username for server 1"),
    ([{**TURN, "credential": None}], "no credential for server 1"),
    ([{**TURN, "credential": 123}], "no credential for server 1"),
    ([STUN, {"urls": "turns:turn.example.org", "credential": "s3same"}], "username for server 2"),
    ([{**STUN, "urls": [STUN["urls"], "turn:turn.example.org"]}], "username for server 1"),
]


@pytest.mark.parametrize(("value", "what"), WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_a_wrong_setting_is_named_with_the_right_form_and_no_password(
    variable: Callable[[Any], None], value: Any, what: str
) -> None:
    variable(value)

    with pytest.raises(MasklensError) as raised:
        ice_servers()

    message = str(raised.value)
    assert "MASKLENS_ICE_SERVERS" in message and what in message
    assert '"urls": "turn:' in message and "stuns:" in message
    assert "s3same" not in message and "ann" not in message


def test_no_json_is_said_and_the_text_kept_out_of_the_chain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASKLENS_ICE_SERVERS", '[{"credential": "s3same"')

    with pytest.raises(MasklensError, match="MASKLENS_ICE_SERVERS is not JSON") as raised:
        ice_servers()

    assert "s3same" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("text", ['ice_servers = "stun:a"\n', "[ice_servers]\nurls = 'stun:a'\n"])
def test_a_wrong_secret_is_named(secrets: Callable[[str], None], text: str) -> None:
    secrets(text)

    with pytest.raises(MasklensError, match='secret "ice_servers" is not a list'):
        ice_servers()


@pytest.mark.parametrize("content", [b'credential = "s3same', b'\xff = "s3same"'])
def test_broken_secrets_are_said_not_passed_over(
    secrets: Callable[[bytes], None], content: bytes
) -> None:
    secrets(content)

    with pytest.raises(MasklensError, match="secrets.toml must be") as raised:
        ice_servers()

    assert "s3same" not in str(raised.value)
