"""This computer's own certificate, for pages that reach a phone by https."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from maskcore.files import replacing

_HERE = ("127.0.0.1", "::1")
# Apple's devices take none that is valid for more than 825 days.
_VALID = timedelta(days=800)
_RENEW_BEFORE = timedelta(days=7)
# Clocks of phones may be behind.
_EARLIER = timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A server's certificate on disk.

    Attributes:
        server_file: PEM with the server's private key, which its owner alone can read, its
            certificate and its issuer's.
        issuer_file: PEM with the issuer's certificate, for devices that must be told to trust it.
    """

    server_file: Path
    issuer_file: Path


def own_certificate(folder: Path, addresses: Sequence[str]) -> Certificate:
    """The certificate kept in a folder; a new one where there is none that will do.

    Its issuer's private key is forgotten as soon as it has signed: whoever trusts the issuer
    trusts this one certificate and no other, whatever becomes of this computer.

    Args:
        folder: where it is kept; made where there is none, for its owner alone.
        addresses: IP addresses of this computer, each of which it must be valid for.

    Raises:
        OSError: the folder cannot be read or written.
    """
    server, issuer = folder / "server.pem", folder / "masklens.crt"
    if not _will_do(server, issuer, addresses):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        server.touch()
        server.chmod(0o600)  # what takes its place is so from the first byte on
        server_pem, issuer_pem = _make(addresses)
        with replacing(issuer) as temporary:
            temporary.write_bytes(issuer_pem)
        with replacing(server) as temporary:
            temporary.write_bytes(server_pem)
    return Certificate(server, issuer)


def _will_do(server: Path, issuer: Path, addresses: Sequence[str]) -> bool:
    try:
        content = server.read_bytes()
        x509.load_pem_x509_certificate(issuer.read_bytes())
        if not content.endswith(issuer.read_bytes()):
            return False
        if os.name == "posix" and server.stat().st_mode & 0o077:
            return False  # others may have read its key
        certificate = x509.load_pem_x509_certificates(content)[0]
        key = serialization.load_pem_private_key(content, password=None)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (FileNotFoundError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    now = datetime.now(UTC)
    covered = {str(address) for address in names.value.get_values_for_type(x509.IPAddress)}
    return (
        key.public_key() == certificate.public_key()
        and certificate.not_valid_before_utc <= now
        and now + _RENEW_BEFORE < certificate.not_valid_after_utc
        and covered >= {str(ipaddress.ip_address(address)) for address in addresses}
    )


def _make(addresses: Sequence[str]) -> tuple[bytes, bytes]:
    """Contents of the server's file and of its issuer's."""
    issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer_name, name = _name("Masklens on this computer"), _name("Masklens")
    own = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    issuer = (
        _begin(issuer_name, issuer_name, issuer_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(own, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(one)) for one in {*_HERE, *addresses}]
    certificate = (
        _begin(name, issuer_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
        )
        .sign(issuer_key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    issuer_pem = issuer.public_bytes(serialization.Encoding.PEM)
    return secret + certificate.public_bytes(serialization.Encoding.PEM) + issuer_pem, issuer_pem


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _EARLIER,
        not_valid_after=now - _EARLIER + _VALID,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
