"""The photos section of the Training page: each way in, the report, and whose they are."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.loading
import ui.training.data_ways
import ui.training.label_check
from maskcore import Detections, MasklensError, ModelError
from maskcore.network_input import InputSpec
from maskcore.types import ImageRgb
from tests.ui.files import grey, packed
from tests.ui.pages import Player, button, labels, press
from training.annotated.recording import FACES_A_CLASS
from training.config import FOLDS
from training.measuring.own_files import folder_files, unpack
from training.photos.class_names import WITH_MASK, WITHOUT_MASK
from training.photos.corrections import read_corrections
from training.photos.data import read_dataset
from training.photos.intake import OWNER_NAMES_FILE, IntakeReport, content_hash
from training.photos.public_data import CATALOGUE
from ui import entry
from ui.live import doctor, webrtc
from ui.live.browser import BrowserReport
from ui.metrics.corrections import Marks
from ui.training.recorder_view import LEAST

COUNT = 21


def section() -> None:
    """A page that is this section alone, and says what it got."""
    import streamlit as st

    from ui.training.training_data import show_data_section

    choice = show_data_section()
    st.session_state.choice = choice
    st.markdown(
        "got nothing" if choice is None else f"got {st.session_state.training_look.report.total}"
    )


def photo(number: int, masked: bool) -> bytes:
    rng = np.random.default_rng((number, masked))
    grain = rng.uniform(0, 255, (6, 6, 3)).astype(np.float32)
    pixels = cv2.resize(grain, (64, 64), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    """Enough photos of two classes, under names of somebody's own."""
    return {
        f"set/{folder}/{number}.jpg": photo(number, masked)
        for masked, folder in ((True, "Maske"), (False, "Gesichter"))
        for number in range(COUNT)
    }


class FaceFinder:
    """Finds one face in the middle of every picture but black ones."""

    def detect(self, image_rgb: ImageRgb) -> Detections:
        if not image_rgb.any():
            return Detections.empty()
        height, width = image_rgb.shape[:2]
        box = [width * 0.25, height * 0.25, width * 0.75, height * 0.75]
        return Detections(np.array([box], np.float32), np.ones(1, np.float32))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MASKLENS_DATA_ROOTS", raising=False)
    monkeypatch.delenv("MASKLENS_ICE_SERVERS", raising=False)
    return tmp_path / "runs"


@pytest.fixture
def open_section(
    runs: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AppTest]:
    monkeypatch.setattr(ui.loading, "detector", lambda name, live=False: FaceFinder())
    return lambda: AppTest.from_function(section, default_timeout=60).run()


@pytest.fixture
def page(open_section: Callable[[], AppTest]) -> AppTest:
    return open_section()


def disabled(page: AppTest, label: str) -> bool:
    return bool(button(page, label).disabled)


def go(page: AppTest, way: str) -> AppTest:
    return page.segmented_control(key="training_way").set_value(way).run()


def uploaded(page: AppTest, data: bytes, name: str = "Our photos.zip") -> AppTest:
    return page.file_uploader[0].upload(name, data, "application/zip").run()


def got(page: AppTest) -> str:
    (line,) = [m.value for m in page.markdown if m.value.startswith("got ")]
    assert not page.exception
    return str(line)


def counts(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_it_asks_for_an_archive_first(page: AppTest) -> None:
    assert got(page) == "got nothing"
    assert page.segmented_control(key="training_way").value == "Upload a ZIP"
    assert not page.button
    assert not page.error


def test_an_archive_is_confirmed_taken_in_and_reported(
    page: AppTest, photos: dict[str, bytes], runs: Path
) -> None:
    uploaded(page, packed({**photos, "set/notes.txt": b"x"}))
    boxes = {box.label: box.value for box in page.selectbox}
    assert boxes == {"set/Gesichter · 21 photos": "Leave out", "set/Maske · 21 photos": "Mask"}
    assert disabled(page, "Use these photos")
    assert any("Both classes are needed" in info.value for info in page.info)
    page.selectbox[0].select("No Mask").run()
    assert list((runs / "data").iterdir() if (runs / "data").is_dir() else []) == []
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert counts(page) == {"Mask": "21 photos", "No Mask": "21 photos"}
    choice = page.session_state.choice
    assert (choice.data_name, choice.recorded) == ("Our photos", False)
    assert choice.folder.parent == runs / "data"
    assert len(list((choice.folder / WITH_MASK).iterdir())) == COUNT
    assert any("files that are no photos" in caption.value for caption in page.caption)
    assert any(r"Few photos\: 21 with mask and 21 without mask" in m.value for m in page.markdown)
    assert got(page.run()) == f"got {2 * COUNT}"  # it stays


def elsewhere(page: AppTest) -> None:
    """Go to another way and back, as which Streamlit treats another page, too."""
    go(page, "Public photos")
    go(page, "Upload a ZIP")


def test_an_archive_and_what_its_folders_show_outlive_a_change_of_page(
    page: AppTest, photos: dict[str, bytes], released: list[str]
) -> None:
    uploaded(page, packed(photos))
    file = page.session_state["training_kept_zip"]
    page.selectbox[0].select("No Mask").run()
    assert not any("is still here" in m.value for m in page.markdown)
    elsewhere(page)
    assert any(r"Our photos.zip** is still here" in m.value for m in page.markdown)
    assert [box.value for box in page.selectbox] == ["No Mask", "Mask"]
    assert not released
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.data_name == "Our photos"
    # Used, it is not held any longer: half a gigabyte a visitor would be.
    assert "training_kept_zip" not in page.session_state
    assert released == [file.file_id]
    assert file.closed
    assert not any(key.startswith("class-") for key in page.session_state["kept"])


@pytest.mark.parametrize("by", ["the page", "another archive", "the uploader"])
def test_an_archive_that_is_taken_away_is_not_kept(
    page: AppTest, photos: dict[str, bytes], by: str
) -> None:
    uploaded(page, packed(photos))
    if by == "the page":
        elsewhere(page)
        press(page, "Remove")
    elif by == "another archive":
        elsewhere(page)
        uploaded(page, packed({}), "Empty.zip")
        assert "is empty" in page.error[0].value
        assert page.session_state["training_kept_zip"].name == "Empty.zip"
    else:
        page.file_uploader[0].set_value(None).run()
    assert not page.selectbox
    assert not any(key.startswith("class-") for key in page.session_state["kept"])
    assert ("training_kept_zip" in page.session_state) is (by == "another archive")


def test_another_visitor_sees_nothing_of_it(
    page: AppTest, open_section: Callable[[], AppTest], photos: dict[str, bytes]
) -> None:
    uploaded(page, packed(photos))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
    assert page.get("image")
    other = open_section()
    assert got(other) == "got nothing"
    assert not other.metric
    assert not other.get("image")
    assert got(page.run()) == f"got {2 * COUNT}"


def test_other_photos_take_the_old_ones_away(
    page: AppTest, photos: dict[str, bytes], runs: Path
) -> None:
    uploaded(page, packed(photos))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
    press(page, "Other photos")
    assert got(page) == "got nothing"
    assert list((runs / "data").iterdir()) == []


def test_photos_that_were_cleared_away_are_asked_for_again(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    uploaded(page, packed(photos))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
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


def test_how_many_are_needed_is_said_before_they_are_brought(page: AppTest) -> None:
    for way in ("Upload a ZIP", "Folder on this computer"):
        go(page, way)
        assert any(f"At least {FOLDS} photos of each class" in c.value for c in page.caption)


def test_the_example_of_a_folder_is_not_that_of_the_server_s_user(page: AppTest) -> None:
    example = go(page, "Folder on this computer").text_input(key="training_folder").placeholder
    assert example.startswith("For example: ")
    assert str(Path.home()) not in example


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no archive", "not a ZIP archive"),
        (packed({}), "is empty"),
        (packed({"mask/readme.txt": b"x"}), "No photos were found"),
        (packed({"a.jpg": b"x"})[:-30], "damaged or incomplete"),
    ],
)
def test_a_bad_archive_is_one_sentence(page: AppTest, data: bytes, sentence: str) -> None:
    uploaded(page, data)
    assert got(page) == "got nothing"
    (error,) = page.error
    assert sentence in error.value
    assert not page.button


@pytest.mark.parametrize("folder", ["", "set/", "with_mask/"])
@pytest.mark.parametrize("way", ["Upload a ZIP", "Folder on this computer"])
def test_photos_in_one_folder_are_to_be_sorted_first(
    page: AppTest, tmp_path: Path, folder: str, way: str
) -> None:
    files = {f"{folder}{number}.jpg": photo(number, True) for number in range(3)}
    go(page, way)
    if way == "Upload a ZIP":
        uploaded(page, packed(files))
    else:
        for name, content in files.items():
            (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "own" / name).write_bytes(content)
        page.text_input[0].set_value(str(tmp_path / "own")).run()
    assert got(page) == "got nothing"
    again = "pack them again" if way == "Upload a ZIP" else "give the path of the folder that"
    (error,) = page.error
    assert "All photos lie in one folder. Sort them into two" in error.value
    assert again in error.value
    # What could not be answered rightly is not asked.
    assert not page.selectbox
    assert not page.button


def test_faults_are_named_as_the_owner_of_the_photos_names_them(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    wrong = {
        "set/Maske/broken.jpg": photo(7, True)[:-200],
        "set/Gesichter/anna.jpg": photos["set/Maske/3.jpg"],
        "set/Maske/list.csv": b"x",
    }
    uploaded(page, packed({**photos, **wrong}))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
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
    uploaded(page, packed({**one, "set/Gesichter/anna.jpg": photos["set/Gesichter/3.jpg"]}))
    page.selectbox[0].select("No Mask").run()
    press(page, "Use these photos")
    assert counts(page) == {"Mask": f"{COUNT} photos", "No Mask": "1 photo"}


def test_an_archive_that_fails_later_leaves_nothing(page: AppTest, runs: Path) -> None:
    uploaded(page, packed({"mask/a.jpg": b"x", "bare/b.jpg": b"y"}))
    press(page, "Use these photos")
    assert got(page) == "got nothing"
    (error,) = page.error
    assert "no usable photo" in error.value
    assert list((runs / "data").iterdir()) == []


def on_disk(root: Path, photos: dict[str, bytes], names: dict[str, str]) -> Path:
    for name, content in photos.items():
        _, folder, file = name.split("/")
        (root / names[folder]).mkdir(parents=True, exist_ok=True)
        (root / names[folder] / file).write_bytes(content)
    return root


def test_a_folder_with_our_names_is_used_where_it_is(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path, runs: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder == root.resolve()
    assert page.session_state.choice.data_name == "own"
    press(page, "Other photos")
    assert len(list(root.rglob("*.jpg"))) == 2 * COUNT  # it is the visitor's


def test_marks_of_photos_in_a_folder_are_honoured_if_wanted(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
    one, two, three = (p.relative_to(root).as_posix() for p in sorted(root.rglob("*.jpg"))[:3])
    marks = Marks("own", {one: "without_mask"}, {two, "with_mask/gone.jpg", "../own.jpg"})
    page.session_state["metrics_corrections"] = {"own": marks, "others": Marks("others")}
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    press(page, "Use these photos")
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


def marked_section() -> None:
    """As ``section``, after marks were made on the Metrics page."""
    import streamlit as st

    from ui.metrics.corrections import Marks
    from ui.training.training_data import show_data_section

    if "marks" in st.session_state:
        data, marks = st.session_state.marks
        for path, label, mark, content in marks:
            Marks.of_session(data).mark(path, label, mark, content)
    choice = show_data_section()
    st.session_state.choice = choice
    st.markdown(
        "got nothing" if choice is None else f"got {st.session_state.training_look.report.total}"
    )


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
    page = AppTest.from_function(marked_section, default_timeout=60)
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


class BrightIsMasked:
    """Stands in for the mask model: the brighter, the surer of a mask."""

    input_spec = InputSpec(size=8, scale=1 / 255, offset=0.0)

    def classify_inputs(self, inputs: Any) -> Any:
        return inputs.mean((1, 2, 3))


@pytest.fixture
def with_doubtful(
    photos: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder in which the stand-in is sure of the other class of three photos, in order."""
    monkeypatch.setattr(ui.loading, "classifier", lambda name: BrightIsMasked())
    root = on_disk(tmp_path / "own", photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
    for place, value in (
        ("with_mask/dark.png", 20),
        ("with_mask/darker.png", 5),
        ("with_mask/nearly.png", 40),  # 84 % sure is not sure enough
        ("with_mask/fine.png", 250),
        ("without_mask/bright.png", 240),
        ("without_mask/fine.png", 3),
    ):
        (root / place).write_bytes(grey(value, 64, 64))
    return root


def use_folder(page: AppTest, root: Path) -> None:
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    press(page, "Use these photos")


def doubted(page: AppTest) -> list[str]:
    """The photos that can be marked, as they stand on the page."""
    label = "What to do with "
    return [box.label.removeprefix(label) for box in page.selectbox if box.label.startswith(label)]


def test_wrong_labels_are_looked_for_marked_and_honoured(
    page: AppTest, with_doubtful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_folder(page, with_doubtful)
    assert doubted(page) == []
    press(page, "Look for wrong labels")
    assert doubted(page) == [
        "without_mask/bright.png",
        "with_mask/darker.png",
        "with_mask/dark.png",
    ]
    (said,) = [m.value for m in page.markdown if "doubts" in m.value]
    assert f"**3 of {2 * COUNT + 6} photos**" in said
    assert page.session_state.choice.corrections == ""  # nothing is changed unasked
    page.selectbox[1].select("relabel").run()
    page.selectbox[2].select("leave_out").run()
    listed = json.loads(page.session_state.choice.corrections)
    assert listed["relabel"] == {"with_mask/darker.png": "without_mask"}
    assert listed["leave_out"] == ["with_mask/dark.png"]
    page.checkbox[0].uncheck().run()
    page.selectbox[0].select("leave_out").run()
    assert page.checkbox[0].label == "Apply the corrections to 3 photos"
    assert page.session_state.choice.corrections == ""  # one mark more does not switch them on
    assert doubted(page.run()) == [
        "without_mask/bright.png",
        "with_mask/darker.png",
        "with_mask/dark.png",
    ]
    monkeypatch.setattr(ui.training.label_check, "card_text", lambda name: "installed anew")
    press(page.run(), "Look for wrong labels")
    press(page, "Other photos")
    assert doubted(page) == []
    assert "training_label_check" not in page.session_state


def test_where_no_label_is_doubted_that_is_said(page: AppTest, with_doubtful: Path) -> None:
    for place in ("with_mask/dark.png", "with_mask/darker.png", "without_mask/bright.png"):
        (with_doubtful / place).unlink()
    use_folder(page, with_doubtful)
    press(page, "Look for wrong labels")
    assert any(f"None of the {2 * COUNT + 3} photos" in s.value for s in page.success)
    assert doubted(page) == []


def test_without_a_mask_model_labels_are_not_looked_at(
    page: AppTest, with_doubtful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_MODELS", str(with_doubtful))
    use_folder(page, with_doubtful)
    assert "Look for wrong labels" not in labels(page)
    assert got(page) == f"got {2 * COUNT + 6}"


def test_a_damaged_mask_model_is_a_sentence(
    page: AppTest, with_doubtful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise ModelError("The model is damaged.")

    monkeypatch.setattr(ui.loading, "classifier", fail)
    use_folder(page, with_doubtful)
    press(page, "Look for wrong labels")
    assert any("damaged" in error.value for error in page.error)
    assert got(page) == f"got {2 * COUNT + 6}"


def test_marks_in_a_report_of_another_archive_of_that_name_are_not_honoured(
    page: AppTest, photos: dict[str, bytes]
) -> None:
    others = {name: photo(int(Path(name).stem) + 100, "Maske" in name) for name in photos}
    place = f"with_mask/0001-{hashlib.sha256(others['set/Maske/0.jpg']).hexdigest()[:8]}.jpg"
    marks = Marks("Our photos", {}, {place})
    page.session_state["metrics_corrections"] = {"Our photos": marks}
    for files, expected in ((photos, ""), (others, place)):
        uploaded(page, packed(files))
        page.selectbox[0].select("No Mask").run()
        press(page, "Use these photos")
        assert (expected in page.session_state.choice.corrections) is True
        assert bool(page.session_state.choice.corrections) is bool(expected)
        press(page, "Other photos")


def test_a_photo_marked_by_both_of_its_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "with_mask").mkdir()
    place, away = "with_mask/0001-0a0a0a0a.jpg", "../0002-0b0b0b0b.jpg"
    (tmp_path / place).touch()
    names = {"with_mask/anna.jpg": place, "with_mask/b.jpg": away}
    (tmp_path / OWNER_NAMES_FILE).write_text(json.dumps(names))
    marks = Marks(
        "own",
        {"with_mask/anna.jpg": "without_mask", "with_mask/b.jpg": "without_mask"},
        {place},
        {"with_mask/anna.jpg": "0a0a0a0a", "with_mask/b.jpg": "0b0b0b0b"},
    )
    found = marks.among(tmp_path)
    assert (found.relabel, found.leave_out) == ({}, {place})


def test_another_folder_is_confirmed_and_copied(
    page: AppTest, photos: dict[str, bytes], tmp_path: Path, runs: Path
) -> None:
    root = on_disk(tmp_path / "own", photos, {"Maske": "maske", "Gesichter": "ohne maske"})
    go(page, "Folder on this computer")
    page.text_input[0].set_value(str(root)).run()
    assert [box.value for box in page.selectbox] == ["Mask", "No Mask"]
    press(page, "Use these photos")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder.parent == runs / "data"


@pytest.mark.parametrize("path", ["nothing", "/nothing/at/all"])
def test_a_wrong_path_is_one_sentence(page: AppTest, path: str) -> None:
    go(page, "Folder on this computer")
    page.text_input[0].set_value(path).run()
    assert got(page) == "got nothing"
    assert len(page.error) == 1


def test_visitors_from_elsewhere_get_no_folder_unless_one_is_named(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ui.training.data_ways, "only_this_computer", lambda: False)
    go(page, "Folder on this computer")
    assert not page.text_input
    assert any("not open to visitors" in info.value for info in page.info)
    monkeypatch.setenv("MASKLENS_DATA_ROOTS", str(tmp_path / "open"))
    page.run()
    page.text_input[0].set_value(str(tmp_path)).run()
    assert [error.value for error in page.error] != []


def test_published_photos_show_licence_and_size_before_they_are_fetched(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, photos: dict[str, bytes]
) -> None:
    asked: list[str] = []
    fetched: list[Path] = []

    def fetch(data_set: Any, into: Path, progress: Callable[[float], None]) -> IntakeReport:
        fetched.append(into)
        on_disk(into, photos, {"Maske": "with_mask", "Gesichter": "without_mask"})
        progress(1.0)
        return IntakeReport({WITH_MASK: COUNT, WITHOUT_MASK: COUNT})

    def size_bytes(data_set: Any) -> int:
        asked.append(data_set.commit)
        return 123_400_000

    monkeypatch.setattr(ui.training.data_ways.public_data, "size_bytes", size_bytes)
    monkeypatch.setattr(ui.training.data_ways.public_data, "fetch", fetch)
    go(page, "Public photos")
    assert asked == []
    said = "\n".join(m.value for m in page.markdown)
    assert "Licence: MIT" in said
    assert "exactly as they were published" in said
    press(page, "Fetch these photos")
    assert asked == [CATALOGUE[0].commit]
    assert any("About 123 MB" in caption.value for caption in page.caption)
    assert fetched == []
    press(page, "Fetch them now")
    assert got(page) == f"got {2 * COUNT}"
    assert page.session_state.choice.folder == fetched[0]


def test_an_unknown_size_and_no_internet_are_said(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: Any) -> IntakeReport:
        raise MasklensError("The photos could not be fetched.")

    monkeypatch.setattr(ui.training.data_ways.public_data, "size_bytes", lambda data_set: None)
    monkeypatch.setattr(ui.training.data_ways.public_data, "fetch", fetch)
    go(page, "Public photos")
    press(page, "Fetch these photos")
    assert any("does not say how large" in caption.value for caption in page.caption)
    press(page, "Fetch them now")
    assert len(page.error) == 1
    assert "could not be fetched" in page.error[0].value
    assert got(page) == "got nothing"


def frame(number: int) -> Any:
    import av

    pixels = np.full((240, 320, 3), 40 + number, np.uint8)
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def record(page: AppTest, label: str, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the button and let the camera send frames, each when it is due."""
    from ui.training import recorder as module

    press(page, label)
    recorder = page.session_state.face_recorder
    seconds = iter(range(10**6))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    recorder._next = float("-inf")
    for number in range(frames):
        # In a thread: after browser tests the main one has a loop of its own.
        with ThreadPoolExecutor(1) as thread:
            (shown,) = thread.submit(asyncio.run, recorder.process([frame(number)])).result()
        assert (shown.width, shown.height) == (320, 240)


def bars(page: AppTest) -> list[str]:
    return [element.proto.text for element in page.get("progress")]


def test_a_recording_from_start_to_use(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    go(page, "Record with the camera")
    assert player.calls[-1]["key"] == entry.RECORDER_KEY
    assert disabled(page, "Record Mask")
    assert disabled(page, "Use these faces")
    player.playing = True
    page.run()
    record(page, "Record Mask", FACES_A_CLASS + 5, monkeypatch)
    page.run()
    assert bars(page) == ["Mask: 50 of 50", "No Mask: 0 of 50"]
    assert page.session_state.face_recorder.label is None  # full: it stopped by itself
    assert not disabled(page, "Record Mask again")
    record(page, "Record No Mask", LEAST, monkeypatch)
    page.run()
    assert not disabled(page, "Pause No Mask")
    assert disabled(page, "Use these faces")  # while it records
    press(page, "Pause No Mask")
    press(page, "Use these faces")
    assert got(page) == f"got {FACES_A_CLASS + LEAST}"
    choice = page.session_state.choice
    assert choice.recorded
    assert choice.folder.parent == runs / "data"
    names = sorted(path.name for path in (choice.folder / WITHOUT_MASK).iterdir())
    assert names[0] == "recorded_0001.jpg"
    assert len(names) == LEAST
    press(page, "Other photos")
    assert "face_recorder" not in page.session_state or (
        page.session_state.face_recorder.recording.folder != choice.folder
    )


def test_recording_a_full_class_again_begins_anew(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", FACES_A_CLASS, monkeypatch)
    page.run()
    record(page, "Record Mask again", 3, monkeypatch)
    page.run()
    assert bars(page)[0] == "Mask: 3 of 50"


def test_a_stream_that_ends_pauses_the_recording(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.playing = True
    go(page, "Record with the camera")
    record(page, "Record Mask", 2, monkeypatch)
    player.playing = False
    page.run()
    assert page.session_state.face_recorder.label is None
    assert bars(page)[0] == "Mask: 2 of 50"


def test_another_way_stops_the_camera(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    reset: list[Any] = []
    monkeypatch.setattr(webrtc, "_reset_context", reset.append)
    go(page, "Record with the camera")
    context = SimpleNamespace(_get_worker=lambda: None)
    page.session_state[entry.RECORDER_KEY] = context
    calls = len(player.calls)
    go(page, "Public photos")
    assert reset == [context]
    assert len(player.calls) == calls


def test_single_shots_work_without_a_stream(page: AppTest, player: Player) -> None:
    go(page, "Record with the camera")
    calls = len(player.calls)
    page.toggle(key="recorder_shots").set_value(True).run()
    assert len(player.calls) == calls
    page.camera_input[0].upload("shot.jpg", grey(90, 320, 240, "JPEG"), "image/jpeg").run()
    assert bars(page) == ["Mask: 1 of 50", "No Mask: 0 of 50"]
    page.radio[0].set_value(WITHOUT_MASK).run()
    page.camera_input[0].upload("shot.jpg", grey(120, 320, 240, "JPEG"), "image/jpeg").run()
    page.camera_input[0].upload("shot.jpg", grey(0, 320, 240, "JPEG"), "image/jpeg").run()
    assert bars(page) == ["Mask: 1 of 50", "No Mask: 1 of 50"]
    assert any("No face is seen" in caption.value for caption in page.caption)
    assert disabled(page, "Use these faces")
    assert not page.exception


def test_single_shots_say_why_no_camera_opens(
    page: AppTest, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = BrowserReport(secure=True, api=True, permission="denied")
    monkeypatch.setattr(doctor, "browser_report", lambda *_: report)
    go(page, "Record with the camera")
    page.toggle(key="recorder_shots").set_value(True).run()
    (said,) = [error.value for error in page.error]
    assert "The camera is not allowed" in said
    assert "choose another way to bring photos" in said  # not what the Live page has instead
    assert not page.exception


def test_a_missing_face_finder_is_a_sentence(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, live: bool = False) -> None:
        raise MasklensError("The face finder is missing.")

    monkeypatch.setattr(ui.loading, "detector", missing)
    go(page, "Record with the camera")
    assert len(page.error) == 1
    assert not page.exception
