from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

import ui.certificate
from ui.certificate import own_certificate

HOME = ["192.0.2.7"]


def served(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates((folder / "server.pem").read_bytes())[0]


def test_devices_that_trust_the_issuer_take_it_for_every_address_and_this_computer(
    tmp_path: Path,
) -> None:
    made = own_certificate(tmp_path / "new", [*HOME, "fd00::7"])
    issuer = x509.load_pem_x509_certificate(made.issuer_file.read_bytes())
    leaf = served(tmp_path / "new")

    leaf.verify_directly_issued_by(issuer)
    policy = x509.verification.PolicyBuilder().store(x509.verification.Store([issuer]))
    for name in (*HOME, "fd00::7", "127.0.0.1", "::1"):
        address = x509.IPAddress(ui.certificate.ipaddress.ip_address(name))
        policy.build_server_verifier(address).verify(leaf, [])
    policy.build_server_verifier(x509.DNSName("localhost")).verify(leaf, [])
    # As Apple's devices want it.
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=825)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.server_file, made.server_file)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a user's folders to the user")
def test_the_key_is_its_owner_s_alone_and_the_issuer_s_is_kept_nowhere(tmp_path: Path) -> None:
    made = own_certificate(tmp_path / "new", HOME)

    assert made.server_file.stat().st_mode & 0o777 == 0o600
    assert made.server_file.parent.stat().st_mode & 0o777 == 0o700
    assert made.server_file.read_text().count("PRIVATE KEY") == 2  # one: its begin and its end
    assert "PRIVATE" not in made.issuer_file.read_text()
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"server.pem", "masklens.crt"}

    made.server_file.chmod(0o644)
    before = served(tmp_path / "new").serial_number
    own_certificate(tmp_path / "new", HOME)
    assert served(tmp_path / "new").serial_number != before
    assert made.server_file.stat().st_mode & 0o777 == 0o600


class In:
    """A clock that is ahead, in place of datetime."""

    def __init__(self, days: int) -> None:
        self.now = lambda zone: datetime.now(UTC) + timedelta(days=days)


@pytest.mark.parametrize(
    ("addresses", "days", "kept"),
    [
        (HOME, 0, True),
        (HOME, 790, True),
        (HOME, 793, False),
        (HOME, -3, False),
        (["198.51.100.1"], 0, False),
        ([*HOME, "198.51.100.1"], 0, False),
        ([], 0, True),
    ],
    ids=str,
)
def test_it_is_renewed_when_it_runs_out_or_an_address_is_new(
    tmp_path: Path, monkeypatch: Any, addresses: list[str], days: int, kept: bool
) -> None:
    own_certificate(tmp_path, HOME)
    first = served(tmp_path).serial_number
    monkeypatch.setattr(ui.certificate, "datetime", In(days))

    own_certificate(tmp_path, addresses)

    assert (served(tmp_path).serial_number == first) == kept


@pytest.mark.parametrize("broken", ["server.pem", "masklens.crt"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense"], ids=str)
def test_a_file_that_is_lost_or_damaged_is_made_anew(
    tmp_path: Path, broken: str, content: bytes | None
) -> None:
    own_certificate(tmp_path, HOME)
    (tmp_path / broken).unlink()
    if content is not None:
        (tmp_path / broken).write_bytes(content)

    made = own_certificate(tmp_path, HOME)

    issuer = x509.load_pem_x509_certificate(made.issuer_file.read_bytes())
    served(tmp_path).verify_directly_issued_by(issuer)
