"""What only the visitor's browser knows: the state of its camera."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from ui.hidden import hidden_component
from ui.live.pace import FULL_RATE

Permission = Literal["granted", "denied", "prompt", "unknown"]
Browser = Literal["edge", "firefox", "safari", "chrome", "in-app", "other"]
System = Literal["android", "ios", "windows", "macos", "linux", "other"]
_Name = TypeVar("_Name", bound=str)

# In this order: nearly every browser also calls itself Chrome and Safari.
_BROWSERS: dict[Browser, str] = {
    "in-app": r"FBAN|FBAV|Instagram|MicroMessenger|\bLine/|TikTok|musical_ly|Snapchat|; wv\)",
    "edge": r"Edg(e|A|iOS)?/",
    "firefox": r"Firefox/|FxiOS/",
    "other": r"OPR/|SamsungBrowser/|Vivaldi/|YaBrowser/",
    "chrome": r"Chrom(e|ium)/|CriOS/|HeadlessChrome/",
    "safari": r"Version/.*Safari/",
}
_SYSTEMS: dict[System, str] = {
    "android": r"Android",
    "ios": r"iPhone|iPad|iPod",
    "windows": r"Windows",
    "macos": r"Macintosh",
    "linux": r"Linux|X11|CrOS",
}


@dataclass(frozen=True)
class BrowserReport:
    """What a browser says of itself and its camera.

    Attributes:
        secure: whether the page came by https or from this computer.
        api: whether the browser gives pages a camera at all.
        permission: of this page to use the camera; not every browser tells.
        cameras: how many there are; None where that is not known. Before the permission
            browsers tell no more than one.
        error: the name of the error that opening the camera ended with, "" where it opened,
            None where it was not tried since the last change.
        asking: whether the browser's question for permission seems to stand unanswered.
        browser, system: what to call things in advice.
    """

    secure: bool
    api: bool
    permission: Permission = "unknown"
    cameras: int | None = None
    error: str | None = None
    asking: bool = False
    browser: Browser = "other"
    system: System = "other"

    @classmethod
    def from_value(cls, value: object) -> BrowserReport | None:
        """Read what the component sent; None where it sent nothing, or something else."""
        if not isinstance(value, Mapping):
            return None
        secure, api, asking = (value.get(name) for name in ("secure", "api", "asking"))
        permission, cameras, error = (value.get(n) for n in ("permission", "cameras", "error"))
        agent = value.get("user_agent")
        if not all(isinstance(answer, bool) for answer in (secure, api, asking)):
            return None
        return cls(
            secure=secure is True,
            api=api is True,
            permission=next((p for p in get_args(Permission) if p == permission), "unknown"),
            cameras=cameras if type(cameras) is int and cameras >= 0 else None,
            error=error if isinstance(error, str) else None,
            asking=asking is True,
            browser=_first(_BROWSERS, agent, "other"),
            system=_first(_SYSTEMS, agent, "other"),
        )


def _first(patterns: Mapping[_Name, str], agent: object, otherwise: _Name) -> _Name:
    text = agent if isinstance(agent, str) else ""
    return next((name for name, sign in patterns.items() if re.search(sign, text)), otherwise)


_look = hidden_component(
    "browser-report", Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def browser_report(request: int = 0, rate: int = FULL_RATE) -> BrowserReport | None:
    """Look at the visitor's browser, once on a page; takes no space.

    The fragment or page that calls it runs again when the report changes.

    Args:
        request: 0 to look without opening the camera, and to forget what came of opening it;
            any other number opens it once, which may make the browser ask for permission.
            A later try needs another number.
        rate: pictures a second that the player's camera had better send.

    Returns:
        None until the browser has answered.
    """
    data = {"request": request, "rate": rate}
    result = _look(data=data, on_report_change=lambda: None)
    return BrowserReport.from_value(result.get("report"))
