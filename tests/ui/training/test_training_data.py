"""The photos section of the Training page: what becomes of what was brought, and whose it is."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.files import packed
from tests.ui.pages import Player, press
from tests.ui.training.sections import (
    COUNT,
    counts,
    go,
    got,
    on_disk,
    photo,
    section,
    uploaded,
    use_archive,
    use_folder,
)
from training.measuring.own_files import folder_files, unpack
from training.photos.corrections import read_corrections
from training.photos.data import read_dataset
from training.photos.intake import content_hash
from ui.metrics.corrections import Marks


def test_another_visitor_sees_nothing_of_it(
    page: AppTest, open_section: Callable[[], AppTest], photos: dict[str, bytes]
) -> None:
    use_archive(page, photos)
    assert page.get("image")
    other = open_section()
    assert got(other) == "got nothing"
    assert not other.metric
    assert not other.get("image")
    assert got(page.run()) == f"got {2 * COUNT}"


def test_other_photos_take_the_old_ones_away(
    page: AppTest, photos: dict[str, bytes], runs: Path
) -> None:
    use_archive(page, photos)
    press(page, "Other photos")
    assert got(page) == "got nothing"
    assert list((runs / "data").iterdir()) == []


def test_photos_that_were_cleared_away_are_asked_for_again(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    use_archive(page, photos)
    folder = page.session_state.choice.folder
    folder.rename(folder.with_name("gone"))
    page.run()
    assert got(page) == "got nothing"
    assert any("no longer there" in info.value for info in page.info)
    assert not page.run().info


def test_too_few_photos_are_shown_but_not_trained_on(page: AppTest) -> None:
    few = {f"{name}/{n}.jpg": photo(n, name == "mask") for name in ("mask", "bare") for n in (1, 2)}
    uploaded(page, packed(few))
    press(page, "Use these photos")
    assert got(page) == "got nothing"
    assert counts(page) == {"Mask": "2 photos", "No Mask": "2 photos"}
    (error,) = page.error
    assert "2 with mask and 2 without mask that differ" in error.value
    assert "At least 20 of each class are needed" in error.value
    assert not any("can be trained" in m.value for m in page.markdown)


def test_faults_are_named_as_the_owner_of_the_photos_names_them(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    wrong = {
        "set/Maske/broken.jpg": photo(7, True)[:-200],
        "set/Gesichter/anna.jpg": photos["set/Maske/3.jpg"],
        "set/Maske/list.csv": b"x",
    }
    use_archive(page, {**photos, **wrong})
    assert any("(1: list.csv)" in caption.value.replace("\\", "") for caption in page.caption)
    tables = [frame.value for frame in page.dataframe]
    both = next(table for table in tables if "Photo" in table)
    assert both["Photo"].str.startswith("data:image/jpeg;base64,").all()
    # A folder whose name says its class is left away, one that the visitor had to set is not.
    assert both[["Mask", "No Mask"]].values.tolist() == [["3.jpg", "set/Gesichter/anna.jpg"]]
    (unreadable,) = [table["File"].tolist() for table in tables if "File" in table]
    assert unreadable[0].startswith("with_mask/broken.jpg: ")
    # So the Metrics page finds them, for this visitor alone.
    known = {name.rpartition("/")[2] for name in page.session_state.training_look.names.values()}
    assert {"3.jpg", "anna.jpg"} <= known


def test_a_single_photo_of_a_class_is_told_as_one(page: AppTest, photos: dict[str, bytes]) -> None:
    one = {name: content for name, content in photos.items() if "Maske" in name}
    use_archive(page, {**one, "set/Gesichter/anna.jpg": photos["set/Gesichter/3.jpg"]})
    assert counts(page) == {"Mask": f"{COUNT} photos", "No Mask": "1 photo"}


def test_marks_of_photos_in_a_folder_are_honoured_if_wanted(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
    one, two, three = (p.relative_to(root).as_posix() for p in sorted(root.rglob("*.jpg"))[:3])
    marks = Marks("own", {one: "without_mask"}, {two, "with_mask/gone.jpg", "../own.jpg"})
    page.session_state["metrics_corrections"] = {"own": marks, "others": Marks("others")}
    use_folder(page, root)
    wanted = {"data": "own", "leave_out": [two], "relabel": {one: "without_mask"}}
    assert json.loads(page.session_state.choice.corrections) == wanted
    assert page.checkbox[0].label == "Apply the corrections to 2 photos"
    listed = {"leave_out": [three], "relabel": {one: "with_mask"}}
    page.file_uploader[0].upload("list.json", json.dumps(listed).encode(), "application/json").run()
    wanted["leave_out"] = sorted([two, three])  # and what was marked in this session goes first
    assert json.loads(page.session_state.choice.corrections) == wanted
    page.checkbox[0].uncheck().run()
    assert page.session_state.choice.corrections == ""
    page.file_uploader[0].upload("list.json", b"[1]", "application/json").run()
    assert "does not hold corrections" in page.error[0].value
    assert not page.exception


def test_a_list_of_corrections_stays_with_its_photos_until_it_is_removed(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path, released: list[str]
) -> None:
    places = {"Maske": "with_mask", "Gesichter": "without_mask"}
    root = on_disk(tmp_path / "own", photos, places)
    others = on_disk(tmp_path / "others" / "own", photos, places)
    listed = {"leave_out": ["with_mask/3.jpg", "with_mask/gone.jpg"], "relabel": {}}
    use_folder(page, root)
    page.file_uploader[0].upload("list.json", json.dumps(listed).encode(), "application/json").run()
    assert len(released) == 1
    assert json.loads(page.session_state.choice.corrections)["leave_out"] == ["with_mask/3.jpg"]
    assert "**list.json** corrects 1 photo of these." in [m.value for m in page.markdown]
    page.file_uploader[0].upload("bad.json", b"[1]", "application/json").run()
    assert page.session_state.choice.corrections  # the one that is here stays
    press(page, "Other photos")
    use_folder(page, others)
    assert page.session_state.choice.corrections == ""
    press(page, "Other photos")
    use_folder(page, root)
    press(page, "Remove the list")
    assert page.session_state.choice.corrections == ""


@pytest.mark.parametrize("way", ["Upload a ZIP", "Folder on this computer"])
def test_marks_of_photos_measured_in_a_zip_or_folder_are_honoured_when_trained_on_it(
    runs: Path, player: Player, photos: dict[str, bytes], tmp_path: Path, way: str
) -> None:
    root = on_disk(tmp_path / "Our set", photos, {"Maske": "set/Maske", "Gesichter": "ohne Maske"})
    data = {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*.jpg"))}
    zipped = way == "Upload a ZIP"
    (tmp_path / "unpacked").mkdir()
    into = tmp_path / "unpacked"
    measured = unpack(io.BytesIO(packed(data)), into) if zipped else folder_files(root, into)
    names = {name: (measured.root / place).read_bytes() for place, name in measured.names.items()}
    wrong, out = "with_mask/7.jpg", "without_mask/3.jpg"
    page = AppTest.from_function(section, default_timeout=60)
    page.session_state["marks"] = (
        "Our set.zip" if zipped else root.name,
        [
            (wrong, 1, "relabel", content_hash(names[wrong])),
            (out, 0, "leave_out", content_hash(names[out])),
            ("with_mask/gone.jpg", 1, "leave_out", "0" * 8),
            ("x" * 5000, 1, "relabel", ""),
            ("/etc/hostname", 1, "relabel", ""),
            # Of another archive of that name.
            ("with_mask/8.jpg", 1, "relabel", content_hash(names[wrong])),
            ("with_mask/9.jpg", 1, "relabel", ""),
        ],
    )
    go(page.run(), way)
    if zipped:
        uploaded(page, packed(data), "Our set.zip")
    else:
        page.text_input[0].set_value(str(root)).run()
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.checkbox[0].label == "Apply the corrections to 2 photos"
    choice = page.session_state.choice
    listed = json.loads(choice.corrections)
    ((relabelled, label),) = listed["relabel"].items()
    (left_out,) = listed["leave_out"]
    assert label == "without_mask"
    assert (choice.folder / relabelled).read_bytes() == names[wrong]
    assert (choice.folder / left_out).read_bytes() == names[out]
    (tmp_path / "list.json").write_text(choice.corrections)
    dataset = read_dataset(choice.folder, 16, read_corrections(tmp_path / "list.json"))
    assert len(dataset) == 2 * COUNT - 1
    assert dataset.labels[dataset.paths.index(relabelled)] == 0
    assert left_out not in dataset.paths


def test_marks_in_a_report_of_another_archive_of_that_name_are_not_honoured(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    others = {name: photo(int(Path(name).stem) + 100, "Maske" in name) for name in photos}
    place = f"with_mask/0001-{hashlib.sha256(others['set/Maske/0.jpg']).hexdigest()[:8]}.jpg"
    marks = Marks("Our photos", {}, {place})
    page.session_state["metrics_corrections"] = {"Our photos": marks}
    for files, expected in ((photos, ""), (others, place)):
        use_archive(page, files)
        assert (expected in page.session_state.choice.corrections) is True
        assert bool(page.session_state.choice.corrections) is bool(expected)
        press(page, "Other photos")
