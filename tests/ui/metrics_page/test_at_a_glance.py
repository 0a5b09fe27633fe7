from __future__ import annotations

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.ui.metrics_page.page import (
    CUT_FACES,
    FIRST,
    LABELS,
    OpenPage,
    charts,
    open_metrics,
    section,
    slide,
    texts,
)


def test_the_first_sight_answers_the_question(page: AppTest) -> None:
    assert page.header[0].value == (
        "Of 80 masked faces of 32 pixels and more it finds 76 and labels 72 right;"
        " of 9 without a mask it finds 6 and labels 3 right."
    )
    assert {m.label: m.value for m in page.metric} == {"Accuracy": "50.0\xa0%", "ROC AUC": "0.6250"}
    assert "4 of 8 photos right" in texts(page)
    assert page.header[1].value == "The mask model alone, on photos of “photos”"
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
    assert page.header[1].value == "The mask model alone, on close-ups"
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
        "Right and wrong go by the threshold alone. The app says “Not sure” of 1 of 4 photos with"
        " a mask and 1 of 4 photos without a mask: their probability is between 27 and 73 %."
    ) in texts(page)
    assert "“Not sure” of 1 of 4 photos without a mask:" in texts(slide(page, 70))
    assert "Not sure" not in texts(slide(page, 1))


def test_faces_cut_out_of_whole_photos_are_told_of_where_they_were_measured(
    models: Path, open_page: OpenPage
) -> None:
    path = models / "first" / "faces.json"
    path.write_text(json.dumps(CUT_FACES))
    page = open_metrics(open_page)
    assert (
        "On faces of 32 pixels and more cut out of whole photos, at the model's own threshold:"
        " 76 of 77 masked and 13 of 15 without a mask called rightly, in all 98.0\xa0% (92.0 to"
        " 99.0). Faces of one photo share its light and its camera: chance allows for somewhat more"
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
        "On such faces of 472 photos in turns, each judged by the one of 4 networks that had not"
        " learned from it: 76 of 77 masked and 13 of 15 without a mask called rightly, in all 98.0"
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
