"""STUN and TURN servers, for where the camera's pictures find no direct way to the app."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from maskcore import MasklensError

VARIABLE = "MASKLENS_ICE_SERVERS"
SECRET = "ice_servers"
# RFC 7064 and 7065, less what aiortc cannot read (addresses in brackets): it stands at the
# stream's other end and fails on such a server only once somebody presses Start.
_STUN = re.compile(r"stuns?:[^\s?:/@\[\]]+(:\d{1,5})?")
_TURN = re.compile(r"turns?:[^\s?:/@\[\]]+(:\d{1,5})?(\?transport=(udp|tcp))?")


def ice_servers() -> list[dict[str, Any]]:
    """The servers named in the environment or, failing that, in Streamlit's secrets.

    Returns:
        One dict a server, as RTCIceServer has them: "urls", a list, and for TURN "username"
        and "credential". Empty where none are set: then nobody outside is asked.

    Raises:
        MasklensError: the setting cannot be understood; the message holds no value of it.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if text:
        try:
            servers = json.loads(text)
        except ValueError:
            # Not chained: the decoder's error carries the text, and with it the credential.
            raise _malformed(VARIABLE, "is not JSON") from None
        return _checked(VARIABLE, servers)
    servers = _from_secrets()
    return [] if servers is None else _checked(f'secret "{SECRET}"', servers)


def _from_secrets() -> object:
    try:
        return st.secrets.get(SECRET)
    except (OSError, ValueError):
        # Streamlit raises the same for no file as for one that is no TOML.
        if not any(Path(path).exists() for path in st.get_option("secrets.files")):
            return None
        raise MasklensError(
            "Streamlit's secrets cannot be read: secrets.toml must be a TOML file in UTF-8."
        ) from None


def _checked(setting: str, servers: object) -> list[dict[str, Any]]:
    if not isinstance(servers, list):
        raise _malformed(setting, "is not a list")
    return [_server(setting, number, server) for number, server in enumerate(servers, 1)]


def _server(setting: str, number: int, server: object) -> dict[str, Any]:
    if not isinstance(server, Mapping):
        raise _malformed(setting, f"has no table as server {number}")
    urls = server.get("urls")
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        raise _malformed(setting, f"has no urls for server {number}")
    # Providers add fields of their own, such as Twilio's "url": they are left out.
    checked: dict[str, Any] = {"urls": list(urls)}
    for url in urls:
        if _TURN.fullmatch(url):
            for name in ("username", "credential"):
                value = server.get(name)
                if not isinstance(value, str) or not value:
                    raise _malformed(setting, f"has no {name} for server {number}, a TURN server")
                checked[name] = value
        elif not _STUN.fullmatch(url):
            raise _malformed(setting, f"has an address for server {number} that is none")
    return checked


def _malformed(setting: str, what: str) -> MasklensError:
    return MasklensError(
        f"{setting} {what}: it must be a list of servers such as"
        ' {"urls": "turn:turn.example.org:3478", "username": "...", "credential": "..."},'
        " each address beginning with stun:, stuns:, turn: or turns:."
    )
