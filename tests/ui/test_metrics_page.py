"""The Metrics page on made reports of two models."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.loading
from maskcore import MasklensError
from maskcore.classification import InputSpec
from tests.ui import pages
from tests.ui.files import grey, packed
from tests.ui.pages import labels, press
from training import metrics
from training.photos.data_folders import KEPT_SECONDS, clean_up, data_root
from training.photos.folder_intake import ROOTS_VARIABLE
from training.photos.intake import OWNER_NAMES_FILE, content_hash, kept_names
from ui.metrics import frame_times, own_photos, own_view, pictures, pictures_view
from ui.metrics.curve_charts import curve_chart, in_corner
from ui.metrics.curve_view import _enlarged
from ui.metrics.mistakes import clicked_cell
from ui.metrics.stress_view import where_it_breaks
from ui.training.data_report import Look
from ui.words import plain

OpenPage = Callable[[], AppTest]
MakeReport = Callable[..., dict[str, Any]]

LABELS = [1, 1, 1, 1, 0, 0, 0, 0]
FIRST = [0.99, 0.9, 0.4, 0.1, 0.05, 0.2, 0.6, 0.97]
SECOND = [0.99, 0.9, 0.8, 0.7, 0.05, 0.2, 0.3, 0.1]
EPOCHS = [
    {"stage": "training", "epoch": 1, "loss": 0.6, "accuracy": 0.7, "val_loss": 0.5},
    {"stage": "fine-tuning", "epoch": 1, "loss": 0.4, "accuracy": 0.8, "val_loss": None},
]


@pytest.fixture
def models(
    fake_models: Path,
    make_report: MakeReport,
    make_scene_report: MakeReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))
    for name, probabilities, more in (
        ("first", FIRST, {}),
        ("second", SECOND, {"history": EPOCHS}),
    ):
        report = make_report(LABELS, probabilities, **more)
        (fake_models / name / "report.json").write_text(json.dumps(report))
    (fake_models / "scenes" / "first").mkdir(parents=True)
    for detector, masked in (("fcos", (80, 76, 72)), ("haar", (80, 20, 20))):
        report = make_scene_report(detector, masked, (9, 6, 3))
        (fake_models / "scenes" / "first" / f"{detector}.json").write_text(json.dumps(report))
    return fake_models


@pytest.fixture
def page(models: Path, open_page: OpenPage) -> AppTest:
    return open_metrics(open_page)


def open_metrics(open_page: OpenPage) -> AppTest:
    page = open_page().switch_page("pages/metrics.py").run()
    assert not page.exception
    return page


def section(page: AppTest, name: str) -> AppTest:
    page.segmented_control(key="metrics_section").set_value(name).run()
    assert not page.exception
    return page


def open_mistakes(open_page: OpenPage) -> AppTest:
    return section(open_metrics(open_page), "Mistakes")


def finders(page: AppTest) -> pd.DataFrame:
    """What the section's three tables say, a finder a column."""
    return pd.concat([table.value for table in page.table], axis=1).T


def slide(page: AppTest, percent: int) -> AppTest:
    page.slider(key="metrics_threshold_first").set_value(percent).run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    return pages.texts(page).replace("\\", "")


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.get("vega_lite_chart")]


# --- at a glance


def test_the_first_sight_answers_the_question(page: AppTest) -> None:
    assert page.subheader[0].value == (
        "Of 80 masked faces of 32 pixels and more it finds 76 and labels 72 right;"
        " of 9 without a mask it finds 6 and labels 3 right."
    )
    assert {m.label: m.value for m in page.metric} == {"Accuracy": "50.0\xa0%", "ROC AUC": "0.6250"}
    assert "4 of 8 photos right" in texts(page)
    assert page.subheader[1].value == "The mask model alone, on photos of “photos”"
    assert page.segmented_control(key="metrics_section").value == "Figures"
    table = page.table[0].value
    assert list(table.columns) == ["Mask", "No Mask"]
    assert list(table.index) == ["Photos", "F1", "Precision", "Recall"]
    assert list(table.loc["Photos"]) == ["4", "4"]
    assert table["Mask"]["Precision"].startswith("50.0\xa0% (")
    assert (
        "8 photos of the data set “photos”. The mask model alone, measured on 24 November 2026."
    ) in texts(page)
    assert [code.value for code in page.code] == [
        "python -m training evaluate-scenes --detector fcos",
        "python -m training evaluate run1",
    ]
    assert "**The sentence at the top: the whole app**, 24 November 2026" in texts(page)
    assert "**Accuracy and table: the mask model alone**, 24 November 2026" in texts(page)


def test_the_card_tells_which_photos_a_data_set_holds(models: Path, open_page: OpenPage) -> None:
    path = models / "first" / "card.json"
    data = "90 close-ups of A (MIT), 70 % for training; scenes of B (CC0)"
    card = {**json.loads(path.read_text()), "data": data, "config": {"data": "../x/photos"}}
    path.write_text(json.dumps(card))
    page = open_metrics(open_page)
    said = texts(page)
    assert page.subheader[1].value == "The mask model alone, on close-ups"
    assert (
        "8 photos of the data set “photos”, 90 close-ups of A (MIT), 70 % for training. The mask"
    ) in said
    assert f"The model's data: {data}." in said
    path.write_text(json.dumps({**card, "config": {"data": "../x/other"}}))
    assert "8 photos of the data set “photos”. The mask" in texts(open_metrics(open_page))


def test_of_photos_that_the_starting_weights_may_know_it_is_not_said_that_nobody_learned(
    models: Path, open_page: OpenPage
) -> None:
    never, may_have = "never used in training", "the weights it began with, those of another"
    page = open_metrics(open_page)
    assert never in page.selectbox(key="metrics_part").options[0]
    assert may_have not in texts(page)
    path = models / "first" / "card.json"
    card = {**json.loads(path.read_text()), "config": {"backbone_weights": "installed"}}
    path.write_text(json.dumps(card))
    page = open_metrics(open_page)
    assert page.selectbox(key="metrics_part").options == ["Test photos: kept out of this run"]
    assert may_have in texts(page)
    page.selectbox(key="metrics_model").set_value("second").run()  # is told nothing of
    assert never in page.selectbox(key="metrics_part").options[0]
    assert may_have not in texts(page)


def test_what_the_app_would_be_not_sure_of_is_told_at_the_threshold_chosen(
    models: Path, open_page: OpenPage
) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "not_sure": {"margin": 1.0}}))
    page = open_metrics(open_page)
    assert (
        "Right and wrong go by the threshold alone. The app says “Not sure” of 1 of 4 masked and"
        " 1 of 4 bare photos: their probability is between 27 and 73 %."
    ) in texts(page)
    assert "“Not sure” of 1 of 4 bare photos" in texts(slide(page, 70))
    assert "Not sure" not in texts(slide(page, 1))


CUT_FACES = {
    "parts": ["test"],
    "min_side": 32,
    "created": "2026-11-23T10:00:00+00:00",
    "command": "python -m training evaluate-faces",
    "accuracy": {"value": 0.98, "interval": [0.92, 0.99]},
    "by_class": {
        "Mask": {"recall": {"value": 76 / 77, "hits": 76, "count": 77}},
        "No Mask": {"recall": {"value": 13 / 15, "hits": 13, "count": 15}},
    },
}


def test_faces_cut_out_of_whole_photos_are_told_of_where_they_were_measured(
    models: Path, open_page: OpenPage
) -> None:
    path = models / "first" / "faces.json"
    path.write_text(json.dumps(CUT_FACES))
    page = open_metrics(open_page)
    assert (
        "On faces of 32 pixels and more cut out of whole photos, at the model's own threshold:"
        " 76 of 77 masked and 13 of 15 bare right, in all 98.0\xa0% (92.0 to 99.0). Faces of"
        " one photo share its light and its camera: chance allows for somewhat more"
    ) in texts(page)
    assert page.code[2].value == "python -m training evaluate-faces"
    assert "**Faces cut out of whole photos**, 23 November 2026" in texts(page)
    path.write_text(json.dumps({**CUT_FACES, "parts": ["validation"]}))
    assert "whole photos, some of which had a part in choosing it, at the" in texts(
        open_metrics(open_page)
    )
    in_folds = {**CUT_FACES, "parts": ["train", "validation"], "folds": 4, "photos": 472}
    in_folds["command"] = "python -m training evaluate-faces --model-runs"
    (path.parent / "faces_in_folds.json").write_text(json.dumps(in_folds))
    page = open_metrics(open_page)
    assert (
        "On such faces of 472 more photos, each judged by the one of 4 networks that had not"
        " learned from it: 76 of 77 masked and 13 of 15 bare right, in all 98.0\xa0%"
    ) in texts(page)
    assert page.code[3].value == in_folds["command"]
    assert texts(page).count("Faces of one photo share its light") == 1
    for damage in ("", "[]", '{"parts": 3}'):
        path.write_text(damage)
        (path.parent / "faces_in_folds.json").write_text(damage)
        assert "such faces" not in texts(open_metrics(open_page))
        assert "cut out of whole" not in texts(open_metrics(open_page))


def test_the_slider_redraws_figures_matrix_and_photos(page: AppTest) -> None:
    for percent, right in ((50, 4), (30, 5), (99, 5), (1, 4)):
        slide(page, percent)
        answers = [p >= percent / 100 for p in FIRST]
        assert right == sum(a == bool(label) for a, label in zip(answers, LABELS, strict=True))
        assert f"{right} of 8 photos right" in texts(page)
        found = sum(a for a, label in zip(answers, LABELS, strict=True) if label)
        recall = page.table[0].value["Mask"]["Recall"]
        assert recall.startswith(f"{found / 4 * 100:.1f}\xa0% ")
        section(page, "Mistakes")
        assert page.slider(key="metrics_threshold_first").value == percent
        assert f"{right} of 8 photos are called rightly" in texts(page)
        assert f", recall {found / 4 * 100:.1f}\xa0%, F1 " in texts(page)
        (matrix,) = charts(page)
        assert matrix["title"] == "Confusion matrix (photos)"
        section(page, "Figures")


def test_the_threshold_stays_as_chosen_where_its_slider_is_not_shown(page: AppTest) -> None:
    slide(page, 30)
    for name in ("Whole app", "Hard cases"):
        section(page, name)
        assert not page.slider
    section(page, "Curves")
    assert "At 30 % (the dot)" in texts(page)
    assert page.slider(key="metrics_threshold_first").value == 30


def test_every_chart_has_a_title_units_and_a_text(page: AppTest) -> None:
    seen = 0
    for name in list(page.segmented_control(key="metrics_section").options):
        section(page, name.split(": ")[-1])
        for chart in page.get("vega_lite_chart"):
            spec = json.loads(chart.proto.spec)
            assert spec["title"]
            assert chart.proto.alt
            layers = [layer["encoding"] for layer in spec.get("layer", [spec])]
            for channel in ("x", "y"):
                named = any(layer[channel].get("title") for layer in layers)
                assert (
                    named or layers[0][channel]["type"] == "nominal"
                )  # names speak for themselves
            seen += 1
    assert seen >= 8


# --- mistakes


def names(page: AppTest) -> list[str]:
    return [c.value.replace("\\", "") for c in page.caption if c.value.endswith(".jpg")]


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


def where(page: AppTest) -> Any:
    (found,) = [e for e in page.expander if e.label in ("Show the pictures", "The pictures")]
    return found


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


def bring(page: AppTest, content: bytes) -> AppTest:
    (place,) = [f for f in page.file_uploader if f.label.startswith("A ZIP with the folders")]
    place.upload("dataset.zip", content, "application/zip").run()
    assert not page.exception
    return page


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
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures, "unpack", full)
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


def test_marked_photos_make_a_list_to_take_along(page: AppTest, tmp_path: Path) -> None:
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
    assert "**2 photos marked.**" in texts(page)
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


# --- threshold


def test_a_threshold_becomes_the_app_s_default_and_goes_back(
    page: AppTest, models: Path, open_page: OpenPage
) -> None:
    assert "Make it the app's default" not in labels(page)
    slide(page, 70)
    press(page, "Make it the app's default")
    assert "Photos and Live start with 70 %, as chosen here" in texts(page)
    assert "9 without a mask. The app now starts with 70\xa0%." in texts(page)
    page.switch_page("pages/photo.py").run()
    assert page.slider(key="threshold").value == 70
    assert open_page().slider(key="threshold").value == 70  # another visitor's
    page.switch_page("pages/metrics.py").run()
    assert page.slider(key="metrics_threshold_first").value == 70
    press(page, "Back to the model's own 50 %")
    assert "The app now starts with" not in texts(page)
    assert page.slider(key="metrics_threshold_first").value == 50
    assert open_page().slider(key="threshold").value == 50


def test_a_threshold_chosen_on_the_test_photos_is_said_to_flatter(
    page: AppTest, models: Path, make_report: MakeReport
) -> None:
    report = make_report(LABELS, FIRST)
    report["parts"]["validation"] = report["parts"]["test"]
    (models / "first" / "report.json").write_text(json.dumps(report))
    said = "At a threshold chosen on these photos their figures look a little better"
    assert said not in texts(page)
    assert said in texts(slide(page, 70))
    page.selectbox(key="metrics_part").set_value("validation").run()
    assert said not in texts(page)
    page.selectbox(key="metrics_part").set_value("test").run()
    assert said in texts(page)
    assert said not in texts(slide(page, 50))


def test_where_visitors_may_not_train_they_do_not_choose_for_others(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", "off")
    slide(page, 70)
    assert "Make it the app's default" not in labels(page)
    assert "Photos and Live start with 50 %, the model’s own." in texts(page)


# --- the other sections


def test_another_model_is_not_praised_for_what_the_first_one_did(page: AppTest) -> None:
    page.selectbox(key="metrics_model").set_value("second").run()
    assert not page.exception
    assert page.subheader[0].value == (
        "Of 4 masked photos it recognises 4. Of 4 bare photos it recognises 4."
    )
    assert "ROC AUC" in [metric.label for metric in page.metric]
    assert ": always, on these. Others may differ" in texts(page)
    section(page, "Whole app")
    assert "masks told by first with its own threshold" in texts(page)
    assert "Nobody has measured this with second yet" in texts(page)
    section(page, "Two models")
    assert "second" in page.table[0].value.columns
    page.selectbox(key="metrics_model").set_value("first").run()
    section(page, "Whole app")
    assert "Nobody has measured this" not in texts(page)


def test_a_curve_that_shows_only_its_corner_says_so() -> None:
    axes = ("false_positive_rate", "Bare"), ("recall", "Masked")
    points = [{"false_positive_rate": x, "recall": x, "threshold": 1 - x} for x in (0.0, 1.0)]
    for at, enlarged in ((0.1, True), (0.3, False)):
        current = {"false_positive_rate": at, "recall": 0.9, "threshold": 0.5}
        chart = curve_chart(points, current, *axes, "ROC curve").to_dict()
        domain = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
        assert domain == ([0.0, 0.2] if enlarged else [0.0, 1.0])
        assert in_corner(current, "false_positive_rate", "recall") is enlarged
        assert ("Enlarged: only the corner" in _enlarged(current, axes)) is enlarged


def test_two_models_are_compared_on_the_same_photos(page: AppTest) -> None:
    section(page, "Two models")
    said = texts(page)
    assert "No difference could be shown" in said
    assert "They differ on 4 of 8 photos: 0 right by first alone, 4 by second alone" in said
    assert "about 12 times in 100" in said  # 2 / 2 ** 4
    (table,) = [table.value for table in page.table]
    assert list(table.columns) == ["first", "second"]
    assert list(table.loc["Mask: right"]) == ["2 of 4", "4 of 4"]
    assert "The run that made first left no record of its epochs" in said
    accuracy, loss = charts(page)
    assert (accuracy["title"], loss["title"]) == (
        "Accuracy, epoch by epoch",
        "Loss, epoch by epoch",
    )


@pytest.mark.parametrize("measured", [True, False])
def test_models_of_different_photos_can_be_compared_on_the_visitor_s(
    own_page: AppTest, models: Path, make_report: MakeReport, measured: bool
) -> None:
    report = make_report(LABELS, SECOND) | {"data": "others"}
    (models / "second" / "report.json").write_text(json.dumps(report))
    page = own_page
    if measured:
        upload(page, packed({"mask/1.png": grey(250), "nomask/2.png": grey(0)}))
        page.selectbox(key="metrics_part").set_value("test").run()
    section(page, "Two models")
    assert "not measured on the same photos" in texts(page)
    press(page, "Measure both on your photos")
    if measured:
        assert page.selectbox(key="metrics_part").value == "own"
        press(page, "Measure with second")
        assert "No difference could be shown" in texts(page)
    else:
        assert page.segmented_control(key="metrics_section").value == "Your photos"


def test_a_model_is_called_by_the_run_that_made_it_too(models: Path, open_page: OpenPage) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "title": "Class *7b*"}))
    page = section(open_metrics(open_page), "Two models")
    assert "first (Class *7b*)" in page.selectbox(key="metrics_model").options
    assert "0 right by first (Class *7b*) alone, 4 by second alone" in texts(page)
    assert list(page.table[0].value.columns) == [plain("first (Class *7b*)"), "second"]
    assert "The run that made first (Class *7b*) left no record" in texts(page)


def test_a_threshold_that_was_moved_makes_no_winner(page: AppTest) -> None:
    section(page, "Two models")
    before, table = page.subheader[1].value, page.table[0].value
    slide(section(page, "Figures"), 30)
    assert "5 of 8 photos right" in texts(page)
    press(page, "Make it the app's default")
    section(page, "Two models")
    assert "They differ on 4 of 8 photos" in page.subheader[1].value
    assert page.subheader[1].value == before
    assert page.table[0].value.equals(table)
    assert list(table.loc["Counts as a mask from"]) == ["50\xa0%", "50\xa0%"]
    assert "Each is judged at its own threshold, whatever is chosen under “Figures”." in texts(page)


def test_learning_by_heart_shows_in_the_dashed_line(page: AppTest) -> None:
    section(page, "Two models")
    accuracy, loss = [chart.proto.alt for chart in page.get("vega_lite_chart")]
    assert "by heart where the dashed line falls" in accuracy
    assert "by heart where the dashed line rises" in loss
    assert "the solid line is often the worse one" in texts(page)


def test_a_single_model_has_nothing_to_be_compared_with(models: Path, open_page: OpenPage) -> None:
    (models / "second" / "card.json").unlink()
    page = section(open_metrics(open_page), "Two models")
    assert "There is only one mask model" in texts(page)


def test_the_whole_app_is_shown_finder_by_finder(page: AppTest) -> None:
    section(page, "Whole app")
    table = finders(page)
    assert list(table.columns) == ["Masklens", "Haar, default"]
    assert list(table.loc["Masked faces right"]) == ["90\xa0% (72 of 80)", "25\xa0% (20 of 80)"]
    assert list(table.loc["Masked faces found"]) == ["95\xa0% (76 of 80)", "25\xa0% (20 of 80)"]
    assert list(table.loc["Macro F1"]) == ["75.0\xa0% (50.0 to 87.5)"] * 2
    assert "Masklens, 24 November 2026: `python -m training evaluate-scenes" in texts(page)
    assert "Best: Masklens, 72 of 80 masked faces found and right" in texts(page)


def test_photos_judged_in_turns_are_one_click_away(
    models: Path, open_page: OpenPage, make_scene_report: MakeReport
) -> None:
    folder = models / "scenes" / "first" / "folds"
    folder.mkdir()
    report = make_scene_report("fcos", (200, 180, 160), (100, 70, 61))
    kept_apart, report["command"] = report["command"], "in folds"
    report["figures"]["false_alarms"] = 7  # of 257 boxes
    (folder / "fcos.json").write_text(json.dumps({**report, "photos": 77, "folds": 4}))
    page = open_metrics(open_page)
    assert page.subheader[0].value == (
        "Of 100 masked faces of 32 pixels and more it finds 90 and labels 80 right;"
        " of 100 without a mask it finds 70 and labels 61 right."
    )
    first, second = [caption.value for caption in page.caption if "photos" in caption.value][:2]
    assert "on 77 photos: 200 masked faces and 100 without a mask. Each photo was" in first
    assert "looked at by networks that had not learned from it; the finder's settings" in first
    assert first.endswith("were chosen on these photos. About 3 boxes in 100 are on no face.")
    assert second == (
        "A stricter measurement, on 9 photos that nothing was learned from and hardly anything"
        " chosen by: of 80 masked faces it finds 76 and labels 72 right; of 9 without a mask it"
        " finds 6 and labels 3 right. So few faces without a mask leave room for chance."
    )
    assert [code.value for code in page.code][:2] == ["in folds", kept_apart]
    assert "**The stricter measurement**, 24 November 2026" in texts(page)
    section(page, "Whole app")
    choice = page.segmented_control(key="metrics_in_turns")
    assert choice.options == ["77 photos in turns", "9 photos kept apart"]
    assert list(finders(page).loc["Masked faces found"]) == ["90\xa0% (180 of 200)"]
    choice.set_value(False).run()
    assert not page.exception
    assert "95\xa0% (76 of 80)" in list(finders(page).loc["Masked faces found"])
    assert "In turns" not in texts(page)
    choice.set_value(True).run()
    assert not page.exception
    assert "77 photos, faces of 32 pixels and more" in texts(page)
    assert "In turns: 4 times" in texts(page)
    assert "the app's own networks learned from most or all of them" in texts(page)
    # Nobody has measured the other model so.
    page.selectbox(key="metrics_model").set_value("second").run()
    assert not page.exception
    assert "looked at by networks" not in texts(page)
    assert "9 photos, faces of 32 pixels and more" in texts(page)
    page.selectbox(key="metrics_model").set_value("first").run()
    assert "77 photos, faces of 32 pixels and more" in texts(page)


def test_milliseconds_are_measured_when_asked(
    page: AppTest, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_times, "yunet_available", lambda: True)
    section(page, "Whole app")
    fake.detected.clear()
    press(page, "Measure now")
    assert set(fake.detected) == {(640, 480)}
    table = page.dataframe[-1].value
    assert len(table) == 4
    assert (table["A frame, ms"] >= 0).all()


def test_the_stress_card_says_where_it_breaks(page: AppTest, models: Path) -> None:
    section(page, "Hard cases")
    assert "This model has no stress card" in texts(page)
    figure = {"value": 0.97, "interval": [0.95, 0.98], "count": 599}
    low = {"value": 0.81, "interval": [0.78, 0.84], "count": 599}
    rows = [
        {"change": change, "level": level, "accuracy": a, "recall_mask": a, "recall_no_mask": a}
        for change, level, a in (("blur", "1 px", figure), ("blur", "4 px", low))
    ]
    card = {"created": "2026-11-24T11:00:00", "command": "stress", "count": 599, "rows": rows}
    (models / "first" / "stress.json").write_text(json.dumps(card))
    page.run()
    assert "Below 95\xa0%: strong blur." in texts(page)
    assert "Judged at the model's own threshold, whatever is chosen under “Figures”." in texts(page)
    assert "Measured on 24 November 2026 by `stress`." in texts(page)
    assert where_it_breaks([rows[0]]).startswith("Accuracy stays at 95\xa0% or more")
    of_bare = {**rows[0], "recall_no_mask": low}
    assert where_it_breaks([of_bare, rows[1]]) == ("Below 95\xa0%: blur (1 px, 4 px).")
    assert list(page.dataframe[-1].value["Accuracy"]) == [
        "97.0\xa0% (95.0 to 98.0)",
        "81.0\xa0% (78.0 to 84.0)",
    ]
    (models / "first" / "stress.json").write_text(json.dumps({**card, "rows": [{}]}))
    page.run()
    assert "This model has no stress card" in texts(page)


# --- the visitor's own photos


class Brightness:
    """A mask model that takes light for masks."""

    threshold = 0.5
    input_spec = InputSpec(size=8, scale=1 / 255, offset=0.0)

    def __init__(self, name: str) -> None:
        self.name = name

    def classify_inputs(self, inputs: Any) -> Any:
        return inputs.mean(axis=(1, 2, 3))

    def mask_probabilities(self, image: Any, boxes: Any) -> Any:
        return np.array([image[:40, int(box[0]) :][:, :40].mean() / 255 for box in boxes])


@pytest.fixture
def own_page(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(ui.loading, "classifier", Brightness)
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    return section(page, "Your photos")


def upload(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert not page.exception
    return page


@pytest.mark.parametrize("content", [packed({"mask/1.png": grey(250)}), b"photos"])
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
    assert "1 could not be read and were left out: without_mask/broken.png" in texts(page)
    section(page, "Figures")
    assert page.subheader[1].value == "The mask model alone, on your photos"
    assert "Faces of one photo" not in texts(page)
    assert "3 photos of mine.zip. The mask model alone, measured on" in texts(page)
    # Those are of the shipped photos; these were measured here.
    assert not page.code
    assert page.selectbox(key="metrics_part").value == "own"
    assert "2 of 3 photos right" in texts(page)
    assert "cut out of whole photos" not in texts(page)  # those are not the visitor's
    assert page.subheader[0].value == (
        "Of 2 masked photos it recognises 1. Of 1 bare photo it recognises 1."
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
    assert (
        f"No difference could be shown. {names} got the same of 2 photos right. So few photos"
        " cannot show any: it takes at least 6."
    ) in texts(page)
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
    assert page.subheader[1].value == "The mask model alone, on the faces in your photos"
    assert "2 of 3 faces right. The true rate for faces of this kind is likely between" in texts(
        page
    )
    assert "In brackets what chance allows for (95 %). Faces of one photo" in texts(page)
    assert "How often a masked face gets a higher probability" in texts(page)
    assert list(page.table[0].value.loc["Faces"]) == ["2", "1"]
    assert "3 faces of mine.zip. The mask model alone" in texts(page)
    assert page.subheader[0].value == (
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
    assert cell.options[1] == "Bare, wrongly called Mask: 1 face"
    assert "photo" not in " ".join(cell.options)
    assert "street.png, face 3" in texts(page)
    assert not [box for box in page.selectbox if str(box.key).startswith("mark-")]
    section(page, "Whole app")
    table = finders(page)
    assert list(table.loc["Masked faces found"]) == ["100\xa0% (2 of 2)"]
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
    assert list(table.loc["Masked faces found"]) == ["0\xa0% (0 of 1)"]
    assert list(table.loc["Bare faces found"]) == ["– (0 of 0)"]
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


# --- to take along


def test_what_is_in_the_files_is_said(
    models: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "At the threshold chosen. Report: figures, charts, the whole app and mistakes, in one"
    assert said in texts(open_metrics(open_page))
    figure = {"value": 0.97, "interval": [0.95, 0.98]}
    row = dict.fromkeys(("accuracy", "recall_mask", "recall_no_mask"), figure)
    rows = [{"change": "blur", "level": "1 px", **row}]
    card = {"created": "2026-11-24T11:00:00", "command": "stress", "count": 599, "rows": rows}
    (models / "first" / "stress.json").write_text(json.dumps(card))
    page = open_metrics(open_page)
    assert "figures, charts, the whole app, hard cases and mistakes, in one file" in texts(page)
    assert "JSON: figures, the whole app and each photo." in texts(page)
    monkeypatch.setattr(ui.loading, "classifier", Brightness)
    monkeypatch.setattr(metrics, "RESAMPLES", 20)
    section(page, "Your photos")
    upload(page, packed({"mask/1.png": grey(250)}))
    assert "Report: figures, charts and mistakes, in one file." in texts(page)
    assert "JSON: figures and each photo." in texts(page)
    section(page, "Hard cases")
    assert "not of your photos" in texts(page)


# --- what is missing


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_without_a_report_the_rest_of_the_page_stands(
    models: Path, open_page: OpenPage, content: str | None
) -> None:
    path = models / "first" / "report.json"
    path.unlink() if content is None else path.write_text(content)
    page = open_metrics(open_page)
    (warning,) = page.warning
    assert "report" in warning.value
    assert page.subheader[0].value.startswith("Of 80 masked faces")
    assert "python -m training evaluate-scenes --detector fcos" in [c.value for c in page.code]
    for name in ("Curves", "Two models", "Mistakes", "Figures"):
        section(page, name)
        assert "These figures need the model's report" in texts(page)
    section(page, "Whole app")
    assert "Best: Masklens" in texts(page)


def test_without_scene_reports_the_photos_speak(models: Path, open_page: OpenPage) -> None:
    for path in (models / "scenes" / "first").iterdir():
        path.write_text("{")
    page = open_metrics(open_page)
    assert page.subheader[0].value == (
        "Of 4 masked photos it recognises 2. Of 4 bare photos it recognises 2."
    )
    section(page, "Whole app")
    assert "There is no report on whole photos" in texts(page)


def test_figures_of_a_model_that_was_replaced_are_not_shown_as_its_successor_s(
    models: Path, open_page: OpenPage
) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": "successor"}))
    page = open_metrics(open_page)
    assert "masked photos" in page.subheader[0].value
    section(page, "Whole app")
    assert "There is no report on whole photos" in texts(page)


def test_without_any_model_the_mend_is_said(
    models: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    page = open_page()
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "none"))
    page.switch_page("pages/metrics.py").run()
    assert not page.exception
    assert "git restore models" in page.error[0].value
    page.switch_page("pages/live.py").run()
    assert "git restore models" in page.error[0].value
    assert not page.button  # it stands in sight, not with the settings that "Settings" shows
