from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import downloads, labels, texts
from tests.ui.photos_page.page import OpenPage, found, install_anew
from ui.choices import DETECTORS, MODELS


def test_an_empty_page_says_what_to_do(page: AppTest) -> None:
    assert not page.exception
    assert "Add photos" in texts(page)
    # One way to the sample, which is shown as it will come out.
    assert labels(page) == ["Try the sample photo"]
    assert len(page.get("image")) == 1

    assert found(page) == downloads(page) == []
    assert not page.error
    assert not page.warning


def test_every_detector_and_model_has_a_plain_sentence(
    fake_models: Path, open_page: OpenPage
) -> None:
    for name in MODELS:
        shutil.copytree(fake_models / "first", fake_models / name)
    page = open_page()
    for key, known in (("detector", DETECTORS), ("model", MODELS)):
        assert len(page.selectbox(key=key).options) >= len(known) >= 2
        for name, (title, said) in known.items():
            assert title and said.endswith(".")
            page.selectbox(key=key).select(name).run()
            assert not page.exception
            assert [c.value for c in page.caption if c.value.startswith(said)]
    detectors = page.selectbox(key="detector").options
    assert len(set(detectors)) == len(detectors) == len(DETECTORS)
    page.selectbox(key="model").select("first").run()
    assert "Trained on this machine." in texts(page)


def write_scene_report(models: Path, content: Any) -> None:
    folder = models / "scenes" / "first"
    folder.mkdir(parents=True)
    (folder / "haar.json").write_text(json.dumps(content))


def test_a_detector_s_measured_figures_are_said(fake_models: Path, open_page: OpenPage) -> None:
    by_class = {"Mask": {"found": 27, "faces": 76}, "No Mask": {"found": 15, "faces": 15}}
    report = {"photos": 85, "min_side": 32.0, "sha256": {"first": "first"}, "by_class": by_class}
    write_scene_report(fake_models, report)
    page = open_page().selectbox(key="detector").select("haar").run()
    assert (
        "Of faces of 32 pixels and more, on 85 street photos that it did not learn from, 27 of 76"
        " with a mask were found and 15 of 15 without." in texts(page)
    )
    # Also of those that are not chosen, and nothing of those that nobody has measured.
    page.selectbox(key="detector").select("haar_alt2").run()
    options = page.selectbox(key="detector").options
    assert options[-2:] == ["Haar, alternative", "Haar, classic: 27 of 76 masked, 15 of 15 without"]
    assert "street photos" not in texts(page)
    # Where folds were measured, there are more faces to go by.
    by_class = {"Mask": {"found": 270, "faces": 760}, "No Mask": {"found": 150, "faces": 150}}
    folder = fake_models / "scenes" / "first" / "folds"
    folder.mkdir()
    (folder / "haar.json").write_text(json.dumps({**report, "by_class": by_class, "photos": 850}))
    page.selectbox(key="detector").select("haar").run()
    found_in_folds = "on 850 street photos that it did not learn from, 270 of 760 with a mask"
    assert found_in_folds in texts(page)
    # Of our own finder not the one that is shipped was asked: it learned from all of them.
    (folder / "fcos.json").write_text(json.dumps({**report, "by_class": by_class, "photos": 85}))
    page.selectbox(key="detector").select("fcos").run()
    assert (
        "Of faces of 32 pixels and more, on 85 street photos, each looked at by a finder trained"
        " like this one but not on that photo, 270 of 760 with a mask were found and 150 of 150"
        " without." in texts(page)
    )
    page.selectbox(key="detector").select("haar").run()
    # How many faces are found does not depend on the mask model: a new one changes nothing.
    install_anew(fake_models, "first")
    page.run()
    assert found_in_folds in texts(page)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"photos": 85, "sha256": {"first": "first"}, "by_class": None},
        {
            "photos": 85,
            "min_side": "small",
            "sha256": {"first": "first"},
            "by_class": {name: {"found": 1, "faces": 2} for name in ("Mask", "No Mask")},
        },
        {
            "photos": 85,
            "sha256": {"first": "first"},
            "by_class": {"Mask": {"found": 1, "faces": 2}},
        },
        {
            "photos": 85,
            "sha256": {"first": "first", "haar": "of another version"},
            "by_class": {name: {"found": 1, "faces": 2} for name in ("Mask", "No Mask")},
        },
    ],
    ids=str,
)
def test_figures_that_are_not_there_are_not_said(
    fake_models: Path, open_page: OpenPage, content: Any
) -> None:
    write_scene_report(fake_models, content)
    page = open_page().selectbox(key="detector").select("haar").run()
    assert not page.exception
    assert page.selectbox(key="detector").options[-1] == "Haar, classic"
    assert "street photos" not in texts(page)
