from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.files import grey, packed
from tests.ui.metrics_page.page import (
    CUT_FACES,
    bring,
    charts,
    finders,
    section,
    texts,
    upload,
)
from tests.ui.pages import press
from training.photos.data_folders import KEPT_SECONDS, clean_up, data_root
from training.photos.folder_intake import ROOTS_VARIABLE
from training.photos.intake import content_hash
from ui.metrics import own_photos, own_view, pictures_view
from ui.words import plain


@pytest.mark.parametrize(
    "content", [packed({"mask/1.png": grey(250)}), b"photos"], ids=["a ZIP", "no ZIP"]
)
def test_an_archive_does_not_stay_in_memory(
    own_page: AppTest, released: list[str], content: bytes
) -> None:
    upload(own_page, content)
    assert len(released) == 1


def test_nor_does_one_of_pictures(page: AppTest, released: list[str]) -> None:
    section(page, "Mistakes")
    bring(page, packed({"x/with_mask/003.jpg": grey(9)}))
    assert len(released) == 1
    assert len(page.get("image")) == 1


def test_own_photos_get_the_same_page(own_page: AppTest, models: Path) -> None:
    (models / "first" / "faces.json").write_text(json.dumps(CUT_FACES))
    own_page.multiselect(key="metrics_own_finders").set_value([]).run()
    page = upload(
        own_page,
        packed(
            {
                "x/Mask/light.png": grey(250),
                "x/Mask/dark.png": grey(40),
                "x/No mask/black.png": grey(0),
                "x/No mask/broken.png": b"no picture",
            }
        ),
    )
    assert (
        "3 photos of mine.zip are measured. “Figures”, “Mistakes” and “Curves” are now about"
        " them; choose others under “Measured on”. “Two models” can measure them with a"
        " second model, to compare. “Whole app” needs whole photos with boxes. “Hard cases” stays"
        " about the test photos."
    ) in texts(page)
    assert (
        "1 could not be read, or are too large, and were left out: without_mask/broken.png"
        in texts(page)
    )
    section(page, "Figures")
    assert page.header[1].value == "The mask model alone, on your photos"
    assert "Faces of one photo" not in texts(page)
    assert "3 photos of mine.zip. The mask model alone, measured on" in texts(page)
    # Those are of the shipped photos; these were measured here.
    assert not page.code
    assert page.selectbox(key="metrics_part").value == "own"
    assert "2 of 3 photos right" in texts(page)
    assert "cut out of whole photos" not in texts(page)  # those are not the visitor's
    assert page.header[0].value == (
        "Of 2 masked photos it recognises 1. Of 1 photo without a mask it recognises 1."
    )
    section(page, "Whole app")
    assert "This needs whole photos with a box for each face" in texts(page)
    (folder,) = [page.session_state["metrics_own"]["first"].pictures.root]
    assert len(list(folder.rglob("*.png"))) == 4
    section(page, "Mistakes")
    assert "dark.png" in texts(page)
    assert len(page.get("image")) == 1
    section(page, "Curves")
    section(page, "Your photos")
    press(page, "Remove these photos")
    assert not folder.exists()
    assert page.selectbox(key="metrics_part").value == "test"


def test_photos_that_it_may_have_learned_from_are_no_test(
    own_page: AppTest, models: Path, tmp_path: Path
) -> None:
    hold = "These figures hold only if it did not learn from these photos."
    page = upload(own_page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)}))
    assert f"{hold} Nobody noted what it learned from." in texts(page)
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "data": "class *7b*"}))
    assert f"{hold} It learned from: class *7b*." in texts(section(page, "Curves"))
    page.selectbox(key="metrics_part").set_value("test").run()
    assert hold not in texts(page)
    run = tmp_path / "runs" / "one"
    run.mkdir()
    (run / "card.json").write_text(path.read_text())
    name = f"with_mask/0001-{content_hash(grey(250))}.png"
    (run / "data.json").write_text(json.dumps({"parts": {"train": {"paths": [name]}}}))
    press(section(page, "Your photos"), "Remove these photos")
    upload(page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)}))
    (warning,) = page.warning
    assert warning.value == (
        "1 of these 2 photos is among those that it learned from: on other photos it may be less"
        " good. Its true figures are those of its “Test photos”."
    )
    assert hold not in texts(page)


def test_how_many_photos_have_been_judged_is_said(
    own_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        own_view, "progress_bar", lambda text: lambda share, text: said.append(text)
    )
    upload(
        own_page,
        packed({f"{name}/{n}.png": grey(n) for name in ("a_mask", "nomask") for n in range(20)}),
    )
    assert [text for text in said if text.startswith("Judging")] == [
        "Judging photos: 0 of 40",
        "Judging photos: 32 of 40",
    ]


@pytest.mark.parametrize("measure_there", [True, False])
def test_own_photos_are_measured_with_another_model_and_compared(
    own_page: AppTest, measure_there: bool
) -> None:
    page = upload(own_page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)}))
    page.selectbox(key="metrics_model").set_value("second").run()
    assert not page.exception
    assert "mine.zip is measured with first, not yet with second" in texts(page)
    assert "now about them" not in texts(page)
    section(page, "Figures")
    assert "4 of 8 photos right" not in texts(page)  # the first one's
    assert "8 of 8 photos right" in texts(page)
    page.selectbox(key="metrics_model").set_value("first").run()
    page.selectbox(key="metrics_part").set_value("own").run()
    section(page, "Two models")
    assert "mine.zip is measured with first, not yet with second" in texts(page)
    if measure_there:
        page.selectbox(key="metrics_model").set_value("second").run()
        section(page, "Your photos")
    press(page, "Measure with second")
    assert page.selectbox(key="metrics_part").value == "own"
    section(page, "Your photos")
    assert (
        "2 photos of mine.zip are measured. “Figures”, “Mistakes”, “Curves” and “Two"
        " models” are now about them; choose others under “Measured on”. “Whole app” needs"
    ) in texts(page)
    section(page, "Two models")
    names = "second and first" if measure_there else "first and second"
    said = texts(page)
    assert "No difference could be shown." in said
    assert (
        f"{names} got the same of 2 photos right. So few photos cannot show any: it takes at least"
        " 6."
    ) in said
    held = page.session_state["metrics_own"]
    assert set(held) == {"first", "second"}
    folder = held["first"].pictures.root
    assert held["second"].pictures.root == folder
    section(page, "Your photos")
    press(page, "Remove these photos")
    assert not folder.exists()
    assert "A ZIP with photos" in [uploader.label for uploader in page.file_uploader]


def test_photos_that_were_cleared_away_after_a_day_have_to_be_brought_again(
    own_page: AppTest,
) -> None:
    page = upload(own_page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(250)}))
    clean_up(time.time() + KEPT_SECONDS + 60)
    section(page, "Mistakes")
    assert "2.png" in texts(page)
    assert not page.get("image")
    page.selectbox(key="metrics_model").set_value("second").run()
    section(page, "Your photos")
    press(page, "Measure with second")
    assert "The photos are gone. Bring them again." in texts(page)
    press(page, "Remove these photos")


def test_other_photos_take_the_place_of_the_first(own_page: AppTest) -> None:
    page = upload(own_page, packed({"mask/1.png": grey(250)}))
    first = page.session_state["metrics_own"]["first"]
    other = replace(first, files=replace(first.files), _folder=None)
    with patch.object(own_photos.st, "session_state", {"metrics_own": {"first": first}}) as state:
        other.keep()
        assert list(state["metrics_own"].values()) == [other]
    assert not first.pictures.root.exists()


def test_own_scenes_are_measured_with_finder_and_model(own_page: AppTest) -> None:
    own_page.multiselect(key="metrics_own_finders").set_value(["haar"]).run()
    face = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>10</ymin><xmax>{}</xmax>"
    face += "<ymax>50</ymax></bndbox></object>"
    # The fake finds two faces in pictures of 200 pixels, masked and bare, 60 pixels apart.
    voc = face.format("with_mask", 0, 40) + face.format("with_mask", 60, 100)
    voc += face.format("without_mask", 140, 180)
    page = upload(
        own_page,
        packed(
            {
                "images/street.png": grey(250, 200),
                "annotations/street.xml": f"<annotation>{voc}</annotation>".encode(),
            }
        ),
    )
    assert "3 faces in your photos" in texts(page)
    assert "“Figures”, “Mistakes”, “Curves” and “Whole app” are now about them" in texts(page)
    section(page, "Figures")
    assert page.header[1].value == "The mask model alone, on the faces in your photos"
    assert "2 of 3 faces right. The true rate for faces of this kind is likely between" in texts(
        page
    )
    assert "In brackets what chance allows for (95 %). Faces of one photo" in texts(page)
    assert "How often a masked face gets a higher probability" in texts(page)
    assert list(page.table[0].value.loc["Faces"]) == ["2", "1"]
    assert "3 faces of mine.zip. The mask model alone" in texts(page)
    assert page.header[0].value == (
        "Of 2 masked faces of 32 pixels and more it finds 2 and labels 1 right;"
        " of 1 without a mask it finds 0 and labels 0 right."
    )
    assert "Every box is on a face. So few faces without a mask leave room for" in texts(page)
    section(page, "Mistakes")
    assert charts(page)[0]["title"] == "Confusion matrix (faces)"
    assert "2 of 3 faces are called rightly (blue tiles). Click a tile to see its faces" in texts(
        page
    )
    cell = page.selectbox(key="metrics_cell")
    assert (cell.label, cell.value) == ("Faces of", ("No Mask", "Mask"))
    assert cell.options[1] == "Without a mask, wrongly called Mask: 1 face"
    assert "photo" not in " ".join(cell.options)
    assert "street.png, face 3" in texts(page)
    assert not [box for box in page.selectbox if str(box.key).startswith("mark-")]
    section(page, "Whole app")
    table = finders(page)
    assert list(table.loc["Mask: found"]) == ["100\xa0% (2 of 2)"]
    assert list(table.loc["Macro F1"]) != ["–"]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "1 face in your photos of mine.zip is measured. “Figures”"),
        (
            [("with_mask", 20)],
            "1 of 2 faces in your photos of mine.zip is measured: 1 smaller than 32 pixels is left"
            " out. “Figures”",
        ),
        (
            [("with_mask", 20), ("mask_weared_incorrect", 30), ("mask_weared_incorrect", 40)],
            "1 of 4 faces in your photos of mine.zip is measured: 2 smaller than 32 pixels and 1"
            " mask worn wrongly are left out. “Figures”",
        ),
    ],
)
def test_faces_that_are_left_out_are_told_of(
    own_page: AppTest, others: list[tuple[str, int]], said: str
) -> None:
    own_page.multiselect(key="metrics_own_finders").set_value([]).run()
    face = "<object><name>{}</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>{}</xmax>"
    face += "<ymax>{}</ymax></bndbox></object>"
    voc = "".join(face.format(name, side, side) for name, side in [("with_mask", 32), *others])
    files = {"images/1.png": grey(250), "annotations/1.xml": f"<a>{voc}</a>".encode()}
    assert said in texts(upload(own_page, packed(files)))


def test_of_one_class_and_nothing_found_no_figure_is_made_up(own_page: AppTest) -> None:
    own_page.multiselect(key="metrics_own_finders").set_value(["haar"]).run()
    voc = "<a><object><name>with_mask</name><bndbox><xmin>0</xmin><ymin>10</ymin>"
    voc += "<xmax>40</xmax><ymax>50</ymax></bndbox></object></a>"
    # The fake finds no face in pictures of this width.
    page = upload(
        own_page,
        packed({"images/1.png": grey(250, 77), "annotations/1.xml": voc.encode()}),
    )
    assert "So few masked faces leave room for chance" in texts(page)
    section(page, "Whole app")
    table = finders(page)
    assert list(table.loc["Mask: found"]) == ["0\xa0% (0 of 1)"]
    assert list(table.loc["No Mask: found"]) == ["– (0 of 0)"]
    assert list(table.loc["Boxes that are faces"]) == ["–"]
    assert list(table.loc["Macro F1"]) == ["–"]


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"photos", "not a ZIP archive"),
        (packed({"a/1.png": grey(9)}), "neither folders with and without masks"),
        (packed({"mask/1.png": b"x", "nomask/1.png": b"x"}), "nothing to measure on"),
        (packed({"1.png": grey(9), "1.xml": b"<a"}), "1.xml is not a Pascal VOC file"),
    ],
)
def test_archives_that_do_not_serve_are_refused_in_a_sentence(
    own_page: AppTest, content: bytes, sentence: str
) -> None:
    page = upload(own_page, content)
    assert sentence in texts(page)
    assert "metrics_own" not in page.session_state
    assert not list(data_root().iterdir())


def test_a_folder_of_the_server_is_read_only_where_it_serves_itself(
    own_page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "with_mask").mkdir()
    (tmp_path / "with_mask" / "1.png").write_bytes(grey(250))
    own_page.text_input(key="metrics_own_folder").set_value(str(tmp_path)).run()
    press(own_page, "Measure this folder")
    assert "1 of 1 photo right" in texts(section(own_page, "Figures"))
    section(own_page, "Mistakes")
    assert not own_page.text_input
    section(own_page, "Your photos")
    press(own_page, "Remove these photos")
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path / "open"))
    for named, sentence in {
        str(tmp_path): f"Only folders below {tmp_path / 'open'} may be chosen here.",
        "with_mask": "Give the folder's whole path, from the disk or / onwards.",
        str(tmp_path / "open"): "There is no such folder on the computer that runs Masklens.",
    }.items():
        own_page.text_input(key="metrics_own_folder").set_value(named).run()
        press(own_page, "Measure this folder")
        assert [error.value for error in own_page.error] == [plain(sentence)]
    monkeypatch.setattr(pictures_view, "only_this_computer", lambda: False)
    monkeypatch.setattr(own_view, "only_this_computer", lambda: False)
    own_page.selectbox(key="metrics_part").set_value("test").run()
    assert not own_page.text_input


def test_copies_of_a_folder_go_with_its_photos(own_page: AppTest, tmp_path: Path) -> None:
    photo = tmp_path / "own" / "Mask" / "1.png"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(grey(250))

    def measure() -> list[Path]:
        own_page.text_input(key="metrics_own_folder").set_value(str(tmp_path / "own")).run()
        press(own_page, "Measure this folder")
        return list(data_root().glob("own-*"))

    assert len(measure()) == 1
    assert "1 of 1 photo right" in texts(section(own_page, "Figures"))
    press(section(own_page, "Your photos"), "Remove these photos")
    assert not list(data_root().iterdir())
    photo.unlink()
    assert measure() == []
    assert "neither folders with and without masks" in texts(own_page)
    assert photo.parent.is_dir()
