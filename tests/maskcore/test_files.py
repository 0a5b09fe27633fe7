from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from maskcore import files
from maskcore.errors import MasklensError
from maskcore.files import check_results, patiently, replacing, write_json, write_text


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


@pytest.mark.parametrize("there", [True, False])
def test_a_link_goes_on_pointing_to_what_is_replaced(tmp_path: Path, there: bool) -> None:
    (tmp_path / "store").mkdir()
    target, link = tmp_path / "store" / "kept", tmp_path / "best.weights.h5"
    if there:
        target.write_bytes(b"old")
    link_to(target, link)

    check_results([link], [])
    with replacing(link) as temporary:
        assert temporary.suffixes == link.suffixes
        temporary.write_bytes(b"new")

    assert link.is_symlink() and link.read_bytes() == b"new"
    assert listing(tmp_path / "store") == {"kept": b"new"}


def link_to(target: Path, link: Path) -> None:
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("links may not be made here")


def test_a_circle_of_links_is_a_file_like_others(tmp_path: Path) -> None:
    circle = tmp_path / "a.jpg"
    link_to(circle, circle)

    check_results([tmp_path / "a.csv"], [circle])
    with pytest.raises(MasklensError, match="would replace"):
        check_results([circle], [circle])


def test_results_do_not_take_the_place_of_a_device() -> None:
    with pytest.raises(MasklensError, match=f"{os.devnull} is no ordinary file"):
        check_results([Path(os.devnull)], [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("linked", [False, True])
def test_results_do_not_take_the_place_of_a_pipe(tmp_path: Path, linked: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        link_to(pipe, tmp_path / "link")

    with pytest.raises(MasklensError, match="is no ordinary file"):
        check_results([tmp_path / "link" if linked else pipe], [])


def test_results_do_not_take_the_place_of_a_file_that_may_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "a.csv"
    kept.touch(0o444)
    # An administrator may write all the same.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (kept, os.W_OK))

    with pytest.raises(MasklensError, match="a.csv may only be read"):
        check_results([kept], [])
    check_results([tmp_path / "b.csv"], [kept])


@pytest.mark.parametrize("name", ["best.weights.h5", "photo.jpg", "no suffix"])
def test_temporary_lies_beside_with_the_same_suffixes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / "folder" / name

    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary != path
        assert temporary.suffixes == path.suffixes

    assert path.read_bytes() == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(
    ("umask", "before", "after"),
    [
        (0o022, None, 0o644),
        (0o077, None, 0o600),
        (0o002, None, 0o664),
        (0o077, 0o600, 0o600),
        (0o022, 0o600, 0o600),
        (0o077, 0o644, 0o644),
        (0o022, 0o444, 0o444),
    ],
)
def test_who_may_read_it_stays_as_it_was_else_as_for_every_new_file(
    tmp_path: Path, umask: int, before: int | None, after: int
) -> None:
    path = tmp_path / "card.json"
    if before is not None:
        path.touch()
        path.chmod(before)
    usual = os.umask(umask)
    try:
        with replacing(path) as temporary:
            assert temporary.stat().st_mode & 0o077 & ~after == 0  # nor may they meanwhile
            temporary.write_bytes(b"new")
    finally:
        os.umask(usual)

    assert path.stat().st_mode & 0o777 == after
    assert listing(tmp_path) == {"card.json": b"new"}


def refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[Path]:
    """Let moving fail so often, as under Windows while somebody reads; the targets are noted."""
    replace, asked = os.replace, []

    def refuse(source: Path, target: Path) -> None:
        asked.append(target)
        if len(asked) <= times:
            raise PermissionError(13, "Access is denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    return asked


def test_a_file_that_somebody_has_open_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = refusing(monkeypatch, 2)

    write_text(tmp_path / "a.csv", "new")

    assert asked == [tmp_path / "a.csv"] * 3
    assert listing(tmp_path) == {"a.csv": b"new"}


@pytest.mark.parametrize(("seconds", "once"), [(0.0, True), (0.1, False)])
def test_a_file_that_stays_open_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, once: bool
) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", seconds)
    (tmp_path / "a.csv").write_bytes(b"old")
    asked = refusing(monkeypatch, 1_000_000)

    with pytest.raises(PermissionError):
        write_text(tmp_path / "a.csv", "new")

    assert (len(asked) == 1) == once
    assert listing(tmp_path) == {"a.csv": b"old"}


def test_other_errors_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 20.0)
    asked = []

    def fail() -> None:
        asked.append(1)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        patiently(fail)
    assert asked == [1]


def test_text_is_utf_8_with_newlines_as_given(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "Jos\u00e9\r\n\u05e9\n")

    assert (tmp_path / "a.csv").read_bytes() == b"Jos\xc3\xa9\r\n\xd7\xa9\n"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "old")

    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.csv", "\udce9")

    assert listing(tmp_path) == {"a.csv": b"old"}


def test_json_is_read_as_it_was_written_also_names_that_are_no_utf_8(tmp_path: Path) -> None:
    values = {
        "photo": "ä \N{FACE WITH MEDICAL MASK}",
        "folder": "caf\udce9",
        "n": [1, None],
    }
    write_json(tmp_path / "a" / "b.json", values)
    text = (tmp_path / "a" / "b.json").read_text(encoding="utf-8")
    assert json.loads(text) == values
    assert "ä \N{FACE WITH MEDICAL MASK}" in text
    assert text.endswith("}\n")
    with pytest.raises(TypeError):
        write_json(tmp_path / "a" / "b.json", {"of": tmp_path})
    assert listing(tmp_path / "a") == {"b.json": text.encode()}
    with pytest.raises(FileNotFoundError):
        write_json(tmp_path / "c" / "b.json", {}, make_folder=False)


def test_a_link_to_a_drive_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    link = tmp_path / "table.csv"
    link_to(tmp_path / "drive" / "a" / "table.csv", link)
    with pytest.raises(MasklensError, match="there is no folder"):
        check_results([link], [])
