from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.web import cli

import ui.phone
from maskcore import MasklensError
from ui.certificate import Certificate
from ui.phone import free_port, instructions, main, network_addresses

CERTIFICATE = Certificate(Path("/c/server.pem"), Path("/c/masklens.crt"))


@pytest.fixture(autouse=True)
def training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serving sets this for the process: set here, it is as before after the test."""
    monkeypatch.setenv("MASKLENS_TRAINING", "")


def pretend(
    monkeypatch: pytest.MonkeyPatch, cards: dict[str, Sequence[str]], way_out: str | None = None
) -> None:
    """Let this computer have these network cards; a name that ends in "-off" is not up."""
    entries = {
        name: [
            SimpleNamespace(
                family=socket.AF_INET6 if ":" in address else socket.AF_INET, address=address
            )
            for address in addresses
        ]
        + [SimpleNamespace(family=-1, address="02:fc:00:00:00:01")]
        for name, addresses in cards.items()
    }
    states = {name: SimpleNamespace(isup=not name.endswith("-off")) for name in cards}
    fake = SimpleNamespace(net_if_addrs=lambda: entries, net_if_stats=lambda: states)
    monkeypatch.setattr(ui.phone, "psutil", fake)
    monkeypatch.setattr(ui.phone, "_way_out", lambda: way_out)


LO = ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("cards", "way_out", "expected"),
    [
        ({"lo": LO}, None, []),
        ({}, None, []),
        ({"lo": LO, "wlan0": ["192.168.1.5", "fd00::5", "fe80::5%wlan0"]}, None, ["192.168.1.5"]),
        ({"lo": LO, "wlan0-off": ["192.168.1.5"]}, None, []),
        ({"Wi-Fi": ["169.254.3.4", "fe80::5%12"]}, None, []),
        ({"en0": ["10.0.0.2"], "en1": ["192.168.1.5"]}, "192.168.1.5", ["192.168.1.5", "10.0.0.2"]),
        ({"docker0": ["172.17.0.1"], "en1": ["192.168.1.5"]}, None, ["192.168.1.5"]),
        ({"vEthernet (WSL)": ["172.20.0.1"]}, None, []),
        ({"vEthernet (Outer)": ["192.168.1.5"]}, "192.168.1.5", ["192.168.1.5"]),
        ({"wlan0": ["fd00::5", "fe80::5%wlan0"]}, None, ["fd00::5"]),
        ({"en0": ["10.0.0.2"], "en1": ["10.0.0.2"]}, "10.0.0.9", ["10.0.0.2"]),
    ],
    ids=str,
)
def test_addresses_are_those_by_which_a_phone_may_come(
    monkeypatch: pytest.MonkeyPatch,
    cards: dict[str, Sequence[str]],
    way_out: str | None,
    expected: list[str],
) -> None:
    pretend(monkeypatch, cards, way_out)

    assert network_addresses() == expected


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen(1)
        port = taken.getsockname()[1]

        assert free_port("0.0.0.0", [port, 0]) == 0
        with pytest.raises(MasklensError, match="No port is free"):
            free_port("0.0.0.0", [port])


def test_every_address_is_named_in_full_and_who_else_can_come() -> None:
    said = instructions(["192.0.2.7", "fd00::7"], 8502, CERTIFICATE, training=False)

    assert "\n  https://192.0.2.7:8502\n" in said
    assert "https://[fd00::7]:8502" in said
    assert "/c/masklens.crt" in said.replace("\\", "/")
    assert "Everybody in this network can now open the page" in said
    assert "Training is switched off" in said
    assert max(map(len, said.splitlines())) <= 90 and said.isascii()
    assert "They can also train" in instructions(["192.0.2.7"], 8502, CERTIFICATE, training=True)


def served(monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    """The options by which Streamlit is started."""
    calls: list[list[str]] = []
    monkeypatch.setattr(cli, "main", calls.append)
    monkeypatch.setattr(sys, "argv", ["phone"])
    monkeypatch.setattr(ui.phone.pooch, "os_cache", lambda name: folder / name)
    main()
    ((run, script, *flags),) = calls
    assert run == "run" and Path(script).name == "streamlit_app.py" and Path(script).is_file()
    return dict(zip(flags[::2], flags[1::2], strict=True))


@pytest.mark.parametrize("value", ["", "0", "no", "false", "off"])
def test_nobody_trains_unless_it_is_switched_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any, value: str
) -> None:
    pretend(monkeypatch, {"wlan0": ["192.0.2.7"]})
    monkeypatch.setenv("MASKLENS_TRAINING", value)

    served(monkeypatch, tmp_path)

    assert os.environ["MASKLENS_TRAINING"] == "off"
    assert "Training is switched off for all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "everywhere"), [("192.0.2.7", "0.0.0.0"), ("fd00::7", "::")], ids=str
)
def test_it_is_served_to_the_network_by_https_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Any,
    address: str,
    everywhere: str,
) -> None:
    pretend(monkeypatch, {"wlan0": [address]})
    monkeypatch.delenv("MASKLENS_TRAINING", raising=False)
    monkeypatch.setattr(ui.phone, "free_port", lambda at, ports: 8507)

    options = served(monkeypatch, tmp_path)

    assert options["--server.address"] == everywhere
    assert options["--server.port"] == "8507"
    for name in ("--server.sslCertFile", "--server.sslKeyFile"):
        assert Path(options[name]).is_file() and tmp_path in Path(options[name]).parents
    assert f"{address}" in capsys.readouterr().out
    assert os.environ["MASKLENS_TRAINING"] == "off"


def test_whoever_allows_training_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    pretend(monkeypatch, {"wlan0": ["192.0.2.7"]})
    monkeypatch.setenv("MASKLENS_TRAINING", "on")

    served(monkeypatch, tmp_path)

    assert os.environ["MASKLENS_TRAINING"] == "on"
    assert "They can also train" in capsys.readouterr().out


def test_whoever_asks_for_help_gets_it_and_nobody_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    pretend(monkeypatch, {"wlan0": ["192.0.2.7"]})
    calls: list[Any] = []
    for owner, name in ((cli, "main"), (ui.phone, "free_port"), (ui.phone, "own_certificate")):
        monkeypatch.setattr(owner, name, lambda *given: calls.append(given))
    monkeypatch.setattr(sys, "argv", ["phone", "--help"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0 and calls == []
    assert "Serve Masklens to phones" in capsys.readouterr().out


def test_without_a_network_it_says_so_and_serves_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {"lo": LO})
    with pytest.raises(MasklensError, match="in no network"):
        served(monkeypatch, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {"wlan0": ["192.0.2.7"]})
    (tmp_path / "masklens").write_text("in the way")
    with pytest.raises(MasklensError, match="cannot be kept in .*masklens"):
        served(monkeypatch, tmp_path)
