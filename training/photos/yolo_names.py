"""The classes that YOLO's numbers stand for, from classes.txt or the data.yaml of a data set."""

from __future__ import annotations

from pathlib import Path

import yaml

from maskcore.errors import MasklensError
from training.photos.class_names import KNOWN, face_label

CLASSES_FILE = "classes.txt"
YAML_FILE = "data.yaml"
# Those that come first count.
NAMES_FILES = (CLASSES_FILE, YAML_FILE)

# None that people write comes near it; to read more takes its time.
_LONGEST_YAML = 100_000


def class_names(root: Path) -> list[str]:
    """Read the names of a YOLO data set's classes, in the order of their numbers.

    ``classes.txt`` names a class a line, or several known ones with blanks between them.
    Where there is none, ``data.yaml`` has them under ``names``, as a list or by number. Both
    lie in the data set's folder or in its labels/.

    Returns:
        The names as they are written; whether they are known is not looked at.

    Raises:
        MasklensError: there is neither file, or data.yaml has no names.
    """
    for name in NAMES_FILES:
        for path in (root / name, root / "labels" / name):
            if path.is_file():
                return listed_names(name, path.read_bytes())
    raise MasklensError(
        f"{CLASSES_FILE} is missing: it must name the classes, one a line and in order, of {KNOWN};"
        f" or {YAML_FILE} must, under names."
    )


def listed_names(name: str, content: bytes) -> list[str]:
    """The classes in a file of ``NAMES_FILES``, as ``class_names`` reads it.

    Raises:
        MasklensError: data.yaml has no names.
    """
    # Windows' editor begins a file with a mark; what is no UTF-8 is an unknown class.
    text = content.decode("utf-8-sig", errors="replace")
    return _of_lines(text) if name == CLASSES_FILE else _of_yaml(text)


def _of_lines(text: str) -> list[str]:
    names: list[str] = []
    for line in text.splitlines():
        parts = line.split()
        # "with mask" is one class, "with_mask without_mask" are two.
        apart = not _known(line) and all(_known(part) for part in parts)
        names += parts if apart else [line.strip()]
    return names


def _known(name: str) -> bool:
    try:
        face_label(name)
    except KeyError:
        return False
    return True


def _of_yaml(text: str) -> list[str]:
    try:
        if len(text) > _LONGEST_YAML:
            raise ValueError(f"at most {_LONGEST_YAML} characters, got {len(text)}")
        # Of all loaders this makes strings, lists and dictionaries alone: a class "no" stays one.
        names = yaml.load(text, Loader=yaml.BaseLoader)["names"]
        if isinstance(names, dict):
            numbered = {int(number): name for number, name in names.items()}
            names = [numbered[number] for number in range(len(numbered))]
        # What came instead is not shown: written out, a few aliases of aliases fill the memory.
        if not names or not isinstance(names, list):
            raise TypeError("a list of names was expected")
        if not all(isinstance(name, str) and name for name in names):
            raise TypeError("names were expected")
        return names
    except (yaml.YAMLError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise MasklensError(
            f"{YAML_FILE} must list the classes in order under names, such as"
            ' names: ["without_mask", "with_mask"].'
        ) from error
