"""Numbers, names and moments as people read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from maskcore.records import counted as counted
from maskcore.records import legible

# Where addresses begin to be such: the browser makes links of them, in spite of backslashes.
_LINKED = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=//)|(?=@)", re.IGNORECASE)


def spoken(text: str) -> str:
    """A name in a label that is spoken and not drawn.

    What keeps a text from being read as Markdown would be spoken, too. Without square brackets it
    holds no picture that a browser fetches.
    """
    return legible(text).replace("[", "(").replace("]", ")")


def plain(text: str) -> str:
    """Text kept from being read as Markdown, legible, and of whose addresses none is a link."""
    text = _LINKED.sub("\N{WORD JOINER}", legible(text))  # which nobody sees
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|~$:" else c for c in text)


def shown_name(name: str) -> str:
    """A file name, shortened, and kept from being read as Markdown."""
    return plain(name if len(name) <= 60 else f"{name[:40]}…{name[-15:]}")


def percent(value: float | None, digits: int = 1) -> str:
    """A share as people read it, its sign never on another line; a dash where there is none."""
    return "–" if value is None else f"{value * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def with_interval(figure: Mapping[str, Any]) -> str:
    """A share and its 95 % interval, e.g. "99.2 % (98.1 to 99.6)".

    Args:
        figure: "value" and "interval", either of which may be None.
    """
    if figure["value"] is None or figure["interval"] is None:
        return percent(figure["value"])
    low, high = (f"{edge * 100:.1f}" for edge in figure["interval"])
    return f"{percent(figure['value'])} ({low} to {high})"


def day(created: str) -> str:
    """An ISO date as "24 November 2026"; empty where it is no date."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y}"


def time_left(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 100:
        return f"about {round(seconds, -1):.0f} seconds left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minutes left"
    return f"about {seconds / 3600:.1f} hours left"
