from __future__ import annotations

import os
from pathlib import Path

import pytest

from maskcore.files import replacing, write_text


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("before", [{}, {"card.json": b"old"}])
def test_body_that_fails_changes_nothing(tmp_path: Path, before: dict[str, bytes]) -> None:
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)

    with pytest.raises(RuntimeError, match="^disk on fire$"):
        with replacing(tmp_path / "card.json") as temporary:
            temporary.write_bytes(b"half of the new")
            raise RuntimeError("disk on fire")

    assert listing(tmp_path) == before


def test_interruption_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "card.json"):
        raise KeyboardInterrupt

    assert listing(tmp_path) == {}


def test_old_file_stays_whole_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b"old")

    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"

    assert listing(tmp_path) == {"card.json": b"new"}


def test_place_that_cannot_be_taken_leaves_no_temporary(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError):
        write_text(tmp_path / "folder", "text")

    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["best.weights.h5", "photo.jpg", "no suffix"])
def test_temporary_lies_beside_with_the_same_suffixes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / "folder" / name

    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary != path
        assert temporary.suffixes == path.suffixes

    assert path.read_bytes() == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("before", [None, 0o600])
def test_file_can_be_read_by_others(tmp_path: Path, before: int | None) -> None:
    path = tmp_path / "card.json"
    if before:
        path.touch(before)

    write_text(path, "text")

    assert path.stat().st_mode & 0o777 == 0o644


def test_text_is_utf_8_with_newlines_as_given(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "Jos\u00e9\r\n\u05e9\n")

    assert (tmp_path / "a.csv").read_bytes() == b"Jos\xc3\xa9\r\n\xd7\xa9\n"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "old")

    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.csv", "\udce9")

    assert listing(tmp_path) == {"a.csv": b"old"}
