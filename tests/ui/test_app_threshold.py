from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from maskcore import MasklensError
from maskcore.models import load_model
from training.installing.versions import put_in_place
from ui import app_threshold
from ui.app_threshold import (
    card_percent,
    choose_threshold,
    chosen_percent,
    forget_threshold,
    start_percent,
)


def write_card(models: Path, **values: object) -> None:
    path = models / "first" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_the_app_starts_with_the_card_s_threshold_until_another_is_chosen(
    fake_models: Path,
) -> None:
    write_card(fake_models, threshold=0.62)
    assert (card_percent("first"), chosen_percent("first"), start_percent("first")) == (
        62,
        None,
        62,
    )
    choose_threshold("first", 7)
    assert (card_percent("first"), chosen_percent("first"), start_percent("first")) == (62, 7, 7)
    assert start_percent("second") == 50
    forget_threshold("first")
    assert (chosen_percent("first"), start_percent("first")) == (None, 62)
    forget_threshold("first")  # twice is no error
    assert sorted(path.name for path in (fake_models / "first").iterdir()) == ["card.json"]


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0, 1), (1, 99), (None, 50), ("0.3", 50), (7, 50), (0.295, 30)]
)
def test_whatever_the_card_holds_the_slider_can_show(
    fake_models: Path, threshold: object, expected: int
) -> None:
    write_card(fake_models, threshold=threshold)
    assert start_percent("first") == expected


def test_a_model_installed_anew_starts_with_its_own(fake_models: Path) -> None:
    choose_threshold("first", 80)
    write_card(fake_models, sha256="another", threshold=0.4)
    assert start_percent("first") == 40


def test_a_model_calibrated_anew_starts_with_its_own(fake_models: Path) -> None:
    write_card(fake_models, calibration={"temperature": 0.75})
    choose_threshold("first", 80)
    assert start_percent("first") == 80
    write_card(fake_models, calibration={"temperature": 1.25})
    assert start_percent("first") == 50


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"threshold": 0.8}', '{"sha256": "first"}'])
def test_a_damaged_choice_gives_way_to_the_card(fake_models: Path, text: str) -> None:
    (fake_models / "first" / "threshold.json").write_text(text)
    assert start_percent("first") == 50


def test_a_folder_that_may_not_be_written_to_is_said(
    fake_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, text: str, **options: object) -> None:
        raise PermissionError(13, "no", str(path))

    monkeypatch.setattr(app_threshold, "write_json", refuse)
    with pytest.raises(MasklensError, match="may not be written to"):
        choose_threshold("first", 60)
    assert start_percent("first") == 50


def test_a_threshold_chosen_during_an_installation_loses_no_model(
    fake_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, target = os.replace, fake_models / "first"
    choosing = threading.Thread(target=choose_threshold, args=("first", 60))

    def replace(source: Path, to: Path) -> None:
        if to == target and not choosing.ident:  # the old model is away, the new not yet there
            choosing.start()
            choosing.join(0.3)
        move(source, to)

    monkeypatch.setattr(os, "replace", replace)
    new = {"kind": "classifier", "sha256": hashlib.sha256(b"new").hexdigest()}
    put_in_place("first", b"new", new)
    choosing.join(20)
    assert load_model("first").content == b"new"
    assert start_percent("first") == 60


def test_no_folder_is_made_for_a_model_that_goes_meanwhile(
    fake_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = app_threshold.identity

    def identity_and_gone(model: str) -> dict[str, object]:
        told = identity(model)
        shutil.rmtree(fake_models / model)  # by hand: that asks for no lock
        return told

    monkeypatch.setattr(app_threshold, "identity", identity_and_gone)
    with pytest.raises(MasklensError, match="could not be kept"):
        choose_threshold("first", 60)
    assert not (fake_models / "first").exists()
