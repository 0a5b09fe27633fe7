from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskcore import MasklensError
from tests.full_disk import full_disk
from tests.ui.files import grey, packed
from tests.ui.metrics_page.page import (
    FIRST,
    LABELS,
    MakeReport,
    OpenPage,
    bring,
    charts,
    names,
    open_metrics,
    section,
    slide,
    texts,
    where,
)
from tests.ui.pages import press
from training.photos.data_folders import data_root
from training.photos.intake import OWNER_NAMES_FILE, content_hash, kept_names
from ui.metrics import pictures, pictures_view
from ui.metrics.mistakes import clicked_cell
from ui.training.data_report import Look


def open_mistakes(open_page: OpenPage) -> AppTest:
    return section(open_metrics(open_page), "Mistakes")


def test_a_cell_lists_its_photos_the_surest_mistake_first(page: AppTest) -> None:
    section(page, "Mistakes")
    assert "2 photos with a mask were called No Mask, 2 without were called Mask." in texts(page)
    assert page.selectbox(key="metrics_cell").value == ("Mask", "No Mask")
    assert names(page) == ["003.jpg", "002.jpg"]
    assert "**Mask: 10.0\xa0%**" in texts(page)
    page.selectbox(key="metrics_cell").set_value(("No Mask", "Mask")).run()
    assert names(page) == ["007.jpg", "006.jpg"]
    slide(page, 98)
    assert "3 photos with a mask were called No Mask." in texts(page)
    assert names(page) == []
    assert "There is nothing here" in texts(page)


def test_until_one_is_clicked_the_cell_with_most_mistakes_is_shown(page: AppTest) -> None:
    section(page, "Mistakes")
    chosen = lambda: page.selectbox(key="metrics_cell").value  # noqa: E731
    slide(page, 5)  # the bare ones with 5, 20, 60 and 97 % count as masked
    assert chosen() == ("No Mask", "Mask")
    slide(page, 98)
    assert chosen() == ("Mask", "No Mask")
    page.selectbox(key="metrics_model").set_value("second").run()  # makes no mistake
    assert chosen() == ("Mask", "Mask")
    page.selectbox(key="metrics_cell").set_value(("No Mask", "No Mask")).run()
    section(page, "Curves")
    section(page, "Mistakes")
    assert chosen() == ("No Mask", "No Mask")
    page.selectbox(key="metrics_model").set_value("first").run()
    assert chosen() == ("Mask", "No Mask")
    page.selectbox(key="metrics_model").set_value("second").run()
    assert chosen() == ("Mask", "Mask")


def test_a_tile_can_be_clicked_again_after_the_list_was_changed(page: AppTest) -> None:
    section(page, "Mistakes")

    def chart() -> str:
        return page.get("vega_lite_chart")[0].proto.id

    before = chart()
    slide(page, 40)
    assert chart() == before
    page.selectbox(key="metrics_cell").set_value(("No Mask", "No Mask")).run()
    assert chart() != before


def test_each_list_begins_with_its_first_page(
    models: Path, make_report: MakeReport, open_page: OpenPage
) -> None:
    report = make_report([1] * 30 + [0] * 30, [0.1] * 30 + [0.9] * 30)
    (models / "first" / "report.json").write_text(json.dumps(report))
    page = open_mistakes(open_page)
    assert len(names(page)) == 12
    assert names(page)[0] == "000.jpg"
    keys = [str(element.proto.id) for element in page.get("pagination")]
    page.selectbox(key="metrics_cell").set_value(("No Mask", "Mask")).run()
    assert names(page)[0] == "030.jpg"
    assert keys != [str(element.proto.id) for element in page.get("pagination")]


@pytest.mark.parametrize(
    "state, cell",
    [
        ({"selection": {"cell": [{"truth": "Mask", "answer": "No Mask"}]}}, ("Mask", "No Mask")),
        ({"selection": {"cell": []}}, None),
        ({"selection": {"cell": [{"truth": "Mask"}]}}, None),
        ({"selection": {"cell": [{"truth": "A", "answer": "B"}]}}, None),
        ({"selection": {}}, None),
        (None, None),
    ],
)
def test_a_click_names_a_cell_or_nothing(state: Any, cell: Any) -> None:
    assert clicked_cell(state) == cell


def test_without_mistakes_the_page_says_so(
    models: Path, make_report: MakeReport, open_page: OpenPage
) -> None:
    report = make_report([0, 1, 1], [0.1, 0.8, 0.9])
    (models / "first" / "report.json").write_text(json.dumps(report))
    page = open_metrics(open_page)
    assert "3 of 3 photos right" in texts(page)
    assert "No mistakes at this threshold" in texts(section(page, "Mistakes"))
    for name in ("Curves", "Two models"):
        section(page, name)


@pytest.mark.parametrize("label", [0, 1])
def test_a_report_of_one_class_shows_what_can_be_said(
    models: Path, make_report: MakeReport, open_page: OpenPage, label: int
) -> None:
    report = make_report([label] * 3, [0.2, 0.5, 0.8])
    (models / "first" / "report.json").write_text(json.dumps(report))
    page = open_metrics(open_page)
    assert {m.label: m.value for m in page.metric}["ROC AUC"] == "–"
    assert page.table[0].value["Mask" if label == 0 else "No Mask"]["F1"] == "–"
    section(page, "Curves")
    assert "need photos of both classes" in texts(page)
    assert len(charts(page)) == 2


def test_pictures_show_where_the_photos_are_at_hand(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section(page, "Mistakes")
    assert not page.get("image")
    assert not where(page).proto.expanded
    folder = tmp_path / "photos"
    (folder / "with_mask").mkdir(parents=True)
    Image.fromarray(np.full((60, 40, 3), 90, np.uint8)).save(folder / "with_mask" / "003.jpg")
    page.text_input(key="metrics_folder").set_value(str(folder)).run()
    assert not page.exception
    assert len(page.get("image")) == 1  # the other photo of the cell is not there
    assert not where(page).proto.expanded
    assert names(page) == ["003.jpg", "002.jpg"]
    page.text_input(key="metrics_folder").set_value(str(tmp_path / "gone")).run()
    assert not page.get("image")
    assert "There is no such folder on the computer that runs Masklens." in texts(page)
    assert where(page).proto.expanded  # nor is that sentence out of sight


def test_photos_brought_for_training_are_called_as_their_owner_calls_them(
    models: Path, make_report: MakeReport, open_page: OpenPage, tmp_path: Path
) -> None:
    ours = "with_mask/0003-0123abcd.jpg"
    report = make_report(LABELS, FIRST)
    report["parts"]["test"]["photos"][3]["path"] = ours
    (models / "first" / "report.json").write_text(json.dumps(report))
    (tmp_path / OWNER_NAMES_FILE).write_text(json.dumps({"with_mask/Anna.jpg": ours}))
    page = open_mistakes(open_page)
    assert names(page) == ["0003-0123abcd.jpg", "002.jpg"]
    known = {place: name for name, place in kept_names(tmp_path).items()}
    page.session_state["training_look"] = Look(tmp_path, None, names=known)
    assert names(page.run()) == ["Anna.jpg", "002.jpg"]
    (tmp_path / "with_mask").mkdir()
    (tmp_path / ours).write_bytes(grey(90))
    page.text_input(key="metrics_folder").set_value(str(tmp_path)).run()
    assert f"mark-photos-{ours}" in [box.key for box in page.selectbox]  # marks go by our name
    assert names(open_mistakes(open_page)) == ["0003-0123abcd.jpg", "002.jpg"]  # another visitor's


def test_from_elsewhere_pictures_are_brought_in_a_zip(
    page: AppTest, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_view, "only_this_computer", lambda: False)
    section(page, "Mistakes")
    assert not page.text_input
    assert where(page).label == "Show the pictures"
    assert "With pictures, labels can be marked wrong" in texts(page)
    bring(page, packed({"with_mask/other.png": grey(9)}))
    assert "None of the photos measured is in this ZIP archive" in texts(page)
    assert where(page).proto.expanded  # nor is that sentence out of sight
    assert not list(data_root().iterdir())
    twice = {f"{part}/without_mask/007.jpg": grey(9) for part in ("a", "b")}
    bring(page, packed({"x/with_mask/003.jpg": grey(9), **twice}))
    assert "dataset.zip holds 1 of the 8 photos measured" in texts(page)
    assert len(page.get("image")) == 1
    assert where(page).label == "The pictures"
    assert "With pictures, labels" not in texts(page)
    assert not [f for f in page.file_uploader if f.label.startswith("A ZIP with the folders")]
    page.selectbox(key="metrics_cell").set_value(("No Mask", "Mask")).run()
    assert not page.get("image")  # of two photos called 007.jpg it may be either
    (folder,) = data_root().glob("pictures-*")
    assert not open_mistakes(open_page).get("image")  # another visitor's
    press(page, "Remove these pictures")
    assert not folder.exists()
    assert where(page).label == "Show the pictures"


def test_pictures_that_cannot_be_stored_leave_nothing_behind(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "unpack", full_disk)
    with pytest.raises(MasklensError, match="the disk may be full"):
        pictures.brought_pictures("x.zip", io.BytesIO(), ["a"], lambda share: None)
    assert not list(data_root().iterdir())


def test_a_server_that_was_told_the_folder_asks_visitors_for_nothing(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_view, "only_this_computer", lambda: False)
    monkeypatch.setenv(pictures_view.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / "with_mask").mkdir()
    (tmp_path / "with_mask" / "003.jpg").write_bytes(grey(90))
    section(page, "Mistakes")
    assert len(page.get("image")) == 1
    assert not page.text_input
    assert not page.file_uploader


def test_marked_photos_make_a_list_to_take_along(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section(page, "Mistakes")
    # Nobody can tell a wrong label without the picture.
    assert not [box for box in page.selectbox if str(box.key).startswith("mark-")]
    (tmp_path / "with_mask").mkdir()
    for name in ("002.jpg", "003.jpg"):
        (tmp_path / "with_mask" / name).write_bytes(grey(90))
    page.text_input(key="metrics_folder").set_value(str(tmp_path)).run()
    assert "marked." not in texts(page)
    key = "mark-photos-with_mask/003.jpg"
    page.selectbox(key=key).set_value("relabel").run()
    page.selectbox(key="mark-photos-with_mask/002.jpg").set_value("leave_out").run()
    assert "**2 photos marked.** A run on these photos honours that: on the Training" in texts(page)
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    assert "honours that: by `python -m training" in texts(page.run())
    monkeypatch.delenv("MASKLENS_TRAINING")
    (held,) = page.session_state["metrics_corrections"].values()
    assert json.loads(held.to_json()) == {
        "data": "photos",
        "leave_out": ["with_mask/002.jpg"],
        "relabel": {"with_mask/003.jpg": "without_mask"},
        "hashes": dict.fromkeys(["with_mask/002.jpg", "with_mask/003.jpg"], content_hash(grey(90))),
    }
    slide(page, 5)  # the photos leave the list, the marks stay
    slide(page, 50)
    assert page.selectbox(key=key).value == "relabel"
    page.selectbox(key=key).set_value("keep").run()
    assert "**1 photo marked.**" in texts(page)
    press(page, "Forget the marks")
    assert "marked." not in texts(page)
