"""ZIP archives: what is proposed, what is taken, what is refused, what stays behind."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

from maskcore.errors import MasklensError
from maskcore.types import ImageRgb
from tests.full_disk import filled_by_others, full_disk
from training.photos import archive, data_folders, intake, offered
from training.photos.archive import read_plan, take_in
from training.photos.class_names import WITH_MASK, WITHOUT_MASK, deciding_folder
from training.photos.intake import OWNER_NAMES_FILE, kept_names
from training.photos.offered import MAX_FOLDERS, Skip

MakePhoto = Callable[..., ImageRgb]
BOTH = {"with_mask": WITH_MASK, "without_mask": WITHOUT_MASK}


@pytest.fixture(scope="session")
def jpegs(make_photo: MakePhoto) -> list[bytes]:
    """Four small photos."""
    files = []
    for number in range(4):
        stream = io.BytesIO()
        Image.fromarray(make_photo(number, size_wh=(64, 48))).save(stream, "JPEG")
        files.append(stream.getvalue())
    return files


@pytest.fixture
def good(jpegs: list[bytes]) -> dict[str, bytes]:
    return {
        "with_mask/a.jpg": jpegs[0],
        "with_mask/b.jpg": jpegs[1],
        "without_mask/c.jpg": jpegs[2],
    }


def packed(files: Mapping[str | zipfile.ZipInfo, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as target:
        for name, content in files.items():
            target.writestr(name, content, None if isinstance(name, str) else name.compress_type)
    return stream.getvalue()


def central_headers(data: bytes) -> list[int]:
    """Where the entries of the archive's list begin."""
    start, found = 0, []
    while (at := data.find(b"PK\x01\x02", start)) >= 0:
        found.append(at)
        start = at + 4
    return found


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def refused(data: bytes, tmp_path: Path, classes: Mapping[str, str] = BOTH) -> str:
    """The sentence with which an archive is refused; nothing of it stays behind."""
    with pytest.raises(MasklensError) as error:
        take_in(io.BytesIO(data), classes, tmp_path / "data")
    assert list(tmp_path.iterdir()) == []
    sentence = str(error.value)
    assert sentence.endswith(".")
    return sentence


def files_in(folder: Path) -> list[str]:
    """The photos."""
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name != OWNER_NAMES_FILE
    )


def place(label: str, number: int, content: bytes, suffix: str = ".jpg") -> str:
    return f"{label}/{number:04d}-{hashlib.sha256(content).hexdigest()[:8]}{suffix}"


def test_the_plan_names_folders_classes_and_counts(jpegs: list[bytes]) -> None:
    data = packed(
        {
            "set/Train/Mask/1.jpg": jpegs[0],
            "set/Train/Mask/anna/2.JPG": jpegs[1],
            "set/Train/no mask/3.png": jpegs[2],
            "set/other/4.webp": jpegs[3],
            "set/readme.txt": b"hello",
            "__MACOSX/set/Train/Mask/._1.jpg": b"x",
            "top.jpg": jpegs[3],
        }
    )
    found = [(f.name, f.photos, f.label) for f in read_plan(io.BytesIO(data))]
    assert found == [
        ("", 1, None),
        ("set/Train/Mask", 2, WITH_MASK),
        ("set/Train/no mask", 1, WITHOUT_MASK),
        ("set/other", 1, None),
    ]


def test_photos_get_names_of_our_own_and_the_content_is_unchanged(
    good: dict[str, bytes], tmp_path: Path
) -> None:
    into = tmp_path / "data"
    shares: list[float] = []
    report = take_in(io.BytesIO(packed(good)), BOTH, into, shares.append)
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}
    assert report.skipped == {}
    assert report.left_out == ""
    a, b, c = good.values()
    places = [place(WITH_MASK, 1, a), place(WITH_MASK, 2, b), place(WITHOUT_MASK, 1, c)]
    assert files_in(into) == places
    assert kept_names(into) == dict(zip(good, places, strict=True))
    kept = [(into / name).read_bytes() for name in files_in(into)]
    assert kept == list(good.values())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert stat.S_IMODE(into.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [into]


def test_the_suffix_follows_the_content(
    good: dict[str, bytes], make_photo: MakePhoto, tmp_path: Path
) -> None:
    stream = io.BytesIO()
    Image.fromarray(make_photo(9, size_wh=(40, 40))).save(stream, "PNG")
    take_in(
        io.BytesIO(packed({**good, "with_mask/z.jpg": stream.getvalue()})), BOTH, tmp_path / "data"
    )
    assert place(WITH_MASK, 3, stream.getvalue(), ".png") in files_in(tmp_path / "data")


def test_the_visitor_s_word_on_classes_counts(good: dict[str, bytes], tmp_path: Path) -> None:
    turned = {"with_mask": WITHOUT_MASK, "without_mask": WITH_MASK}
    report = take_in(io.BytesIO(packed(good)), turned, tmp_path / "data")
    assert report.photos == {WITH_MASK: 1, WITHOUT_MASK: 2}


@pytest.mark.parametrize("text", [None, "", "[1]", '{"a.jpg": 1}'])
def test_photos_used_in_place_have_no_other_names(tmp_path: Path, text: str | None) -> None:
    if text is not None:  # somebody's own file
        (tmp_path / OWNER_NAMES_FILE).write_text(text)
    assert kept_names(tmp_path) == {}


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/with_mask/x.jpg", Skip.ELSEWHERE),
        ("with_mask/../../x.jpg", Skip.ELSEWHERE),
        ("..\\with_mask\\x.jpg", Skip.ELSEWHERE),
        ("with_mask\\..\\x.jpg", Skip.ELSEWHERE),
        ("C:\\with_mask\\x.jpg", Skip.ELSEWHERE),
        ("c:/with_mask/x.jpg", Skip.ELSEWHERE),
        ("\\\\server\\with_mask\\x.jpg", Skip.ELSEWHERE),
        ("with_mask/x\n.jpg", Skip.ELSEWHERE),
        ("with_mask/" + "x" * 1_000 + ".jpg", Skip.UNUSUAL),
        ("with_mask/" + "x/" * 40 + "x.jpg", Skip.UNUSUAL),
        ("with_mask/inner.zip", Skip.ARCHIVE),
        ("with_mask/inner.tar.gz", Skip.ARCHIVE),
        ("with_mask/.x.jpg", Skip.HIDDEN),
        ("__MACOSX/with_mask/x.jpg", Skip.HIDDEN),
        ("with_mask/notes.txt", Skip.NO_PHOTO),
        ("with_mask/run.exe", Skip.NO_PHOTO),
        ("elsewhere/x.jpg", Skip.NOT_CHOSEN),
        ("x.jpg", Skip.NOT_CHOSEN),
    ],
)
def test_what_is_left_out_by_name(
    good: dict[str, bytes], jpegs: list[bytes], tmp_path: Path, name: str, reason: Skip
) -> None:
    report = take_in(io.BytesIO(packed({name: jpegs[3], **good})), BOTH, tmp_path / "data")
    assert report.skipped == {reason: 1}
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}
    unnamed = {Skip.HIDDEN: "1", Skip.NOT_CHOSEN: "1"}
    shown = name.replace("\n", "").replace("\\", "/").rpartition("/")[2]
    shown = shown if len(shown) < 40 else "x" * 39 + "…"
    assert report.left_out == f"Left out: {reason} ({unnamed.get(reason, f'1: {shown}')})."
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]


def test_the_first_few_that_are_left_out_are_named(good: dict[str, bytes], tmp_path: Path) -> None:
    more = {f"with_mask/{name}": b"x" for name in ("0.txt", "1.txt", "2.jpg", "3.txt")}
    data = packed({**good, **more})
    report = take_in(io.BytesIO(data), BOTH, tmp_path / "data")
    said = "files that are no photos (4: 0.txt, 1.txt, 2.jpg and others)"
    assert report.left_out == f"Left out: {said}."


def test_links_are_not_followed(good: dict[str, bytes], tmp_path: Path) -> None:
    entry = link("with_mask/link.jpg")
    report = take_in(io.BytesIO(packed({entry: b"/etc/passwd", **good})), BOTH, tmp_path / "data")
    assert report.skipped == {Skip.LINK: 1}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_backslashes_of_old_windows_programs_part_folders(
    jpegs: list[bytes], tmp_path: Path
) -> None:
    data = packed({"set\\with_mask\\a.jpg": jpegs[0], "set\\no_mask\\b.jpg": jpegs[1]})
    names = {f.name: f.label for f in read_plan(io.BytesIO(data))}
    assert names == {"set/no_mask": WITHOUT_MASK, "set/with_mask": WITH_MASK}
    report = take_in(io.BytesIO(data), names, tmp_path / "data")
    assert report.photos == {WITH_MASK: 1, WITHOUT_MASK: 1}


@pytest.mark.parametrize("said", [True, False])
def test_names_in_utf_8_are_understood_said_or_not(
    jpegs: list[bytes], tmp_path: Path, said: bool
) -> None:
    data = packed({"Für_alle/mask/ä.jpg": jpegs[0], "ohne Maske/b.jpg": jpegs[1]})
    if not said:  # the flag lies in the local and in the central header
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.index(mark) + offset
            assert struct.unpack_from("<H", data, at)[0] & 0x800
            data = patched(data, at, b"\0\0")
    names = {f.name: f.label for f in read_plan(io.BytesIO(data))}
    assert names == {"Für_alle/mask": WITH_MASK, "ohne Maske": WITHOUT_MASK}
    assert take_in(io.BytesIO(data), names, tmp_path / "data").photos[WITH_MASK] == 1


def test_names_in_an_old_code_page_do_no_harm(jpegs: list[bytes], tmp_path: Path) -> None:
    data = packed({"with_mask/aXb.jpg": jpegs[0], "no_mask/b.jpg": jpegs[1]})
    data = data.replace(b"aXb", b"a\x84b")  # ä in CP437, and no UTF-8
    classes = {"with_mask": WITH_MASK, "no_mask": WITHOUT_MASK}
    assert take_in(io.BytesIO(data), classes, tmp_path / "data").photos[WITH_MASK] == 1


def test_wrongly_encoded_names_are_one_sentence(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed({"with_mask/ä.jpg": b"x", **good})
    data = data.replace("ä".encode(), b"\xff\xfe")
    assert "wrongly encoded" in refused(data, tmp_path)
    with pytest.raises(MasklensError, match="wrongly encoded"):
        read_plan(io.BytesIO(data))


def test_a_file_that_only_claims_to_be_a_photo_is_left_out(
    good: dict[str, bytes], tmp_path: Path
) -> None:
    liars = {"with_mask/x.jpg": b"MZ" + bytes(900), "with_mask/y.png": packed(good)}
    report = take_in(io.BytesIO(packed({**liars, **good})), BOTH, tmp_path / "data")
    assert report.skipped == {Skip.NO_PHOTO: 2}
    assert len(files_in(tmp_path / "data")) == 3


def test_two_hundred_megabytes_of_zeros_need_little_memory(
    good: dict[str, bytes], tmp_path: Path
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        with target.open("with_mask/zeros.jpg", "w") as entry:
            for _ in range(200):
                entry.write(bytes(2**20))
        for name, content in good.items():
            target.writestr(name, content)
    assert len(stream.getvalue()) < 2**20
    tracemalloc.start()
    report = take_in(stream, BOTH, tmp_path / "data")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.skipped == {Skip.GROWS: 1}  # a tenth of it was unpacked
    assert most < 40 * 2**20
    assert len(files_in(tmp_path / "data")) == 3


def test_zeros_alone_are_refused(tmp_path: Path) -> None:
    sentence = refused(packed({"with_mask/zeros.jpg": bytes(40 * 2**20)}), tmp_path)
    assert "no usable photo with mask and none without mask" in sentence
    assert sentence.endswith(
        "Left out: files that unpack to far more than photos do (1: zeros.jpg)."
    )


def test_what_grows_out_of_proportion_is_left_out(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed({**good, "with_mask/zeros.jpg": bytes(5 * 2**20)})
    assert take_in(io.BytesIO(data), BOTH, tmp_path / "data").skipped == {Skip.GROWS: 1}


def test_the_total_is_counted_as_it_is_unpacked(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_TOTAL_BYTES", sum(map(len, good.values())))
    take_in(io.BytesIO(packed(good)), BOTH, tmp_path / "fits")
    monkeypatch.setattr(intake, "MAX_TOTAL_BYTES", sum(map(len, good.values())) - 1)
    (tmp_path / "less").mkdir()
    assert "once unpacked" in refused(packed(good), tmp_path / "less")


def test_a_disk_that_others_fill_meanwhile_is_not_filled_up(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folders.shutil, "disk_usage", filled_by_others(len(good) - 1))
    assert "Less than 2 GB are free" in refused(packed(good), tmp_path)


def test_a_list_that_states_small_sizes_gains_nothing(
    good: dict[str, bytes], tmp_path: Path
) -> None:
    data = packed({"with_mask/zeros.jpg": bytes(5 * 2**20), **good})
    at = central_headers(data)[0] + 24
    assert struct.unpack_from("<I", data, at)[0] == 5 * 2**20
    report = take_in(io.BytesIO(patched(data, at, struct.pack("<I", 100))), BOTH, tmp_path / "data")
    assert sum(report.skipped.values()) == 1
    assert len(files_in(tmp_path / "data")) == 3
    assert all(path.stat().st_size < 10_000 for path in tmp_path.rglob("*.jpg"))


def test_a_file_over_the_limit_is_left_out(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = max(map(len, good.values()))
    monkeypatch.setattr(intake, "MAX_BYTES", limit)
    larger = packed({**good, "with_mask/d.jpg": bytes(limit + 1)}, zipfile.ZIP_STORED)
    report = take_in(io.BytesIO(larger), BOTH, tmp_path / "data")
    assert report.skipped == {Skip.LARGE: 1}
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}


def test_a_list_that_states_large_sizes_changes_nothing(
    good: dict[str, bytes], tmp_path: Path
) -> None:
    data = packed(good)
    data = patched(data, central_headers(data)[0] + 24, struct.pack("<I", 2**31))
    report = take_in(io.BytesIO(data), BOTH, tmp_path / "data")
    assert report.photos == {WITH_MASK: 2, WITHOUT_MASK: 1}
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jpg")) == sum(
        map(len, good.values())
    )


def test_one_damaged_photo_costs_itself_alone(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed(good, zipfile.ZIP_STORED)
    at = data.index(good["with_mask/b.jpg"]) + 200
    report = take_in(io.BytesIO(patched(data, at, b"\0\1\2\3")), BOTH, tmp_path / "data")
    assert report.skipped == {Skip.DAMAGED: 1}


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_without_a_bound_are_not_unpacked(
    good: dict[str, bytes], tmp_path: Path, kind: int
) -> None:
    entry = zipfile.ZipInfo("with_mask/x.jpg")
    entry.compress_type = kind
    report = take_in(io.BytesIO(packed({entry: bytes(2**20), **good})), BOTH, tmp_path / "data")
    assert report.skipped == {Skip.UNUSUAL: 1}


def test_parts_that_overlap_are_refused(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed(good)
    first, second, _ = central_headers(data)
    # The second entry of the list points to the first one's bytes.
    (offset,) = struct.unpack_from("<I", data, first + 42)
    same = patched(data, second + 42, struct.pack("<I", offset))
    assert "overlap" in refused(same, tmp_path)
    # Or the first one reaches into the second.
    (size,) = struct.unpack_from("<I", data, first + 20)
    longer = patched(data, first + 20, struct.pack("<I", size + 1))
    assert "overlap" in refused(longer, tmp_path)
    with pytest.raises(MasklensError, match="overlap"):
        read_plan(io.BytesIO(same))


def test_a_password_is_refused(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed(good)
    at = central_headers(data)[1] + 8
    assert "password" in refused(patched(data, at, b"\1\0"), tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.8, 0.99])
def test_a_truncated_archive_is_refused(
    good: dict[str, bytes], tmp_path: Path, share: float
) -> None:
    data = packed(good)
    assert "damaged or incomplete" in refused(data[: round(len(data) * share)], tmp_path)


def test_the_end_alone_is_refused(good: dict[str, bytes], tmp_path: Path) -> None:
    data = packed(good)
    refused(b"PK" + data[central_headers(data)[0] :], tmp_path)


@pytest.mark.parametrize("data", [b"", b"hello", bytes(5000), b"Rar!\x1a\x07\x00"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "not a ZIP archive" in refused(data, tmp_path)


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    assert "is empty" in refused(packed({}), tmp_path)
    with pytest.raises(MasklensError, match="is empty"):
        read_plan(io.BytesIO(packed({})))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["inner.zip"], "lies another one. Unpack that one first"),
        (["Class 7b/notes.txt", "Class 7b/inner.rar"], "lies another one. Unpack that one first"),
        (["__MACOSX/inner.zip", "notes.txt"], "No photos were found"),
    ],
)
def test_an_archive_in_an_archive_is_said_to_be_one(names: list[str], sentence: str) -> None:
    with pytest.raises(MasklensError, match=sentence):
        read_plan(io.BytesIO(packed(dict.fromkeys(names, b"x"))))


def test_photos_beside_an_archive_are_asked_about(good: dict[str, bytes]) -> None:
    assert len(read_plan(io.BytesIO(packed({**good, "inner.zip": b"x"})))) == 2


def test_an_archive_without_photos_has_no_plan() -> None:
    with pytest.raises(MasklensError, match="No photos were found in this ZIP archive"):
        read_plan(io.BytesIO(packed({"with_mask/readme.txt": b"x", "mask/": b""})))


def test_one_class_is_refused(good: dict[str, bytes], tmp_path: Path) -> None:
    del good["without_mask/c.jpg"]
    sentence = refused(packed(good), tmp_path)
    assert "no usable photo without mask" in sentence
    assert "with mask and" not in sentence


def test_too_many_folders_are_refused(jpegs: list[bytes]) -> None:
    data = packed({f"person{n}/x.jpg": jpegs[0] for n in range(MAX_FOLDERS + 1)})
    with pytest.raises(MasklensError, match="lie in more than 40 folders"):
        read_plan(io.BytesIO(data))


def test_folders_are_looked_at_once_and_no_more_than_are_asked_about(
    jpegs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    def deciding(folder: str) -> tuple[str, str | None]:
        looked_at.append(folder)
        return deciding_folder(folder)

    monkeypatch.setattr(offered, "deciding_folder", deciding)
    names = [f"{folder}/{n}.jpg" for folder in ("a/mask", "a/bare", "a/bare/b") for n in range(5)]
    plan = read_plan(io.BytesIO(packed(dict.fromkeys(names, jpegs[0]))))
    assert looked_at == ["a/mask", "a/bare", "a/bare/b"]
    assert [(folder.name, folder.photos) for folder in plan] == [("a/bare", 10), ("a/mask", 5)]

    looked_at.clear()
    with pytest.raises(MasklensError, match="more than 40 folders"):
        read_plan(io.BytesIO(packed({f"person{n}/x.jpg": jpegs[0] for n in range(500)})))
    assert len(looked_at) == MAX_FOLDERS + 1


def test_too_many_entries_are_refused(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    assert "too many files" in refused(packed(good), tmp_path)


def test_a_list_too_long_to_be_held_is_not_read(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(good)
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(MasklensError, match="too many files"):
        archive._Careful(io.BytesIO(data)).read(101)
    end = data.rindex(b"PK\x05\x06")
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 2**20)
    lies = patched(data, end + 12, struct.pack("<I", 2**20 + 1))
    refused(lies, tmp_path)


def test_too_many_photos_are_refused(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_PHOTOS", 2)
    assert "more than 2 photos" in refused(packed(good), tmp_path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    assert "could not be stored" in refused(packed(good), tmp_path)


def test_a_visitor_who_goes_away_leaves_nothing(good: dict[str, bytes], tmp_path: Path) -> None:
    def gone(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(io.BytesIO(packed(good)), BOTH, tmp_path / "data", gone)
    assert list(tmp_path.iterdir()) == []
