"""Photos whose label the installed model doubts: found, marked, honoured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.loading
import ui.training.data_ways
import ui.training.label_check
from maskcore import ModelError
from maskcore.network_input import InputSpec
from tests.ui.files import grey
from tests.ui.pages import labels, press
from tests.ui.training.sections import COUNT, got, on_disk, use_folder


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


def doubted(page: AppTest) -> list[str]:
    """The photos that can be marked, as they stand on the page."""
    label = "What to do with "
    return [box.label.removeprefix(label) for box in page.selectbox if box.label.startswith(label)]


def test_of_a_look_that_was_interrupted_that_is_said_once(
    page: AppTest, with_doubtful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_folder(page, with_doubtful)
    look = ui.training.label_check.judge_photos
    monkeypatch.setattr(ui.training.label_check, "judge_photos", lambda *_: st.stop())
    press(page, "Look for wrong labels")
    monkeypatch.setattr(ui.training.label_check, "judge_photos", look)
    said = "“Look for wrong labels” ended unfinished"
    assert sum(info.value.startswith(said) for info in page.run().info) == 1
    assert not any(info.value.startswith(said) for info in page.run().info)
    press(page, "Look for wrong labels")
    assert len(doubted(page)) == 3


def test_what_was_interrupted_is_not_said_of_other_photos(
    page: AppTest,
    with_doubtful: Path,
    photos: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_folder(page, with_doubtful)
    monkeypatch.setattr(ui.training.label_check, "judge_photos", lambda *_: st.stop())
    press(page, "Look for wrong labels")
    press(page, "Other photos")
    names = {"Maske": "with_mask", "Gesichter": "without_mask"}
    use_folder(page, on_disk(tmp_path / "others", photos, names))
    assert "Look for wrong labels" in labels(page)
    assert not any("ended unfinished" in info.value for info in page.info)


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
