"""Putting models in place in one step, and keeping what was there before.

``models/<name>`` is the model in use; earlier ones lie in ``models/.versions/<name>/<id>``.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskcore.detection import DETECTOR_NAMES
from maskcore.errors import MasklensError
from maskcore.files import move, replacing, write_json
from maskcore.locks import models_guard
from maskcore.models import CARD_FILE, MODEL_FILE, REPORT_FILE, VERSIONS_DIR, models_dir
from training.job_files import read_values
from training.provenance import began_with_a_model

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_FILLING = ".filling"  # ends the name of the folder of ``put_in_place``


@dataclass(frozen=True)
class Version:
    """One model that was installed under a name.

    Attributes:
        id: names it among the versions of that name.
        created: when it was made, seconds since 1970; 0 where its card does not say.
        title: what to call it.
        accuracy: on its own test photos, 0..1; None where it is not known.
        current: whether it is the one in use.
        began_with_a_model: see ``training.provenance.began_with_a_model``.
    """

    id: str
    created: float
    title: str
    accuracy: float | None
    current: bool
    began_with_a_model: bool = False


def versions(name: str) -> list[Version]:
    """Every version of a model that can be had, newest first."""
    check_name(name)
    mend(name)
    return _listed(name)


def _listed(name: str) -> list[Version]:
    found = [(models_dir() / name, True)]
    found += [(folder, False) for folder in _kept(name)]
    read = [_read(folder, current) for folder, current in found if (folder / MODEL_FILE).is_file()]
    return sorted(read, key=lambda version: (version.created, version.id), reverse=True)


def restore(name: str, version_id: str) -> None:
    """Bring a version back, older or newer; the one in use stays among the versions.

    Raises:
        MasklensError: there is no such version, or the files cannot be moved.
    """
    check_name(name)
    mend(name)
    wanted = models_dir() / VERSIONS_DIR / name / version_id
    try:
        with models_guard():
            if any(version.current and version.id == version_id for version in _listed(name)):
                return
            if not _ID.fullmatch(version_id) or not (wanted / MODEL_FILE).is_file():
                raise MasklensError("This version is gone. Choose another one.")
            _swap(name, wanted)
    except OSError as error:
        raise MasklensError(
            "The version could not be brought back, and the one in use stays: its files cannot"
            " be moved. Close what has them open, then try again."
        ) from error


def mend(name: str) -> None:
    """Bring back what was in use where a kill between two moves left no model in its place."""
    target = models_dir() / name
    if (target / MODEL_FILE).is_file() or not _kept(name):
        return
    with suppress(OSError), models_guard():  # another visitor's installation may just end
        kept = _kept(name)
        if not kept or (target / MODEL_FILE).is_file():
            return
        if target.exists():  # what was written beside a model that had just moved away
            move(target, kept[0].with_name(f"rest-{secrets.token_hex(4)}"))
        move(max(kept, key=lambda folder: folder.stat().st_mtime), target)


def mend_all() -> None:
    """``mend`` every model; one that is not in its place is in no list of models.

    What a kill left of a model not yet put in place is thrown away.
    """
    for folder in (models_dir() / VERSIONS_DIR).glob("[!.]*"):
        mend(folder.name)
    if _half_filled():
        with suppress(OSError), models_guard():  # none is being filled now
            for folder in _half_filled():
                shutil.rmtree(folder, ignore_errors=True)


def _half_filled() -> list[Path]:
    return list(models_dir().glob(f".*-*{_FILLING}"))


def check_name(name: str) -> None:
    """Raise a MasklensError for a name that does not serve as a model's folder."""
    if not name.isidentifier():
        raise MasklensError(
            f"A model's name has letters, digits and underscores only, got {name!r}."
        )


def check_free(name: str, kind: str) -> None:
    """Raise a MasklensError where no model of this kind can be called so.

    Another kind's models and other folders stay; a model with a damaged card may be replaced.
    """
    check_name(name)
    folder = models_dir() / name
    there = (read_values(folder / CARD_FILE) or {}).get("kind")
    is_damaged = there is None and (folder / MODEL_FILE).is_file()
    is_else = folder.exists() and there != kind and not is_damaged
    # Figures of finders are kept by their names, which need no folder of their own.
    is_kept_free = kind == "classifier" and name.casefold() in (*DETECTOR_NAMES, "scenes")
    if is_else or is_kept_free:
        raise MasklensError(f"Something else is called {name!r} here. Choose another name.")
    # Windows and Macs take both for the same folder.
    names = [path.name for path in models_dir().glob("*")]
    alike = next((other for other in names if other.casefold() == name.casefold()), name)
    if name not in names and alike != name:
        raise MasklensError(
            f"{alike!r}, which is here already, differs by capitals alone. Choose another name, or"
            " exactly that one."
        )


def put_in_place(
    name: str, content: bytes, card: dict[str, Any], report: dict[str, Any] | None = None
) -> Path:
    """Replace the folder of a model as a whole: a reader sees the old files or the new.

    Args:
        name: the folder's name under ``models/``.
        content: of model.tflite.
        card, report: of card.json and report.json.

    Returns:
        The folder.

    Raises:
        MasklensError: the name is no folder's, or that of something else than such a model.
        OSError: the files cannot be written or moved.
    """
    check_free(name, card["kind"])
    with models_guard():  # from the first file on: ``mend_all`` throws half a model away
        # Not by tempfile, whose folders nobody else may read, under Windows for good.
        fresh = models_dir() / f".{name}-{secrets.token_hex(4)}{_FILLING}"
        fresh.mkdir()
        try:
            with replacing(fresh / MODEL_FILE) as path:
                path.write_bytes(content)
            write_json(fresh / CARD_FILE, card)
            if report is not None:
                write_json(fresh / REPORT_FILE, report)
            _swap(name, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return models_dir() / name


def _swap(name: str, fresh: Path) -> None:
    """Move a folder in as the model in use, and the one in use among the versions.

    The guard must be held.
    """
    target, kept = models_dir() / name, models_dir() / VERSIONS_DIR / name
    if not target.exists():
        move(fresh, target)
        return
    retired = kept / _read(target, True).id
    if retired.exists():
        shutil.rmtree(retired)
    retired.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        os.utime(target)  # the latest to be retired: see ``mend``
    move(target, retired)
    try:
        move(fresh, target)
    except OSError:
        move(retired, target)
        raise
    # The very same model, from before or just retired: once is enough.
    shutil.rmtree(kept / _read(target, True).id, ignore_errors=True)


def _kept(name: str) -> list[Path]:
    """The folders of earlier versions, oldest first."""
    return sorted(
        path
        for path in (models_dir() / VERSIONS_DIR / name).glob("*")
        if _ID.fullmatch(path.name) and (path / MODEL_FILE).is_file()
    )


def _read(folder: Path, current: bool) -> Version:
    """What a model's folder says of it; its id follows from when it was made and its bytes."""
    card = read_values(folder / CARD_FILE) or {}
    made_by = card.get("made_by")
    stamps = [
        step.get("created")
        for step in (made_by.values() if isinstance(made_by, dict) else [])
        if isinstance(step, dict)
    ]
    created = max((_seconds(stamp) for stamp in stamps), default=0.0)
    try:
        accuracy = float(card["figures"]["test"]["accuracy"]["value"])
    except (KeyError, TypeError, ValueError):
        accuracy = None
    title = card.get("title") or f"Model of {datetime.fromtimestamp(created):%d %B %Y, %H:%M}"
    stamp = f"{datetime.fromtimestamp(created, UTC):%Y%m%d-%H%M%S}"
    digest = re.sub(r"[^0-9a-f]", "", str(card.get("sha256", "")))[:8].ljust(8, "0")
    return Version(
        id=f"{stamp}-{digest}" if current else folder.name,
        created=created,
        title=str(title),
        accuracy=accuracy,
        current=current,
        began_with_a_model=began_with_a_model(card),
    )


def _seconds(stamp: Any) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (TypeError, ValueError):
        return 0.0
