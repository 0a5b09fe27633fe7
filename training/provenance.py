"""Where a figure or a file comes from: when, by which command, from which commit."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskcore.errors import MasklensError
from maskcore.files import write_json
from training.config import RunConfig, TrainConfig

RUN_FILE = "run.json"


def provenance(command: str) -> dict[str, Any]:
    """Time (UTC), command line and commit of this checkout (None outside of git)."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"created": created, "command": command, "commit": _commit()}


def _commit() -> str | None:
    root = Path(__file__).parents[1]
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD", "--show-toplevel"],
            cwd=root,
            # What a calling git left in the environment would point to another repository.
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
        head, _, top = answer.stdout.strip().partition("\n")
        # Unpacked from a ZIP, the project may lie inside a repository of something else.
        return head if root.samefile(top) else None
    except (OSError, subprocess.CalledProcessError):
        return None


def without_folders(argument: str) -> str:
    """An argument whose absolute path, if it is one, is cut to its last part.

    Cards and reports go to strangers, whom the folders of this machine do not concern.
    """
    option, equals, value = "", "", argument
    if argument.startswith("--"):
        option, equals, value = argument.partition("=")
    return option + equals + (Path(value).name if Path(value).is_absolute() else value)


def fit_command(config: TrainConfig, out: str) -> str:
    """The command line that makes the same run, for one that was started from the page.

    Args:
        config: its settings.
        out: name of the run's folder.
    """
    words = ["python", "-m", "training", "fit", f"--data={without_folders(config.data)}"]
    default = asdict(TrainConfig(data=""))
    for setting, value in settings_for_card(config).items():
        if setting != "data" and value != default[setting]:
            option = "fine-tune" if setting == "fine_tune_epochs" else setting.replace("_", "-")
            words.append(f"--{option}={value}")
    return shlex.join([*words, f"--out=runs/{out}"])


def began_with_a_model(card: Mapping[str, Any]) -> bool:
    """Whether a model's starting weights may have learned from what its run kept for testing.

    So may an installed model's: it was made of other photos, or of these divided otherwise.

    Args:
        card: the model's.
    """
    config = card.get("config")
    return isinstance(config, dict) and config.get("backbone_weights") == "installed"


def settings_for_card(config: RunConfig) -> dict[str, Any]:
    """A run's settings by name, without this machine's folders."""
    return {
        setting: without_folders(value) if isinstance(value, str) else value
        for setting, value in asdict(config).items()
    }


def save_provenance(run_dir: Path, command: str) -> None:
    """Write run.json into a new run's folder."""
    write_json(run_dir / RUN_FILE, provenance(command))


def note_backend(run_dir: Path, backend: str) -> None:
    """Add to run.json which of Keras' backends works on the run; another may go on with it.

    Args:
        run_dir: the run's folder. Without a run.json that can be read nothing is noted: that
            is told when the run is installed.
        backend: its name for Keras, e.g. "jax".
    """
    with suppress(MasklensError):
        values = load_provenance(run_dir)
        backends = values.get("backends", [])
        if backend not in backends:
            write_json(run_dir / RUN_FILE, {**values, "backends": [*backends, backend]})


def load_provenance(run_dir: Path) -> dict[str, Any]:
    """Read a run's run.json.

    Raises:
        MasklensError: it is missing or damaged.
    """
    try:
        values: dict[str, Any] = json.loads((run_dir / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MasklensError(
            f"{run_dir.name} is not the folder of a training run: its {RUN_FILE} cannot be read."
        ) from error
    return values
