"""The classes that YOLO's numbers stand for, from classes.txt or the data.yaml of a data set."""

from __future__ import annotations

import re
from pathlib import Path

from maskcore.errors import MasklensError
from training.class_names import KNOWN, face_label

CLASSES_FILE = "classes.txt"
YAML_FILE = "data.yaml"
# Those that come first count.
NAMES_FILES = (CLASSES_FILE, YAML_FILE)

_KEY = re.compile(r"names[ \t]*:(?:[ \t]+|$)")
# In quotes, in which a quote of the same kind is doubled or, in "", escaped; or plain.
_SCALAR = re.compile(
    r"""\s*(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\.)*)"|((?!-\s)[^\s,\[\]{}#'"][^,\[\]{}#]*))"""
)
_COMMENT = re.compile(r"(?:^|\s)#.*$")


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
    """Read the one key: a list or a mapping of numbers, on one line or on several."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _KEY.match(line)]
    try:
        if len(starts) != 1:
            raise ValueError(f"names must be there once, got {len(starts)}")
        first = _COMMENT.sub("", _KEY.sub("", lines[starts[0]], count=1)).strip()
        rest = lines[starts[0] + 1 :]
        after = "\n".join([first, *rest]).lstrip()
        items = _flow(after) if first or after[:1] in ("[", "{") else _block(rest)
        return _in_order(items)
    except ValueError as error:
        raise MasklensError(
            f"{YAML_FILE} must list the classes in order under names, such as"
            ' names: ["without_mask", "with_mask"].'
        ) from error


def _block(lines: list[str]) -> list[tuple[str | None, str]]:
    """Items one a line: "- name" or "0: name", up to the next key."""
    items: list[tuple[str | None, str]] = []
    for line in lines:
        if not _COMMENT.sub("", line).strip():
            continue
        item = re.match(r"\s*-\s+(.*)$|\s+['\"]?(\d+)['\"]?\s*:\s+(.*)$", line)
        if item is None:
            if line[0].isspace():
                raise ValueError(f"an item of a list was expected, got {line!r}")
            break
        dashed, number, named = item.groups()
        name, end = _scalar(dashed if number is None else named, 0)
        if _COMMENT.sub("", (dashed if number is None else named)[end:]).strip():
            raise ValueError(f"one name was expected, got {line!r}")
        items.append((number, name))
    return items


def _flow(text: str) -> list[tuple[str | None, str]]:
    """Items between brackets: [name, name] or {0: name, 1: name}."""
    text = "\n".join(_COMMENT.sub("", line) for line in text.splitlines())
    closing = {"[": "]", "{": "}"}.get(text[:1])
    if closing is None:
        raise ValueError(f"a list was expected, got {text[:40]!r}")
    items: list[tuple[str | None, str]] = []
    at = 1
    while True:
        at = _past_blanks(text, at)
        if text[at : at + 1] == closing:
            return items
        number = None
        if closing == "}":
            key = re.compile(r"['\"]?(\d+)['\"]?\s*:\s+").match(text, at)
            if key is None:
                raise ValueError(f"a number was expected, got {text[at : at + 40]!r}")
            number, at = key[1], key.end()
        name, at = _scalar(text, at)
        items.append((number, name))
        at = _past_blanks(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != closing:
            raise ValueError(f"the end of a list was expected, got {text[at : at + 40]!r}")


def _past_blanks(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _scalar(text: str, at: int) -> tuple[str, int]:
    """A name that begins at a place of a text, and where it ends."""
    found = _SCALAR.match(text, at)
    if found is None:
        raise ValueError(f"a name was expected, got {text[at : at + 40]!r}")
    single, double, bare = found.groups()
    if single is not None:
        return single.replace("''", "'"), found.end()
    return (bare.strip() if double is None else re.sub(r"\\(.)", r"\1", double)), found.end()


def _in_order(items: list[tuple[str | None, str]]) -> list[str]:
    if not items:
        raise ValueError("there is no name")
    numbered = {int(number): name for number, name in items if number is not None}
    if not numbered:
        return [name for _, name in items]
    if sorted(numbered) != list(range(len(items))):
        raise ValueError(f"numbers from 0 on were expected, got {sorted(numbered)}")
    return [numbered[number] for number in range(len(items))]
