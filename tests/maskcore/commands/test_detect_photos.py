"""``detect``: which photos are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from maskcore import __main__ as cli
from maskcore.images import encode_image
from tests.maskcore.commands.three_photos import json_lines, photo

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.mark.parametrize("pattern", ["b.*", "?.JPG", "**/b.JPG", "**/b.*"])
def test_patterns_are_expanded_where_the_shell_left_them(
    photos: Path, capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    copies = photos.parent / "copies"
    assert cli.main(["detect", str(photos / pattern), "--annotated", str(copies)]) == 0
    assert capsys.readouterr().out.startswith(f"{photos}/b.JPG: 2 faces")
    assert len([path for path in copies.rglob("*") if path.is_file()]) == 1


def test_a_photo_whose_name_looks_like_a_pattern_is_that_photo(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        named = (photos / "b.JPG").rename(photos / "[ab]?.JPG")
    except OSError:
        pytest.skip("this file system refuses such names")
    assert cli.main(["detect", str(named)]) == 0
    assert capsys.readouterr().out.startswith(f"{named}: 2 faces")
    assert cli.main(["detect", str(photos / "[ab]*.JPG")]) == 0
    assert capsys.readouterr().out.startswith(f"{named}: 2 faces")
    named.rename(photos / "a.JPG")
    assert cli.main(["detect", str(photos / "[ab].JPG")]) == 1
    assert "[ab].JPG: This file" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["missing.jpg", "notes.txt"])
def test_path_that_is_no_photo_is_not_passed_over(
    photos: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert cli.main(["detect", str(photos / name), str(photos / "b.JPG"), "--json", "-"]) == 1

    missing, good = json_lines(capsys.readouterr().out)
    assert missing["error"] and missing["faces"] == []
    assert good["error"] is None and len(good["faces"]) == 2


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("name", ["sub", "."])
def test_folder_that_cannot_be_read_is_not_passed_over(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    copies: bool,
) -> None:
    locked, scandir = photos / name, os.scandir

    def refuse(path: str | Path = ".") -> object:
        if Path(path) == locked:  # an administrator may read it all the same
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    options = ["--annotated", str(tmp_path / "copies")] if copies else []

    assert cli.main(["detect", str(photos), "--json", "-", *options]) == 1

    shown = capsys.readouterr()
    *good, unread = json_lines(shown.out)
    assert [record["image"] for record in good] == [f"{photos.as_posix()}/b.JPG"] * len(good)
    assert len(good) == (name == "sub")
    assert unread["image"] == locked.as_posix() and unread["faces"] == []
    assert str(unread["error"]).startswith("This folder cannot be read")
    assert f"1 could not be read: {locked.as_posix()}\n" in shown.err


@pytest.mark.parametrize("name", ["System Volume Information", ".Trashes"])
def test_folders_that_systems_keep_on_every_drive_are_passed_over(
    photos: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (photos / name).mkdir()
    (photos / "sub" / "broken.png").unlink()
    scandir = os.scandir

    def refuse(path: str | Path = ".") -> object:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert cli.main(["detect", str(photos)]) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_photo_that_may_be_listed_but_not_looked_at_is_not_passed_over(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = photos / "sub" / "deep" / "a.png"

    def refusing(look: Callable[..., object]) -> Callable[..., object]:
        def refuse(path: object, **how: object) -> object:
            if path in (hidden, str(hidden)):  # an administrator may look all the same
                raise PermissionError(13, "Permission denied", str(path))
            return look(path, **how)

        return refuse

    monkeypatch.setattr(os, "stat", refusing(os.stat))
    monkeypatch.setattr(os, "lstat", refusing(os.lstat))

    assert cli.main(["detect", str(photos), "--json", "-"]) == 1

    *_, unread = json_lines(capsys.readouterr().out)
    assert unread["image"] == hidden.as_posix()
    assert str(unread["error"]).startswith("This file cannot be opened")


def test_folders_and_files_that_are_linked(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        for link, target in [("a.jpg", "a.jpg"), ("b.jpg", "lost"), ("c.jpg", "a.png")]:
            (photos / "sub" / "deep" / link).symlink_to(target)
        (photos / "again").symlink_to(photos / "sub")
        (photos / "again.jpg").symlink_to(photos / "sub")
    except OSError:
        pytest.skip("links may not be made here")
    (photos / "sub" / "broken.png").unlink()

    cli.main(["detect", str(photos)])

    shown = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    names = ["b.JPG", "sub/deep/a.png", "sub/deep/c.jpg"]
    assert shown == [f"{photos.as_posix()}/{name}" for name in names]
    circle = photos / "sub" / "deep" / "a.jpg"
    assert cli.main(["detect", str(circle), str(photos / "b.JPG"), "--json", "-"]) == 1
    unread, good = json_lines(capsys.readouterr().out)
    assert unread["error"] and good["error"] is None


def test_files_without_a_suffix_are_taken_if_they_begin_as_pictures(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "noext").write_bytes(encode_image(photo()))
    (photos / ".hidden").write_bytes(encode_image(photo(), "PNG"))
    (photos / "LICENSE").write_text("no photo")
    (photos / "photo.backup").write_bytes(encode_image(photo()))

    cli.main(["detect", str(photos)])

    shown = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    names = [".hidden", "b.JPG", "noext", "sub/broken.png", "sub/deep/a.png"]
    assert shown == [f"{photos.as_posix()}/{name}" for name in names]


def test_what_macs_put_beside_each_photo_is_none(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "._b.JPG").write_bytes(b"\0\5\x16\7")
    (photos / "sub" / "broken.png").unlink()
    assert cli.main(["detect", str(photos)]) == 0
    assert "._" not in capsys.readouterr().out


def test_without_photos_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["detect", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "There are no photos here.\n")
