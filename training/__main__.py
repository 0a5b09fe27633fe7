"""``python -m training``: train, measure and install models."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from maskcore.console import speak_utf8
from maskcore.errors import MasklensError
from training.commands.classifier import add_classifier_commands
from training.commands.detector import add_detector_commands
from training.commands.models import add_model_commands
from training.commands.scenes import add_scene_commands
from training.provenance import without_folders

# TensorFlow takes seconds to import and greets at length: each command imports what
# it needs, after this.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train, measure and install models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_classifier_commands(commands)
    add_detector_commands(commands)
    add_model_commands(commands)
    add_scene_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    speak_utf8()
    options = vars(_parser().parse_args(arguments))
    act = options.pop("act")
    typed = sys.argv[1:] if arguments is None else arguments
    shown = shlex.join(["python", "-m", "training", *map(without_folders, typed)])
    try:
        return act(shown, **options) or 0
    except (MasklensError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"A file cannot be read or written: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
