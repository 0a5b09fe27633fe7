from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from maskcore.errors import MasklensError
from training import own_files
from training.own_files import folder_files, unpack


def packed(files: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return stream


def written(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_class_folders_of_any_depth_are_taken_with_their_owner_s_names(tmp_path: Path) -> None:
    stream = packed(
        {
            "set/With Mask/anna.JPG": b"1",
            "set/With Mask/deeper/ben.png": b"2",
            "set/no_mask/carl.jpg": b"3",
            "set/other/dora.jpg": b"4",
            "set/readme.txt": b"5",
            "__MACOSX/with_mask/eve.jpg": b"6",
        }
    )
    shares: list[float] = []
    files = unpack(stream, tmp_path, shares.append)
    assert not files.annotated
    assert written(tmp_path) == {
        "with_mask/00001.jpg": b"1",
        "with_mask/00002.png": b"2",
        "without_mask/00003.jpg": b"3",
    }
    assert files.names == {
        "with_mask/00001.jpg": "with_mask/anna.JPG",
        "with_mask/00002.png": "with_mask/deeper/ben.png",
        "without_mask/00003.jpg": "without_mask/carl.jpg",
    }
    assert shares == sorted(shares) and shares[0] == 0


@pytest.mark.parametrize(
    "names, expected",
    [
        (
            ["a/images/1.jpg", "a/annotations/1.xml", "b/images/1.jpg", "b/annotations/1.xml"],
            {"images/00001.jpg", "annotations/00001.xml", "images/00002.jpg"}
            | {"annotations/00002.xml"},
        ),
        (["1.png", "1.xml", "2.png"], {"images/00001.png", "annotations/00001.xml"}),
        (
            ["images/train/x.jpg", "labels/train/x.txt", "labels/classes.txt", "notes.txt"],
            {"images/00001.jpg", "labels/00001.txt", "labels/classes.txt"},
        ),
        (["images/1.jpg", "annotations/1.xml", "annotations/gone.xml"], None),
    ],
)
def test_photos_and_their_boxes_stay_together(
    tmp_path: Path, names: list[str], expected: set[str] | None
) -> None:
    files = unpack(packed({name: name.encode() for name in names}), tmp_path)
    assert files.annotated
    found = written(tmp_path)
    assert set(found) == (expected or {"images/00001.jpg", "annotations/00001.xml"})
    for place, content in found.items():
        stem = Path(content.decode()).stem
        twin = [other for other in found if Path(other).stem == Path(place).stem]
        assert {Path(found[other].decode()).stem for other in twin} == {stem}
        assert files.name_of(place) in (content.decode(), "classes.txt")


@pytest.mark.parametrize(
    "name",
    ["../with_mask/1.jpg", "/with_mask/1.jpg", "C:/with_mask/1.jpg", "with_mask/../../1.jpg"],
)
def test_nothing_leaves_the_folder(tmp_path: Path, name: str) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(MasklensError, match="neither folders with and without masks"):
        unpack(packed({name: b"1"}), into)
    assert written(tmp_path) == {}


def test_files_larger_than_allowed_are_left_out_and_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_files, "MAX_BYTES", 5)
    stream = packed({"mask/1.jpg": b"123456", "mask/2.jpg": b"12345", "nomask/3.jpg": b"123"})
    assert set(unpack(stream, tmp_path).names.values()) == {"with_mask/2.jpg", "without_mask/3.jpg"}
    monkeypatch.setattr(own_files, "MAX_TOTAL_BYTES", 7)
    with pytest.raises(MasklensError, match="more than 0 GB once unpacked"):
        unpack(stream, tmp_path)


def test_what_is_refused_does_not_cost_time_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_files, "MAX_BYTES", 10)
    monkeypatch.setattr(own_files, "MAX_REFUSED", 2)
    files = {f"with_mask/{number}.jpg": b"x" * 11 for number in range(2)}
    files["without_mask/1.jpg"] = b"fits"
    assert len(unpack(packed(files), tmp_path).names) == 1
    files["with_mask/3.jpg"] = b"x" * 11
    with pytest.raises(MasklensError, match="More than 2 files"):
        unpack(packed(files), tmp_path)


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="not a ZIP archive"):
        unpack(io.BytesIO(b"photos"), tmp_path)


def test_a_folder_of_this_machine_is_taken_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(MasklensError, match="neither folders with and without masks"):
        folder_files(tmp_path)
    (tmp_path / "with_mask").mkdir()
    files = folder_files(tmp_path)
    assert (files.root, files.annotated) == (tmp_path, False)
    assert files.name_of("with_mask/1.jpg") == "with_mask/1.jpg"
    (tmp_path / "labels").mkdir()
    assert folder_files(tmp_path).annotated
