"""Putting the model of a finished run in place, and the command that does the same."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from pathlib import Path

from maskcore.errors import MasklensError, ModelError
from maskcore.models import CARD_FILE, MODEL_FILE, REPORT_FILE, StoredModel
from training.background.jobs import State, job
from training.installing.versions import put_in_place
from training.job_files import folder_of, read_values

_NOT_SURE_OPTIONS = {
    "margin": "--not-sure-margin",
    "smallest_side": "--not-sure-side",
    "least_sharpness": "--not-sure-sharpness",
}


def install_command(run_id: str, name: str, data: str, not_sure: Mapping[str, float] | None) -> str:
    """What installs a run's model under a name by the command line.

    Args:
        run_id, name: the run's and the model's.
        data: what its card is to say of the data.
        not_sure: as in the card.
    """
    words = ["python", "-m", "training", "install", f"runs/{run_id}", "--name", name]
    words += ["--data-licence", data]
    for rule, option in _NOT_SURE_OPTIONS.items():
        if not_sure and rule in not_sure:
            words += [option, f"{not_sure[rule]:g}"]
    return shlex.join(words)


def packed_model(run_dir: Path, name: str) -> StoredModel:
    """The model that a run packed, as it would be installed.

    Args:
        run_dir: of a run that got so far.
        name: what to call it.

    Raises:
        ModelError: its files are gone or damaged.
    """
    card = read_values(run_dir / CARD_FILE) or {}
    try:
        content = (run_dir / MODEL_FILE).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise ModelError("This run's model is gone or damaged. Train again with its settings.")
    return StoredModel(name, card, content)


def install(run_id: str, name: str) -> None:
    """Put a finished run's model in place; the one that was there stays among the versions.

    Args:
        run_id: of a run that finished.
        name: the model's, under ``models/``.

    Raises:
        MasklensError: the run is gone, not finished, or its files are not whole, or the name
            is that of something else; the installed model stays as it was.
    """
    folder = folder_of(run_id)
    run = job(run_id)
    report = read_values(folder / REPORT_FILE)
    if run.state != State.FINISHED or not report:
        raise MasklensError("Only a run that has finished can be installed.")
    packed = packed_model(folder, name)
    card = packed.card
    made_by = dict(card.get("made_by") or {})
    command = install_command(run_id, name, card.get("data", ""), card.get("not_sure"))
    made_by["install"] = {**made_by.get("install", {}), "command": command}
    card |= {"name": name, "title": run.name, "made_by": made_by}
    try:
        put_in_place(name, packed.content, card, report)
    except OSError as error:
        raise MasklensError(
            "The model could not be installed, and the one in use stays: its files cannot be"
            " written. The models' folder may not be written to, or the disk is full."
        ) from error
