"""Serve the app to phones in the same network, by https: ``python -m ui.phone``.

Browsers give a page the camera only by https or on the computer that serves it. The certificate
for that is this computer's own (``ui.certificate``).
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pooch
import psutil

from maskcore import MasklensError
from maskcore.console import speak_utf8
from ui.certificate import Certificate, own_certificate

ROOT = Path(__file__).resolve().parents[1]
FIRST_PORT = 8501
_PORTS = 50
TRAINING = "MASKLENS_TRAINING"
# Networks between this computer and what runs inside of it.
_INNER = ("docker", "br-", "veth", "virbr", "vboxnet", "vmnet", "vEthernet", "VirtualBox", "VMware")


def network_addresses() -> list[str]:
    """This computer's addresses for others, that of the way out first.

    Returns:
        IPv4 addresses; IPv6 ones only where there are none. Neither this computer's own
        (127.0.0.1) nor those it gives itself where no network answers (169.254.1.2, fe80::1).
    """
    way_out = _way_out()
    up = {name for name, card in psutil.net_if_stats().items() if card.isup}
    found = [
        ipaddress.ip_address(entry.address.partition("%")[0])
        for name, entries in psutil.net_if_addrs().items()
        if name in up
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
        # Where Hyper-V runs the way out itself may bear such a name.
        if not name.startswith(_INNER) or entry.address == way_out
    ]
    outer = [one for one in found if not (one.is_loopback or one.is_link_local)]
    # A phone has a router's IPv4 address nearly everywhere, and IPv6's change by the day.
    outer = [one for one in outer if one.version == 4] or outer
    return sorted(dict.fromkeys(map(str, outer)), key=lambda address: address != way_out)


def free_port(bind_address: str, ports: Iterable[int]) -> int:
    """The first port that nobody listens at, taken as Streamlit takes it.

    Raises:
        MasklensError: there is none.
    """
    family = socket.AF_INET6 if ":" in bind_address else socket.AF_INET
    for port in ports:
        with socket.socket(family) as probe:
            if os.name != "nt":  # there it would share the port with who listens
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((bind_address, port))
                probe.listen(1)
            except OSError:
                continue
            return port
    raise MasklensError("No port is free on this computer: end other copies of Masklens.")


def instructions(
    addresses: Sequence[str], port: int, certificate: Certificate, training: bool
) -> str:
    """What to do on the phone, and who else can do it.

    Args:
        addresses: at least one.
        port: at which the app answers.
        certificate: the app's.
        training: whether visitors may train and change models.
    """
    urls = [f"https://{f'[{one}]' if ':' in one else one}:{port}" for one in addresses]
    others = "".join(f"\n  or, if that does not open:  {url}" for url in urls[1:])
    trains = (
        f"They can also train, and change the models, as {TRAINING} allows it."
        if training
        else f"Training is switched off for all; {TRAINING}=on allows it, to all."
    )
    return f"""
On the phone, in the same Wi-Fi as this computer, type, with the https:

  {urls[0]}{others}

The browser warns once, for the certificate is this computer's own:
  Chrome:   press "Advanced", then "Proceed"
  Firefox:  press "Advanced", then "Accept the Risk and Continue"
  Safari:   press "Show Details", then "visit this website"
iPhones and iPads may stay at an empty page after that, until they trust the certificate:
  send them {certificate.issuer_file}
  and open it there; install it in Settings, General, VPN & Device Management;
  and switch it on in Settings, General, About, Certificate Trust Settings.
If nothing opens, this computer's firewall or the Wi-Fi (one for guests?) is in the way.

Everybody in this network can now open the page, not only you.
{trains}
To end it, press Ctrl and C.
"""


def main() -> None:
    """Make ready, say what to do, and serve until ended."""
    speak_utf8()
    argparse.ArgumentParser(
        prog="python -m ui.phone",
        description="Serve Masklens to phones in the same network, by https. Everybody in this"
        " network can then open it.",
    ).parse_args()
    addresses = network_addresses()
    if not addresses:
        raise MasklensError(
            "This computer is in no network: connect it to the Wi-Fi that the phone is in, and"
            " start again."
        )
    everywhere = "::" if ":" in addresses[0] else "0.0.0.0"
    port = free_port(everywhere, range(FIRST_PORT, FIRST_PORT + _PORTS))
    folder = Path(pooch.os_cache("masklens")) / "phone"
    try:
        certificate = own_certificate(folder, addresses)
    except OSError as error:
        raise MasklensError(f"The certificate cannot be kept in {folder}: {error}") from error
    # Whoever is in the network is not asked who they are: they may change no model.
    allowed = os.environ.get(TRAINING, "").strip().lower() == "on"
    os.environ[TRAINING] = "on" if allowed else "off"
    print(instructions(addresses, port, certificate, allowed), flush=True)

    from streamlit.web import cli

    options = {
        "server.address": everywhere,
        "server.port": port,
        "server.sslCertFile": certificate.server_file,
        "server.sslKeyFile": certificate.server_file,
        # A locked phone's browser is gone until it is unlocked.
        "server.disconnectedSessionTTL": 1800,
        # What Streamlit itself would print, and open here, is an address for this computer.
        "server.headless": "true",
        "logger.hideWelcomeMessage": "true",
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    cli.main(["run", str(ROOT / "streamlit_app.py"), *flags])


def _way_out() -> str | None:
    """The address from which this computer would reach the Internet; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody's address
        except OSError:
            return None
        return str(probe.getsockname()[0])


if __name__ == "__main__":
    try:
        main()
    except MasklensError as error:
        sys.exit(str(error))
