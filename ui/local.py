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
    # A proxy on this computer brings visitors from anywhere.
    return _listens_here_alone() and not _through_proxy() and _asked_for_this_computer()


def training_allowed() -> bool:
    """Whether this server's visitors may train: not where ``MASKLENS_TRAINING`` is "off".

    In a Windows command prompt quotation marks around a value become part of it.
    """
    setting = os.environ.get("MASKLENS_TRAINING", "").strip(_AROUND).lower()
    if setting in ("on", "off"):
        return setting == "on"
    # A site's owner can let its name mean this computer (DNS rebinding): its page then opens
    # Masklens in the visitor's browser without the visitor's knowing.
    return not _listens_here_alone() or _through_proxy() or _asked_for_this_computer()


def _listens_here_alone() -> bool:
    return st.get_option("server.address") in _LOOPBACK


def _through_proxy() -> bool:
    headers = st.context.headers
    return any(name in headers for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded"))


def _asked_for_this_computer() -> bool:
    host = st.context.headers.get("Host")
    return host is None or urlsplit(f"//{host}").hostname in _LOOPBACK
