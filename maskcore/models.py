"""The installed models: ``models/<name>/`` with model.tflite, card.json and report.json."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskcore.errors import ModelError

MODEL_FILE = "model.tflite"
CARD_FILE = "card.json"
REPORT_FILE = "report.json"

# Those that others replaced, in the models' folder.
VERSIONS_DIR = ".versions"
# Putting a model in place takes two moves, between which there is none for a moment; under
# Windows whoever reads it may be in the way of the second one.
SWAP_SECONDS = 0.5 if sys.platform == "win32" else 0.05


@dataclass(frozen=True)
class StoredModel:
    """A model as read from disk, its checksum verified.

    Attributes:
        name: the folder's name, by which people choose it.
        card: card.json: what the model is, how its input is made, where it comes from.
        content: the bytes of model.tflite.
    """

    name: str
    card: dict[str, Any]
    content: bytes


def models_dir() -> Path:
    """The folder of installed models: ``$MASKLENS_MODELS``, else ``models/`` of this checkout."""
    setting = os.environ.get("MASKLENS_MODELS")
    return Path(setting) if setting else Path(__file__).resolve().parent.parent / "models"


def installed_models(kind: str) -> list[str]:
    """Names of the installed models of one kind ("classifier" or "detector"), sorted.

    A folder whose card cannot be read is left out: choosing among what works must
    not fail because of what does not.
    """
    names = []
    # A folder behind a dot is one that an installation just fills, or left half full.
    for card_path in sorted(models_dir().glob(f"[!.]*/{CARD_FILE}")):
        try:
            if read_card(card_path.parent.name).get("kind") == kind:
                names.append(card_path.parent.name)
        except ModelError:
            continue
    return names


def check_installed(name: str) -> None:
    """Refuse the name of a classifier that is not there.

    Raises:
        ModelError: there is no such folder; the message names those that there are.
    """
    if not (models_dir() / name).is_dir():
        known = ", ".join(installed_models("classifier")) or "none"
        raise ModelError(f"There is no model {name}. Installed are: {known}.")


def read_card(name: str) -> dict[str, Any]:
    """Read a model's card.

    Raises:
        ModelError: there is no such model, or its card is not a JSON object.
    """
    try:
        return _read_card(name)
    except ModelError as error:
        is_away = isinstance(error.__cause__, FileNotFoundError | PermissionError)
        if not is_away or not (models_dir() / VERSIONS_DIR / name).is_dir():
            raise  # damaged, or nothing ever replaced it
        time.sleep(SWAP_SECONDS)
        return _read_card(name)


def _read_card(name: str) -> dict[str, Any]:
    return _read_json(models_dir() / name / CARD_FILE, name)


def card_text(name: str) -> str:
    """A model's card as text, which tells the model from what replaces it under its name.

    Returns:
        JSON; empty where no card can be read, as for Haar and YuNet, which have none.
    """
    try:
        return json.dumps(read_card(name), sort_keys=True)
    except ModelError:
        return ""


def read_report(name: str) -> dict[str, Any]:
    """Read a model's report of measured figures.

    Raises:
        ModelError: there is no such model, or its report is not a JSON object.
    """
    return _read_json(models_dir() / name / REPORT_FILE, name)


def checksums(*names: str) -> dict[str, str]:
    """The SHA-256 of those of these models that are installed, as their cards have it."""
    found = {}
    for name in names:
        with suppress(ModelError, KeyError):
            found[name] = str(read_card(name)["sha256"])
    return found


def scene_report(
    detector: str, model: str, folds: bool = False, finding_alone: bool = False
) -> dict[str, Any] | None:
    """Measured figures of both on annotated scenes, ``models/scenes/<model>/<detector>.json``.

    Args:
        detector, model: their names.
        folds: those in ``models/scenes/<model>/folds``, of networks trained like these on
            other scenes than they were asked about.
        finding_alone: for how many faces are found, which does not depend on the mask model:
            another version of that one will do.

    Returns:
        What ``python -m training evaluate-scenes --out`` wrote, or None where it is missing,
        damaged, or of another version of one of them: figures inform, and nothing depends on
        them.
    """
    folder = models_dir() / "scenes" / model
    path = (folder / "folds" if folds else folder) / f"{detector}.json"
    try:
        report = _read_json(path, detector)
    except ModelError:
        return None
    names = [detector] if finding_alone else [detector, model]
    noted = report.get("sha256")
    if finding_alone and isinstance(noted, dict):
        noted = {name: checksum for name, checksum in noted.items() if name == detector}
    return report if noted == checksums(*names) else None


def load_model(name: str) -> StoredModel:
    """Read a model and check that its bytes are those its card vouches for.

    Args:
        name: folder name under ``models_dir()``.

    Raises:
        ModelError: a file is missing, a Git LFS pointer, damaged, or does not match
            the SHA-256 in the card; the message names the file and the mend.
    """
    try:
        return _load(name)
    except ModelError:
        # Another model may just have been put in place, between reading card and file.
        time.sleep(SWAP_SECONDS)
        return _load(name)


def _load(name: str) -> StoredModel:
    card = _read_card(name)
    path = models_dir() / name / MODEL_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{_short(path)} cannot be read. {_mend(name)}") from error
    if content.startswith(b"version https://git-lfs"):
        raise ModelError(
            f"{_short(path)} is only a Git LFS pointer, not the model. Run: git lfs pull"
        )
    expected = card.get("sha256")
    if hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(
            f"{_short(path)} is damaged: its SHA-256 is not the one in {CARD_FILE}. {_mend(name)}"
        )
    return StoredModel(name, card, content)


def _read_json(path: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{_short(path)} is missing. {_mend(name)}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{_short(path)} is damaged. {_mend(name)}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{_short(path)} is damaged: it must hold a JSON object. {_mend(name)}")
    return value


def _short(path: Path) -> str:
    # Messages reach visitors of the page: name the file, not the machine's folders.
    return "/".join(path.parts[-3:])


def _mend(name: str) -> str:
    return (
        f"Bring it back with: git restore models/{name}"
        f" (or install a trained model: python -m training install RUN_DIR --name {name})"
    )
