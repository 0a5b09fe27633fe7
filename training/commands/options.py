"""What the commands have in common: options, which tell a mistyped path before any work."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from maskcore.files import has_place
from training.config import RunConfig


class Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Help that names defaults, where there are any."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.required or action.default in (None, "") or action.default is False:
            return action.help
        return super()._get_help_string(action)


def folder(text: str) -> Path:
    """The type of an option that names a folder to read from."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def folder_name(text: str) -> str:
    """As ``folder``, for a run's config, which holds texts; it may be left out."""
    if text:
        folder(text)
    return text


def file_to_write(text: str) -> Path:
    """The type of an option that names a file to write at the end of long work."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file")
    if not has_place(path):
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent} to write it to")
    return path


def add_settings(parser: Any, default: object, helps: dict[str, str]) -> None:
    """Add an option for each setting that ``helps`` names, of its default's type.

    Args:
        parser: a command's.
        default: a value with an attribute of each of these names.
        helps: what the option is, by the setting's name.
    """
    for name, text in helps.items():
        value = getattr(default, name)
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value, help=text)


def add_run_options(fit: Any, default: RunConfig) -> None:
    """Add the options that runs of both kinds have."""
    fit.add_argument("--out", required=True, type=Path, help="the run's folder")
    helps = {
        "folds": "parts into which the scenes not for testing are dealt; 0: the usual parts,"
        " 1: all of them train",
        "fold": "the one that validates, from 0",
        "seed": "of all that is drawn by chance",
    }
    add_settings(fit, default, helps)
    fit.add_argument(
        "--resume", action="store_true", help="go on with the interrupted run in --out"
    )


def summary(title: str, figures: dict[str, Any]) -> str:
    """One line a person can read: accuracy with its interval and count, recall a class."""
    accuracy = figures["accuracy"]
    low, high = accuracy["interval"]
    classes = ", ".join(
        f"{name} {recall['hits']}/{recall['count']}"
        for name, recall in ((n, c["recall"]) for n, c in figures["by_class"].items())
    )
    return (
        f"{title}: accuracy {accuracy['value']:.2%} (95 % interval {low:.2%} to {high:.2%},"
        f" n = {accuracy['count']}; right: {classes})"
    )
