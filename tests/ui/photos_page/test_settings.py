from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import maskcore.models
import ui.choices
from maskcore.types import NotSure
from tests.ui.photos_page.page import OpenPage, PhotoFile, found, upload


def test_the_slider_relabels_at_once_without_looking_again(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert page.slider(key="threshold").value == 50
    for percent, expected in (
        (70, ["2 faces: 1 with mask, 1 without", "1 face: without mask"]),
        (99, ["2 faces: 0 with mask, 2 without", "1 face: without mask"]),
        (10, ["2 faces: 2 with mask, 0 without", "1 face: with mask"]),
    ):
        page.slider(key="threshold").set_value(percent).run()
        assert found(page) == expected
    assert list(page.dataframe[0].value["Result"]) == ["Mask", "Mask"]
    # Of the result, as in the picture.
    np.testing.assert_allclose(page.dataframe[0].value["How sure"], [90, 20], atol=1e-3)
    assert len(fake.detected) == 2


def not_sure_captions(page: AppTest) -> list[str]:
    return [c.value for c in page.caption if c.value.startswith("Not sure")]


def test_faces_not_sure_of_are_shown_as_such_and_why(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    fake.not_sure = NotSure(margin=0.5)
    upload(page, ("three.png", photo_file(400)), ("one.png", photo_file(300)))
    assert found(page) == ["3 faces: 2 with mask, 1 without", "1 face: not sure"]
    assert {m.label: m.value for m in page.metric} == {
        "Photos": "2",
        "Faces": "4",
        "Mask": "2",
        "No Mask": "1",
        "Not sure": "1",
    }
    assert list(page.dataframe[0].value["Result"]) == ["Mask", "Mask", "No Mask"]
    assert list(page.dataframe[1].value["Result"]) == ["Not sure"]
    assert not_sure_captions(page) == ["Not sure: the model is undecided."]

    # 0.95 and 0.9 are both near 0.93, 0.6 no longer is.
    page.slider(key="threshold").set_value(93).run()
    assert found(page) == [
        "3 faces: 0 with mask, 1 without, 2 not sure",
        "1 face: without mask",
    ]
    assert {m.label: m.value for m in page.metric}["Not sure"] == "2"
    assert list(page.dataframe[0].value["Result"]) == ["Not sure", "Not sure", "No Mask"]
    # In the picture there is no figure either.
    np.testing.assert_allclose(page.dataframe[0].value["How sure"], [np.nan, np.nan, 90], atol=1e-3)
    assert not_sure_captions(page) == ["Not sure: the model is undecided."]  # not once a face

    page.slider(key="threshold").set_value(30).run()
    assert found(page) == ["3 faces: 2 with mask, 1 without", "1 face: with mask"]
    # Without any the figure stays: one that went would stand with its old number for a while.
    assert {m.label: m.value for m in page.metric}["Not sure"] == "0"
    assert not_sure_captions(page) == []


@pytest.mark.parametrize(
    "rule, reason",
    [
        (NotSure(smallest_side=41), "the face is too small"),  # they are 40 pixels wide
        (NotSure(least_sharpness=9), "the face is too blurred"),
    ],
)
def test_a_face_too_small_or_blurred_is_not_called(
    page: AppTest, photo_file: PhotoFile, fake: Any, rule: NotSure, reason: str
) -> None:
    fake.not_sure = rule
    upload(page, ("two.png", photo_file(200)))
    assert not page.exception
    assert found(page) == ["2 faces: 0 with mask, 0 without, 2 not sure"]
    assert not_sure_captions(page) == [f"Not sure: {reason}."]


def test_the_threshold_starts_where_the_card_says(fake_models: Path, open_page: OpenPage) -> None:
    card = {"name": "first", "kind": "classifier", "threshold": 0.35}
    (fake_models / "first" / "card.json").write_text(json.dumps(card))
    assert open_page().slider(key="threshold").value == 35


def test_each_model_starts_with_its_own_threshold(page: AppTest, fake_models: Path) -> None:
    card = json.loads((fake_models / "second" / "card.json").read_text())
    (fake_models / "second" / "card.json").write_text(json.dumps({**card, "threshold": 0.62}))
    page.slider(key="threshold").set_value(70).run()
    page.selectbox(key="model").select("second").run()
    assert page.slider(key="threshold").value == 62
    page.selectbox(key="model").select("first").run()
    assert page.slider(key="threshold").value == 50


def test_a_model_put_in_the_place_of_another_starts_with_its_own_threshold(
    page: AppTest, fake_models: Path
) -> None:
    page.slider(key="threshold").set_value(70).run()
    path = fake_models / "first" / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "threshold": 0.62}))
    assert page.run().slider(key="threshold").value == 70  # the same model
    path.write_text(json.dumps({**card, "threshold": 0.62, "sha256": "0" * 64}))
    assert page.run().slider(key="threshold").value == 62


def test_the_models_that_came_along_stand_first(fake_models: Path, open_page: OpenPage) -> None:
    for name in ("mobilenet_v2", "inception_v3"):
        shutil.copytree(fake_models / "first", fake_models / name)
    assert open_page().selectbox(key="model").options == [
        "MobileNetV2",
        "InceptionV3",
        "first",
        "second",
    ]


def test_another_detector_or_model_looks_again_and_the_first_is_remembered(
    page: AppTest, photo_file: PhotoFile, fake: Any
) -> None:
    upload(page, ("two.png", photo_file(200)), ("one.png", photo_file(300)))
    assert len(fake.detected) == 2
    page.selectbox(key="detector").select("haar_alt2").run()
    assert len(fake.detected) == 4
    page.selectbox(key="model").select("second").run()
    assert len(fake.detected) == 6
    page.selectbox(key="model").select("first").run()
    page.selectbox(key="detector").select("haar").run()
    assert len(fake.detected) == 6
    assert len(found(page)) == 2


def test_a_model_that_is_just_replaced_stays_chosen_with_its_threshold(
    page: AppTest, fake_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two moves of an installation there is none in its place."""
    page.selectbox(key="model").select("second").run()
    page.slider(key="threshold").set_value(70).run()
    away, place = fake_models / ".versions" / "second" / "earlier", fake_models / "second"
    away.parent.mkdir(parents=True)

    def move_in(seconds: float) -> None:
        if away.exists():
            away.rename(place)

    place.rename(away)
    monkeypatch.setattr(ui.choices, "time", SimpleNamespace(sleep=move_in))
    page.run()
    assert not page.exception
    assert (page.selectbox(key="model").value, page.slider(key="threshold").value) == ("second", 70)

    read, moved = ui.choices.identity, []

    def identity(model: str) -> dict[str, Any]:
        if not moved:
            moved.append(place.rename(away))
        return read(model)

    monkeypatch.setattr(ui.choices, "identity", identity)
    monkeypatch.setattr(maskcore.models, "time", SimpleNamespace(sleep=move_in))
    page.run()
    assert not page.exception
    assert moved == [away]
    assert (page.selectbox(key="model").value, page.slider(key="threshold").value) == ("second", 70)
