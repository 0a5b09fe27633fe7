"""Folders on the server: which may be chosen, and how their photos are taken in."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import IO

import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from training.photos import folder_intake
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.folder_intake import (
    ROOTS_VARIABLE,
    folder_on_server,
    is_elsewhere,
    is_ready,
    plan_folder,
    take_in_folder,
)
from training.photos.intake import kept_names
from training.photos.offered import Skip


@pytest.fixture(autouse=True)
def no_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOTS_VARIABLE, raising=False)


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., ImageRgb]) -> Path:
    """Two masked and one bare photo, deep, under names of their own, and other things."""
    root = tmp_path / "photos"
    for number, name in enumerate(["A/Maske/x/1.jpg", "A/Maske/2.jpg", "A/ohne Maske/3.jpg"]):
        stream = io.BytesIO()
        Image.fromarray(make_photo(number, size_wh=(64, 48))).save(stream, "JPEG")
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(stream.getvalue())
    (root / "A" / "notes.txt").write_text("x")
    (root / ".git").mkdir()
    (root / ".git" / "mask.jpg").write_text("x")
    return root


def test_on_one_s_own_computer_any_folder_may_be_chosen(photos: Path) -> None:
    assert folder_on_server(str(photos), only_this_computer=True) == photos.resolve()
    assert folder_on_server(f' "{photos}" ', only_this_computer=True) == photos.resolve()


def test_visitors_from_elsewhere_get_none(photos: Path) -> None:
    with pytest.raises(MasklensError, match="not open to visitors.*MASKLENS_DATA_ROOTS"):
        folder_on_server(str(photos), only_this_computer=False)


@pytest.mark.parametrize("only_this_computer", [True, False])
def test_roots_hold_for_everybody(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_this_computer: bool
) -> None:
    other = tmp_path / "other"
    (other / "deep").mkdir(parents=True)
    (tmp_path / "photos-too").mkdir()
    monkeypatch.setenv(ROOTS_VARIABLE, os.pathsep.join([str(photos), "", str(other)]))
    for allowed in (photos, photos / "A", other / "deep"):
        assert folder_on_server(str(allowed), only_this_computer) == allowed.resolve()
    link = photos / "link"
    link.symlink_to(tmp_path)
    refused = [tmp_path, tmp_path / "photos-too", photos / "..", photos / ".." / "nothing", link]
    sentences = set()
    for path in refused:
        with pytest.raises(MasklensError) as error:
            folder_on_server(str(path), only_this_computer)
        sentences.add(str(error.value))
    assert len(sentences) == 1  # what is there and what is not sound the same
    assert sentences.pop().startswith(f"Only folders below {photos}, {other} may")


@pytest.mark.parametrize(
    ("path", "elsewhere"),
    [
        (r"C:\photos\a", False),
        (r"D:\photos", False),  # a disk of this computer, and refused later
        (r"\\School\share\photos", False),
        (r"\\attacker\x", True),
        ("//attacker/x/y", True),
        (r"\\school\other", True),
        (r"\\?\UNC\attacker\x\y", True),
        (r"\\.\pipe\x", True),
    ],
)
def test_windows_paths_to_other_computers_are_known(path: str, elsewhere: bool) -> None:
    roots = [PureWindowsPath(r"c:\photos"), PureWindowsPath(r"\\school\share\photos")]
    assert is_elsewhere(PureWindowsPath(path), roots) is elsewhere


def test_another_computer_is_refused_before_it_is_looked_at(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(type(Path())):  # type: ignore[misc]
        drive = r"\\attacker\x"

        def resolve(self, strict: bool = False) -> Path:
            raise AssertionError("looked at")

    monkeypatch.setattr(folder_intake, "allowed_roots", lambda: (photos,))
    monkeypatch.setattr(folder_intake, "Path", Elsewhere)
    with pytest.raises(MasklensError, match=f"Only folders below {photos} may be chosen here"):
        folder_on_server(str(photos), only_this_computer=False)


@pytest.mark.parametrize("text", ["", ".", "photos", "../photos"])
def test_a_path_must_be_whole(text: str) -> None:
    with pytest.raises(MasklensError, match="whole path"):
        folder_on_server(text, only_this_computer=True)


def test_what_is_no_folder_is_a_sentence(photos: Path) -> None:
    for path in (photos / "nothing", photos / "A" / "notes.txt"):
        with pytest.raises(MasklensError, match="no such folder"):
            folder_on_server(str(path), only_this_computer=True)
    with pytest.raises(MasklensError, match="not the path of a folder"):
        folder_on_server("/a\0b", only_this_computer=True)


def test_class_folders_with_our_names_need_no_copy(photos: Path) -> None:
    assert not is_ready(photos)
    for name in (WITH_MASK, WITHOUT_MASK):
        (photos / name).mkdir()
    assert is_ready(photos)


@pytest.mark.parametrize(
    ("link", "target", "ready"),
    [
        ("with_mask", "../../private", False),
        ("with_mask/1.jpg", "../../../private/1.jpg", False),
        ("without_mask/deep/1.jpg", "../../../../private/1.jpg", False),
        ("with_mask/1.jpg", "../runs/data/abc/1.jpg", False),  # another visitor's
        ("with_mask/1.jpg", "1.jpg", True),  # leads to itself: nothing is there
        ("with_mask/1.jpg", "../pool/1.jpg", True),
        ("with_mask", "pool", True),
    ],
)
def test_a_folder_with_links_is_used_where_it_is_only_if_they_stay_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, target: str, ready: bool
) -> None:
    root = tmp_path / "open" / "set"
    monkeypatch.setenv("MASKLENS_RUNS", str(root / "runs"))
    for folder in (tmp_path / "private", root / "pool", root / "runs" / "data" / "abc"):
        folder.mkdir(parents=True)
        (folder / "1.jpg").write_text("x")
    for name in ("with_mask", "without_mask/deep"):
        if name != link:
            (root / name).mkdir(parents=True)
    (root / "without_mask" / "2.jpg").write_text("x")
    (root / link).symlink_to(target)
    # Who may choose any folder has no need of a link.
    assert is_ready(root)
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path / "open"))
    assert is_ready(root) is ready
    assert is_ready(root.resolve()) is ready


def test_a_folder_is_taken_in_like_an_archive(photos: Path, tmp_path: Path) -> None:
    (photos / "A" / "Maske" / "link.jpg").symlink_to("/etc/passwd")
    (photos / "A" / "Maske" / "broken.jpg").write_text("x")
    os.mkfifo(photos / "A" / "Maske" / "pipe.jpg")
    (photos / "B").mkdir()
    (photos / "B" / "4.png").write_text("x")
    plan = plan_folder(photos)
    assert [(f.name, f.photos, f.label) for f in plan] == [
        ("A/Maske", 3, WITH_MASK),
        ("A/ohne Maske", 1, WITHOUT_MASK),
        ("B", 1, None),
    ]
    shares: list[float] = []
    classes = {f.name: f.label for f in plan if f.label}
    report = take_in_folder(photos, classes, tmp_path / "data", shares.append)
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}
    assert report.skipped == {Skip.LINK: 1, Skip.NO_PHOTO: 3, Skip.NOT_CHOSEN: 1}
    assert report.left_out == (
        "Left out: files that are no photos (3: notes.txt, broken.jpg, pipe.jpg), links to other"
        " files (1: link.jpg), photos in other folders (1)."
    )
    assert shares[-1] == 1.0
    kept = kept_names(tmp_path / "data")
    assert set(kept) == {"with_mask/2.jpg", "with_mask/x/1.jpg", "without_mask/3.jpg"}
    for name, source in (
        ("with_mask/x/1.jpg", "Maske/x/1"),
        ("without_mask/3.jpg", "ohne Maske/3"),
    ):
        taken = (tmp_path / "data" / kept[name]).read_bytes()
        assert taken == (photos / "A" / f"{source}.jpg").read_bytes()
    originals = {path.read_bytes() for path in (photos / "A").rglob("[123].jpg")}
    assert {path.read_bytes() for path in (tmp_path / "data").rglob("*.jpg")} == originals


def test_a_photo_that_cannot_be_read_to_its_end_costs_itself_alone(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BadDisk(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    def opened(self: Path, mode: str) -> IO[bytes]:
        return BadDisk() if self.name == "1.jpg" else io.FileIO(self, mode)

    monkeypatch.setattr(Path, "open", opened)
    classes = {"A/Maske": WITH_MASK, "A/ohne Maske": WITHOUT_MASK}
    report = take_in_folder(photos, classes, tmp_path / "data")
    assert report.photos == {WITH_MASK: 1, WITHOUT_MASK: 1}
    assert report.skipped[Skip.DAMAGED] == 1


def test_one_class_leaves_nothing(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="without mask"):
        take_in_folder(photos, {"A/Maske": WITH_MASK}, tmp_path / "data")
    assert list(tmp_path.iterdir()) == [photos]


def test_what_visitors_brought_is_nobody_else_s(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders that may be chosen may well hold the runs' folder."""
    monkeypatch.setenv("MASKLENS_RUNS", str(photos / "runs"))
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path))
    theirs = photos / "runs" / "data" / "abc" / "mask"
    theirs.mkdir(parents=True)
    (theirs / "face.jpg").write_bytes((photos / "A" / "Maske" / "2.jpg").read_bytes())
    for folder in (theirs, theirs.parent, theirs.parent.parent):
        with pytest.raises(MasklensError, match="what visitors brought"):
            folder_on_server(str(folder), only_this_computer=True)
    for folder in (photos, photos / "runs"):
        assert folder_on_server(str(folder), only_this_computer=True) == folder.resolve()
    assert [folder.name for folder in plan_folder(photos.resolve())] == [
        "A/Maske",
        "A/ohne Maske",
    ]


def test_a_whole_disk_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_intake, "MAX_FILES", 3)
    with pytest.raises(MasklensError, match="more than 3 files"):
        plan_folder(photos)
