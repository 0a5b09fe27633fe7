from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.images import encode_image
from maskcore.types import ImageRgb
from tests.full_disk import filled_by_others, full_disk
from training.annotated.scenes import read_scenes
from training.measuring import own_files
from training.measuring.own_files import OwnFiles, folder_files, unpack
from training.photos import data_folders
from training.photos.archive import read_plan, take_in
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.folder_intake import ROOTS_VARIABLE
from training.photos.intake import kept_names


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


def test_of_a_photo_with_two_annotations_pascal_voc_is_taken(tmp_path: Path) -> None:
    names = ["a/images/1.jpg", "a/labels/1.txt", "a/annotations/1.xml"]
    names += ["a/images/2.jpg", "a/labels/2.txt", "a/classes.txt"]
    files = unpack(packed({name: name.encode() for name in names}), tmp_path)
    assert by_owner_s_name(files) == {
        "a/images/1.jpg": ("images", b"a/images/1.jpg"),
        "a/annotations/1.xml": ("annotations", b"a/annotations/1.xml"),
        "a/images/2.jpg": ("images", b"a/images/2.jpg"),
        "a/labels/2.txt": ("labels", b"a/labels/2.txt"),
        "classes.txt": ("labels", b"a/classes.txt"),
    }
    assert len(written(tmp_path)) == len(files.names)


def test_labels_that_are_not_taken_need_no_list_of_classes(tmp_path: Path) -> None:
    files = {"a/1.jpg": b"1", "a/annotations/1.xml": b"", "a/labels/1.txt": b""}
    lists = {"a/labels/classes.txt": b"mask", "b/labels/classes.txt": b"bare"}
    unpack(packed({**files, **lists}), tmp_path)
    assert set(written(tmp_path)) == {"images/00001.jpg", "annotations/00001.xml"}


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


def test_names_are_those_under_which_the_same_archive_is_trained_on(
    make_photo: Callable[..., ImageRgb], tmp_path: Path
) -> None:
    names = ["s/train/Mask/1.jpg", "s/test/Mask/1.jpg", "s/No mask/x/2.JPG", "s/new/3.jpg"]
    files = {name: encode_image(make_photo(number)) for number, name in enumerate(names)}
    stream = packed(files | {"s/Mask/broken.jpg": b"x"})
    classes = {folder.name: folder.label or WITHOUT_MASK for folder in read_plan(stream)}
    classes["s/No mask"] = WITH_MASK  # whatever the visitor says of a folder here
    take_in(stream, classes, tmp_path / "data")
    (tmp_path / "own").mkdir()
    measured = unpack(stream, tmp_path / "own")
    kept = kept_names(tmp_path / "data")
    # Those that no folder's name puts in a class are measured under no name; here by their path.
    same = set(measured.names.values()) - {"with_mask/broken.jpg"}
    assert set(kept) == same | {"s/new/3.jpg"}
    assert set(kept) >= {"with_mask/s/test/Mask/1.jpg", "without_mask/x/2.JPG"}
    for file, name in measured.names.items():
        if name in kept:
            content = (tmp_path / "data" / kept[name]).read_bytes()
            assert content == (tmp_path / "own" / file).read_bytes()


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
        (
            ["classes.txt", "images/x.jpg", "labels/x.txt"],
            {"images/00001.jpg", "labels/00001.txt", "labels/classes.txt"},
        ),
        (
            ["set/images/x.jpg", "set/labels/x.txt", "set/classes.txt", "set/readme.txt"],
            {"images/00001.jpg", "labels/00001.txt", "labels/classes.txt"},
        ),
        (
            ["data.yaml", "train/images/x.jpg", "train/labels/x.txt", "README.roboflow.txt"],
            {"images/00001.jpg", "labels/00001.txt", "labels/data.yaml"},
        ),
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
        assert files.name_of(place) in (content.decode(), "classes.txt", "data.yaml")


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
    files = unpack(stream, tmp_path)
    assert set(files.names.values()) == {"with_mask/2.jpg", "without_mask/3.jpg"}
    assert files.refused == ("with_mask/1.jpg",)
    monkeypatch.setattr(own_files, "MAX_TOTAL_BYTES", 7)
    with pytest.raises(MasklensError, match="more than 0 GB once unpacked"):
        unpack(stream, tmp_path)


def test_a_disk_that_others_fill_meanwhile_is_not_filled_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = packed({"mask/1.jpg": b"1", "mask/2.jpg": b"2", "nomask/3.jpg": b"3"})
    monkeypatch.setattr(data_folders.shutil, "disk_usage", filled_by_others(2))
    with pytest.raises(MasklensError, match="Less than 2 GB are free"):
        unpack(stream, tmp_path)


def damaged(files: dict[str, bytes], name: str) -> io.BytesIO:
    """An archive of these files in which a byte of one is another."""
    content = packed(files).getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        place = archive.getinfo(name).header_offset + 30 + len(name)
    return io.BytesIO(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])


def test_an_annotated_photo_that_is_damaged_does_not_end_the_measurement(
    tmp_path: Path, make_photo: Callable[..., ImageRgb]
) -> None:
    photo = encode_image(make_photo(1))
    files = {"s/images/1.jpg": photo, "s/images/2.jpg": photo, "s/classes.txt": b"mask"}
    files |= {f"s/labels/{number}.txt": b"0 .5 .5 .1 .1" for number in (1, 2)}
    unpacked = unpack(damaged(files, "s/images/1.jpg"), tmp_path)
    assert unpacked.refused == ("s/images/1.jpg",)
    assert [scene.image_path.name for scene in read_scenes(tmp_path)] == ["00002.jpg"]
    with pytest.raises(MasklensError, match="No photo here could be read"):
        only = {name: content for name, content in files.items() if "2." not in name}
        unpack(damaged(only, "s/images/1.jpg"), tmp_path)


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


def test_lists_of_classes_are_no_boxes(tmp_path: Path) -> None:
    stream = packed({"mask/1.jpg": b"1", "bare/2.jpg": b"2", "classes.txt": b"", "data.yaml": b""})
    files = unpack(stream, tmp_path)
    assert (files.annotated, len(files.names)) == (False, 2)
    with pytest.raises(MasklensError, match="neither folders with and without masks"):
        unpack(packed({"labels/1.txt": b"", "classes.txt": b"mask"}), tmp_path)


@pytest.mark.parametrize(
    "notes",
    [
        ["info.xml"],
        ["labels/notes.txt"],
        ["annotations/info.xml", "images/readme.jpg"],
        ["with_mask/1.xml", "without_mask/1.xml"],
    ],
)
def test_class_folders_beside_a_few_notes_are_class_folders(
    tmp_path: Path, notes: list[str]
) -> None:
    photos = [f"{folder}/{number}.jpg" for folder in (WITH_MASK, WITHOUT_MASK) for number in "123"]
    content = {name: b"x" for name in [*photos, *notes]}
    (tmp_path / "into").mkdir()
    files = unpack(packed(content), tmp_path / "into")
    assert (files.annotated, set(files.names.values())) == (False, set(photos))
    root = in_folder(tmp_path / "own", list(content))
    assert folder_files(root, tmp_path / "not needed") == OwnFiles(root, False)


def test_scenes_beside_class_folders_are_scenes_in_an_archive_and_in_a_folder(
    tmp_path: Path,
) -> None:
    crops = [f"{folder}/{number}.jpg" for folder in (WITH_MASK, WITHOUT_MASK) for number in "123"]
    scene = ["images/1.jpg", "annotations/1.xml"]
    (tmp_path / "into").mkdir()
    files = unpack(packed({name: b"x" for name in [*crops, *scene]}), tmp_path / "into")
    assert (files.annotated, set(files.names.values())) == (True, set(scene))
    root = in_folder(tmp_path / "own", [*crops, *scene])
    assert folder_files(root, tmp_path / "not needed") == OwnFiles(root, True)


def test_class_folders_of_which_most_photos_have_boxes_are_annotated(tmp_path: Path) -> None:
    names = [f"{folder}/1{kind}" for folder in ("mask", "bare") for kind in (".jpg", ".xml")]
    files = unpack(packed({name: b"x" for name in [*names, "mask/2.jpg"]}), tmp_path)
    assert (files.annotated, set(files.names.values())) == (True, set(names))


def test_the_list_of_classes_above_the_others_counts(tmp_path: Path) -> None:
    scene = {"a/images/1.jpg": b"1", "a/labels/1.txt": b"0 .5 .5 .1 .1"}
    lists = {
        "a/labels/classes.txt": b"no_mask",
        "a/classes.txt": b"mask",
        "b/classes.txt": b"mask\n",
    }
    unpack(packed({**scene, **lists}), tmp_path)
    assert (tmp_path / "labels" / "classes.txt").read_bytes() == b"mask"
    lists["b/classes.txt"] = b"no_mask"
    with pytest.raises(MasklensError, match="several: a/classes.txt, b/classes.txt"):
        unpack(packed({**scene, **lists}), tmp_path)
    many = {f"{number}/classes.txt": b"mask" for number in range(own_files._MAX_LISTS + 1)}
    with pytest.raises(MasklensError, match="One classes.txt is needed for all photos"):
        unpack(packed({**scene, **many}), tmp_path)


@pytest.mark.parametrize(
    ("lists", "chosen"),
    [
        ({"a/classes.txt": "mask\nbare", "b/labels/classes.txt": "bare\nmask"}, None),
        ({"a/labels/classes.txt": "mask\nbare", "b/c/classes.txt": "bare\nmask"}, None),
        ({"a/classes.txt": "mask\nbare", "b/data.yaml": "names: [bare, mask]"}, None),
        ({"data.yaml": "names: [mask, bare]", "b/labels/classes.txt": "bare\nmask"}, None),
        ({"a/classes.txt": "mask\nbare", "b/data.yaml": "names: [mask, bare]"}, "classes.txt"),
        ({"classes.txt": "mask\nbare", "b/data.yaml": "names: [bare, mask]"}, "classes.txt"),
        ({"data.yaml": "names: [mask, bare]", "b/data.yaml": "names: [bare]"}, "data.yaml"),
        ({"labels/classes.txt": "mask\nbare", "labels/b/classes.txt": "mask"}, "classes.txt"),
        ({"labels/classes.txt": "mask\nbare", "data.yaml": "names: [mask]"}, "classes.txt"),
    ],
)
def test_numbers_of_one_set_are_not_read_by_the_list_of_another(
    tmp_path: Path, lists: dict[str, str], chosen: str | None
) -> None:
    files = {name: b"0 .5 .5 .1 .1" for name in ("a/1.jpg", "a/labels/1.txt")}
    stream = packed({**files, **{name: text.encode() for name, text in lists.items()}})
    if chosen is None:
        with pytest.raises(MasklensError, match="needed for all photos, but there are several"):
            unpack(stream, tmp_path)
    else:
        unpack(stream, tmp_path)
        expected = next(text for name, text in lists.items() if name.endswith(chosen))
        assert (tmp_path / "labels" / chosen).read_text() == expected


@pytest.mark.parametrize("above", ["", "our set/"])
@pytest.mark.parametrize("name, names", [("classes.txt", "no mask\nmask"), ("data.yaml", "")])
def test_scenes_with_names_at_the_top_are_read(
    tmp_path: Path, make_photo: Callable[..., ImageRgb], above: str, name: str, names: str
) -> None:
    photo = io.BytesIO()
    Image.fromarray(make_photo(1)).save(photo, "JPEG")
    unpack(
        packed(
            {
                f"{above}images/a.jpg": photo.getvalue(),
                f"{above}labels/a.txt": b"1 .5 .5 .1 .1\n0 .5 .5 .1 .1",
                f"{above}{name}": (names or "names:\n  0: no mask\n  1: mask\n").encode(),
            }
        ),
        tmp_path,
    )
    (scene,) = read_scenes(tmp_path)
    assert [face.label for face in scene.faces] == [1, 0]


def test_photos_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    stream = packed({"train/mask/1.jpg": b"1", "test/mask/1.jpg": b"2", "bare/1.jpg": b"3"})
    assert set(unpack(stream, tmp_path).names.values()) == {
        "with_mask/train/mask/1.jpg",
        "with_mask/test/mask/1.jpg",
        "without_mask/1.jpg",
    }


def in_folder(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


@pytest.mark.parametrize(
    ("names", "annotated"),
    [
        (["with_mask/1.jpg", "without_mask/deeper/1.jpg"], False),
        (["images/1.jpg", "annotations/1.xml"], True),
        (["images/1.jpg", "labels/1.txt", "classes.txt"], True),
    ],
)
def test_a_folder_of_this_machine_is_taken_as_it_is(
    tmp_path: Path, names: list[str], annotated: bool
) -> None:
    files = folder_files(in_folder(tmp_path, names), tmp_path / "not needed")
    assert (files.root, files.annotated, files.names) == (tmp_path, annotated, {})
    assert files.name_of("with_mask/1.jpg") == "with_mask/1.jpg"


def by_owner_s_name(files: OwnFiles) -> dict[str, tuple[str, bytes]]:
    """What became of each file: its folder and its content."""
    return {
        name: (place.split("/")[0], (files.root / place).read_bytes())
        for place, name in files.names.items()
    }


@pytest.mark.parametrize(
    "names",
    [
        ["Mask/anna.jpg", "No Mask/ben.jpg", "No Mask/notes.txt"],
        ["with_mask/1.jpg", "ohne Maske/2.jpg"],
        ["set/with_mask/1.jpg", "set/without_mask/1.jpg", "set/other/1.jpg"],
        ["with_mask/1.jpg"],
        ["set/images/1.jpg", "set/annotations/1.xml"],
        ["train/images/1.jpg", "train/labels/1.txt", "valid/images/2.jpg", "data.yaml"],
        ["images/train/1.jpg", "labels/train/1.txt", "labels/classes.txt"],
    ],
)
def test_what_serves_in_an_archive_serves_in_a_folder(tmp_path: Path, names: list[str]) -> None:
    root = in_folder(tmp_path / "own", names)
    for folder in ("into", "copies"):
        (tmp_path / folder).mkdir()
    expected = unpack(packed({name: name.encode() for name in names}), tmp_path / "into")
    files = folder_files(root, tmp_path / "copies")
    assert files.root == tmp_path / "copies"
    assert files.annotated is expected.annotated
    assert by_owner_s_name(files) == by_owner_s_name(expected)
    assert len(files.names) == len(written(files.root))
    assert set(written(root)) == set(names)


@pytest.mark.parametrize("names", [[], ["labels/classes.txt"], ["cats/1.jpg"], ["1.jpg"]])
def test_a_folder_that_does_not_serve_is_refused(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "own").mkdir()
    with pytest.raises(MasklensError, match="neither folders with and without masks"):
        folder_files(in_folder(tmp_path / "own", names), tmp_path)


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = in_folder(tmp_path / "own", ["Mask/1.jpg", "No Mask/2.jpg"])

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(MasklensError, match="could not be stored: the disk may be full"):
        folder_files(root, tmp_path)


@pytest.mark.parametrize(
    ("link", "names"),
    [
        ("with_mask", ["with_mask/1.jpg", "without_mask/1.jpg"]),
        ("without_mask/1.jpg", ["with_mask/1.jpg", "without_mask/1.jpg"]),
        ("images", ["images/1.jpg", "annotations/1.xml", "with_mask/1.jpg", "without_mask/1.jpg"]),
        ("images/1.jpg", ["images/1.jpg", "annotations/1.xml"]),
        ("annotations", ["images/1.jpg", "annotations/1.xml"]),
        ("labels/1.txt", ["images/1.jpg", "labels/1.txt", "classes.txt"]),
        ("classes.txt", ["images/1.jpg", "labels/1.txt", "classes.txt"]),
        ("data.yaml", ["images/1.jpg", "labels/1.txt", "data.yaml"]),
    ],
)
def test_links_do_not_lead_out_of_what_is_open_to_visitors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, names: list[str]
) -> None:
    root, into = in_folder(tmp_path / "open" / "set", names), tmp_path / "into"
    private = tmp_path / "private"
    into.mkdir()
    private.mkdir()
    monkeypatch.setenv(ROOTS_VARIABLE, str(root.parent))
    assert folder_files(root, into).root == root
    (root / link).rename(private / "x")
    (root / link).symlink_to(private / "x")
    with suppress(MasklensError):  # what is left may not serve
        assert folder_files(root, into).root == into
    behind = {name.encode() for name in names if name.startswith(link)}
    assert behind and behind.isdisjoint(written(into).values())


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    root = in_folder(tmp_path / "own", ["Mask/1.jpg", "No Mask/2.jpg", "elsewhere/3.jpg"])
    (root / "Mask" / "4.jpg").symlink_to(root / "elsewhere" / "3.jpg")
    files = folder_files(root, tmp_path)
    assert set(files.names.values()) == {"with_mask/1.jpg", "without_mask/2.jpg"}
