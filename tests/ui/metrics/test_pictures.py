"""Pictures that a visitor brings; how the page shows them is tested in metrics_page."""

from __future__ import annotations

import io
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskcore.errors import MasklensError
from maskcore.files import write_json
from tests.ui.files import grey, packed
from training.config import TrainConfig
from training.photos import data_folders
from training.photos.data_folders import KEPT_SECONDS, clean_up, data_root
from training.photos.folder_intake import ROOTS_VARIABLE
from training.photos.intake import content_hash
from ui.metrics import pictures_view
from ui.metrics.pictures import Pictures, brought_pictures, owner_name
from ui.training.data_ways import Brought
from ui.words import plain


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "runs"))


def bring(files: dict[str, bytes], paths: list[str]) -> Pictures:
    return brought_pictures("mine.zip", io.BytesIO(packed(files)), paths, lambda share: None)


def ours(folder: str, number: int, content: bytes) -> str:
    """As a photo is called that was taken in for training."""
    return f"{folder}/{number:04d}-{content_hash(content)}.png"


def test_photos_that_were_taken_in_for_training_are_known_by_their_content() -> None:
    paths = [ours("with_mask", 1, grey(1)), ours("without_mask", 7, grey(2))]
    paths += [ours("without_mask", 8, grey(2)), ours("with_mask", 2, grey(3))]
    brought = bring(
        {"set/Mask/anna.png": grey(1), "set/No Mask/ben.png": grey(2), "Mask/x.png": grey(9)},
        paths,
    )
    assert [brought.thumbnail(path) is not None for path in paths] == [True, True, True, False]
    assert [brought.content_hash(path) for path in paths[:2]] == [
        content_hash(grey(1)),
        content_hash(grey(2)),
    ]
    assert [owner_name(path, brought) for path in paths] == [
        "with_mask/anna.png",
        "without_mask/ben.png",
        "without_mask/ben.png",
        paths[3],
    ]
    # What was not measured does not stay, nor is it shown by the name it has here.
    assert len([path for path in brought.root.rglob("*") if path.is_file()]) == 2
    assert brought.thumbnail("with_mask/00001.png") is None
    assert brought.content_hash("with_mask/00001.png") == ""


def test_a_name_of_ours_with_another_photo_behind_it_is_not_that_photo() -> None:
    right, wrong = ours("with_mask", 1, grey(1)), ours("with_mask", 2, grey(2))
    brought = bring({right: grey(1), wrong: grey(9)}, [right, wrong])
    assert set(brought.files) == {right}


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        (["with_mask/anna.png"], "They have names such as with_mask/anna.png."),
        (
            [ours("with_mask", 1, grey(1))],
            "Bring the one that was uploaded to train this model.",
        ),
    ],
)
def test_an_archive_of_other_photos_is_refused_without_names_of_ours(
    paths: list[str], sentence: str
) -> None:
    with pytest.raises(MasklensError) as error:
        bring({"Mask/other.png": grey(9)}, paths)
    assert str(error.value) == (f"None of the photos measured is in this ZIP archive. {sentence}")
    assert not list(data_root().iterdir())


def test_what_a_killed_server_left_goes_after_a_day_and_a_session_goes_on_without() -> None:
    brought = bring({"with_mask/1.png": grey(1)}, ["with_mask/1.png"])
    (folder,) = data_root().iterdir()
    assert brought.root == folder
    assert [stat.S_IMODE(each.stat().st_mode) for each in (data_root(), folder)] == [0o700] * 2
    clean_up(time.time() + KEPT_SECONDS - 60)
    assert brought.thumbnail("with_mask/1.png")
    clean_up(time.time() + KEPT_SECONDS + 60)
    assert not folder.exists()
    assert Pictures(folder, brought.files).thumbnail("with_mask/1.png") is None
    assert brought.content_hash("with_mask/1.png") == ""
    assert brought._folder
    brought._folder.cleanup()


def test_where_nothing_can_be_stored_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MASKLENS_RUNS", str(tmp_path / "file"))
    with pytest.raises(MasklensError, match="MASKLENS_RUNS"):
        bring({"with_mask/1.png": grey(1)}, ["with_mask/1.png"])


def test_a_disk_that_is_nearly_full_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folders.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    with pytest.raises(MasklensError, match="Less than 2 GB are free"):
        bring({"with_mask/1.png": grey(1)}, ["with_mask/1.png"])
    assert not any(data_folders.private_root().iterdir())


def shown() -> None:
    """The choice alone, for the reports of a model that the test names."""
    import streamlit as st

    from ui.metrics.judged import read_judged
    from ui.metrics.pictures_view import choose_pictures

    found, unpack = choose_pictures(read_judged(st.session_state.model)[st.session_state.part])
    if unpack and st.session_state.get("unpacks", True):
        unpack()
    there = found is not None and found.thumbnail("with_mask/000.jpg") is not None
    st.markdown(f"there: {there}")


def test_what_a_model_was_trained_on_is_shown_to_who_brought_it(
    fake_models: Path,
    make_report: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    (fake_models / "first" / "report.json").write_text(json.dumps(make_report([1], [0.9])))
    for name in ("mine", "other"):
        (tmp_path / name / "with_mask").mkdir(parents=True)
        (tmp_path / name / "with_mask" / "000.jpg").write_bytes(grey(1))
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        TrainConfig(data=str(tmp_path / name)).save(run)
        write_json(run / "card.json", {"sha256": {"mine": "first", "other": "another"}[name]})
    page = AppTest.from_function(shown, default_timeout=60)
    page.session_state["model"], page.session_state["part"] = "first", "test"
    assert page.run().markdown[-1].value == "there: False"
    for name in ("other", "mine"):
        page.session_state["training_data"] = Brought(tmp_path / name, "Mine")
        assert page.run().markdown[-1].value == f"there: {name == 'mine'}"


def test_a_visitor_s_folder_must_be_open_to_visitors_the_server_s_own_need_not(
    fake_models: Path,
    make_report: Callable[..., dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (fake_models / "first" / "report.json").write_text(json.dumps(make_report([1], [0.9])))
    for name in ("open", "told", "private"):
        (tmp_path / name / "with_mask").mkdir(parents=True)
        (tmp_path / name / "with_mask" / "000.jpg").write_bytes(grey(1))
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path / "open"))
    told = os.path.relpath(tmp_path / "told")
    monkeypatch.setenv(pictures_view.FOLDER_VARIABLE, told)
    page = AppTest.from_function(shown, default_timeout=60)
    page.session_state["model"], page.session_state["part"] = "first", "test"
    page.run()
    assert page.text_input(key="metrics_folder").value == told
    assert page.markdown[-1].value == "there: True"
    for named, there in ((tmp_path / "private", False), (tmp_path / "open", True)):
        page.text_input(key="metrics_folder").set_value(str(named)).run()
        assert page.markdown[-1].value == f"there: {there}"
        said = plain(f"Only folders below {tmp_path / 'open'} may be chosen here.")
        assert (said in [caption.value for caption in page.caption]) is not there
    page.text_input(key="metrics_folder").set_value("").run()
    assert page.markdown[-1].value == "there: False"
    assert not page.caption


def test_pictures_are_shown_for_the_data_for_which_they_were_brought(
    fake_models: Path,
    make_report: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures_view, "only_this_computer", lambda: False)
    for name, data in (("first", "photos"), ("second", "other photos")):
        report = make_report([1, 0], [0.9, 0.1], data=data)
        report["parts"]["validation"] = make_report([1, 1], [0.9, 0.1])["parts"]["test"]
        (fake_models / name / "report.json").write_text(json.dumps(report))
    page = AppTest.from_function(shown, default_timeout=60)

    def look(model: str, part: str = "test") -> tuple[str, bool]:
        page.session_state["model"], page.session_state["part"] = model, part
        page.run()
        assert not page.exception
        return page.markdown[-1].value, bool(page.file_uploader)

    def upload(files: dict[str, bytes]) -> None:
        page.file_uploader[0].upload("x.zip", packed(files), "application/zip").run()
        assert len(list(data_root().iterdir())) == 1

    assert look("first") == ("there: False", True)
    upload({"with_mask/000.jpg": grey(1), "with_mask/001.jpg": grey(2)})
    assert look("first") == ("there: True", False)
    assert look("second") == ("there: False", True)
    assert look("first") == ("there: True", False)
    look("first", "validation")
    assert "x.zip holds 2 of the 2 photos measured." in [said.value for said in page.caption]
    clean_up(time.time() + KEPT_SECONDS + 60)
    assert look("first") == ("there: False", True)
    look("second")
    upload({"with_mask/000.jpg": grey(3)})
    assert look("second") == ("there: True", False)
    assert look("first") == ("there: False", True)
    # An archive that is not unpacked yet when another model is chosen is not that one's either.
    clean_up(time.time() + 2 * KEPT_SECONDS)
    page.session_state["unpacks"] = False
    page.file_uploader[0].upload("x.zip", packed({"with_mask/000.jpg": grey(1)})).run()
    page.session_state["unpacks"] = True
    assert look("second") == ("there: False", True)
    assert look("first") == ("there: True", False)
