"""Wrong labels found by people: photos to be left out of the data, or moved to the other class."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from maskcore.errors import MasklensError
from training.photos.class_names import CLASS_FOLDERS


@dataclass(frozen=True)
class Corrections:
    """By a photo's name relative to the data's folder, with forward slashes.

    Attributes:
        leave_out: photos not to be used.
        labels: of photos in the wrong class folder, their true label: 1 mask, 0 no mask.
        hashes: of some of them, ``training.photos.intake.content_hash`` as they were marked.
    """

    leave_out: frozenset[str] = frozenset()
    labels: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.leave_out | set(self.labels))


NONE = Corrections()
# Half a minute of reading for everybody, and some hundred MB, is what more could take; a list of
# as many photos as are taken in has some 4 MB.
_MAX_BYTES = 8 * 2**20


def read_corrections(path: Path) -> Corrections:
    """Read a list from a file; see ``parse_corrections``.

    Raises:
        MasklensError: the file is missing or not such a list.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _no_list(path.name) from error
    return parse_corrections(content, path.name)


def parse_corrections(content: bytes, name: str) -> Corrections:
    """Read a list as the Metrics page exports it, JSON in UTF-8:
    {"leave_out": [name, ...], "relabel": {name: "with_mask" or "without_mask", ...}},
    and "hashes": {name: hash, ...} where it knows some.

    Args:
        content: the file's.
        name: what to call it.

    Raises:
        MasklensError: it is not such a list.
    """
    if len(content) > _MAX_BYTES:
        raise _no_list(name)
    try:
        values = json.loads(content)
        names, classes = values["leave_out"], values["relabel"]
        if not isinstance(names, list) or not isinstance(classes, dict):
            raise TypeError("leave_out must be a list and relabel an object")
        if not all(isinstance(name, str) for name in names):
            raise TypeError("leave_out must hold file names")
        hashes = values.get("hashes", {})
        if not isinstance(hashes, dict) or not all(isinstance(h, str) for h in hashes.values()):
            raise TypeError("hashes must be an object of strings")
        labels = {name: CLASS_FOLDERS.index(folder) for name, folder in classes.items()}
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _no_list(name) from error
    return Corrections(frozenset(names), labels, hashes)


def _no_list(name: str) -> MasklensError:
    return MasklensError(f"{name} does not hold corrections. Export the list on the Metrics page.")
