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
    """Whether this server's visitors may train; see ``why_no_training``."""
    return not why_no_training()


def why_no_training() -> str:
    """In a sentence why this server's visitors may not train; empty where they may.

    They may unless ``MASKLENS_TRAINING`` is "off", or it is not "on" and the page has another name
    than this computer, which alone can reach it: a site's owner can let its name mean this computer
    (DNS rebinding), and so open Masklens in a visitor's browser without the visitor's knowing.
    """
    # In a Windows command prompt quotation marks around a value become part of it.
    setting = os.environ.get("MASKLENS_TRAINING", "").strip(_AROUND).lower()
    if setting == "off":
        return "Training is switched off on this server."
    if setting == "on" or not _listens_here_alone():
        return ""
    if _through_proxy() or _asked_for_this_computer():
        return ""
    return (
        "Training is switched off at this address. Open the page as localhost, or have whoever runs"
        " Masklens set MASKLENS_TRAINING=on."
    )


def _listens_here_alone() -> bool:
    return st.get_option("server.address") in _LOOPBACK


def _through_proxy() -> bool:
    headers = st.context.headers
    return any(name in headers for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded"))


def _asked_for_this_computer() -> bool:
    host = st.context.headers.get("Host")
    return host is None or urlsplit(f"//{host}").hostname in _LOOPBACK
