"""What visitors may do to the computer that runs Masklens: name folders of it, train on it."""

from __future__ import annotations

import os
import string
from urllib.parse import urlsplit

import streamlit as st

_AROUND = string.whitespace + "\"'"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def only_this_computer() -> bool:
    """Whether the visitor sits at the computer that runs Masklens, and nobody else can come."""
    if st.get_option("server.address") not in _LOOPBACK:
        return False
    headers = st.context.headers
    # A proxy on this computer brings visitors from anywhere.
    if any(name in headers for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded")):
        return False
    host = headers.get("Host")
    return host is None or urlsplit(f"//{host}").hostname in _LOOPBACK


def training_allowed() -> bool:
    """Whether this server's visitors may train: not where ``MASKLENS_TRAINING`` is "off".

    In a Windows command prompt quotation marks around a value become part of it.
    """
    return os.environ.get("MASKLENS_TRAINING", "").strip(_AROUND).lower() != "off"
