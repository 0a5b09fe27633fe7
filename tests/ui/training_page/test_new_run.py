from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.training_data
import ui.training.training_settings
import ui.training.views
from tests.ui.files import grey, packed
from tests.ui.pages import button, press, texts
from tests.ui.training_page.page import OpenPage, press_twice, see_runs
from training.background import jobs
from training.background.jobs import State
from training.config import ARCHITECTURES, TrainConfig, default_enlarging
from ui.training.data_ways import Brought


@pytest.fixture
def photos(runs: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The photos that have been chosen."""
    choice = SimpleNamespace(
        folder=runs.root / "photos",
        data_name="Photos of 7b",
        recorded=False,
        corrections="",
    )
    monkeypatch.setattr(ui.training.training_data, "show_data_section", lambda: choice)
    return choice


def test_an_empty_page_asks_for_photos_and_shows_the_defaults(open_training: OpenPage) -> None:
    page = open_training()
    assert button(page, "Train").disabled
    assert "Choose the photos first" in texts(page)
    assert page.radio(key="train_architecture").value == "mobilenet_v2"
    assert "It starts from the ImageNet weights" in texts(page)
    assert page.slider(key="train_epochs").value == 10
    (more,) = [e for e in page.expander if e.label == "More settings"]
    for word in ("128 × 128 pixels", "Adam", "binary cross-entropy"):
        assert word in "".join(caption.value for caption in more.caption)
        assert texts(page).count(word) == 1  # folded away
    see_runs(page)
    assert "No runs yet" in texts(page)
    assert "Runs" not in [header.value for header in page.header]


def test_photos_that_cannot_be_trained_on_are_not_asked_for_as_if_there_were_none(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.training.training_data, "show_data_section", lambda: None)
    page = open_training()
    assert "Choose the photos first" in texts(page)
    page.session_state["training_data"] = Brought(runs.root / "photos", "Photos of 7b")
    page.run()
    assert button(page, "Train").disabled
    assert "These photos cannot be trained on, as said above" in texts(page)
    assert "Choose the photos first" not in texts(page)


def test_an_archive_that_is_here_is_to_be_confirmed(open_training: OpenPage) -> None:
    page = open_training()
    content = packed({f"{name}/{n}.png": grey(n) for name in ("mask", "nomask") for n in (1, 2)})
    page.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert "Press “Use these photos” above first" in texts(page)
    one = packed({f"mask/{n}.png": grey(n) for n in (1, 2)})
    page.file_uploader[0].upload("one.zip", one, "application/zip").run()
    assert "Choose the photos first" in texts(page)  # there is no such button
    page.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    page.segmented_control(key="training_way").set_value("Public photos").run()
    assert "Choose the photos first" in texts(page)


def test_a_double_click_on_train_starts_one_run(
    open_training: OpenPage, photos: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_training()
    page.text_input[0].set_value("Ida")
    press_twice(monkeypatch, page, "Train")
    assert [job.name for job in jobs.jobs()] == ["Ida"]
    assert page.header[0].value == "Ida"


def test_train_starts_a_run_with_the_default_settings_and_shows_it(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    page = open_training()
    page.text_input[0].set_value("Ida")
    press(page, "Train")
    (job,) = jobs.jobs()
    assert (job.name, job.data_name, job.state) == ("Ida", "Photos of 7b", State.RUNNING)
    weights = job.config.backbone_weights
    data = str(photos.folder.resolve())
    assert job.config == TrainConfig(data=data, backbone_weights=weights)
    assert page.header[0].value == "Ida"
    assert len(page.get("progress")) == 1
    # What it does is said, and no empty chart stands there meanwhile.
    assert "Loading TensorFlow" in texts(page)
    assert "So far: " in texts(page)
    assert not page.get("vega_lite_chart")
    assert not page.metric
    assert "drawn here as soon as learning begins" in texts(page)


def test_after_train_the_page_is_shown_from_its_top_once(
    open_training: OpenPage, photos: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[str] = []
    monkeypatch.setattr(ui.training.views, "_to_the_top", lambda: moved.append("to the top"))
    page = open_training()
    assert not moved
    press(page, "Train")
    assert len(moved) == 1
    page.run()  # whoever reads on further down is left there
    assert len(moved) == 1


def test_every_setting_reaches_the_run_and_outlives_a_change_of_page(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    page = open_training()
    page.radio(key="train_architecture").set_value("inception_v3")
    page.slider(key="train_epochs").set_value(3)
    page.slider(key="train_fine_tune_epochs").set_value(4)
    page.slider(key="train_augmented_views").set_value(0)
    page.slider(key="train_dropout").set_value(25)
    page.selectbox(key="train_batch_size").set_value(8)
    page.selectbox(key="train_learning_rate").set_value(3e-4)
    page.selectbox(key="train_dense_units").set_value(128)
    page.number_input(key="train_seed").set_value(7)
    page.radio(key="train_weights").set_value("none").run()
    see_runs(page)
    page.segmented_control(key="training_view").set_value("New run").run()
    press(page, "Train")
    (job,) = jobs.jobs()
    assert job.config == TrainConfig(
        data=str(photos.folder.resolve()),
        architecture="inception_v3",
        backbone_weights="none",
        enlarged_to=160,
        dense_units=128,
        dropout=0.25,
        epochs=3,
        learning_rate=3e-4,
        augmented_views=0,
        fine_tune_epochs=4,
        batch_size=8,
        seed=7,
    )


def test_the_name_of_a_run_outlives_a_change_of_page_until_the_run_has_it(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    page = open_training()
    page.text_input(key="train_name").set_value("Ida").run()
    see_runs(page)
    page.segmented_control(key="training_view").set_value("New run").run()
    assert page.text_input(key="train_name").value == "Ida"
    press(page, "Train")
    assert jobs.jobs()[0].name == "Ida"
    page.segmented_control(key="training_view").set_value("New run").run()
    assert page.text_input(key="train_name").value == ""


def test_random_weights_come_with_the_epochs_in_which_they_learn(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    page = open_training()

    def start_from(weights: str) -> int:
        page.radio(key="train_weights").set_value(weights).run()
        assert not page.exception
        return int(page.slider(key="train_fine_tune_epochs").value)

    given = ui.training.training_settings.RANDOM_FINE_TUNE_EPOCHS
    assert start_from("none") == given > 0
    assert "It learns only with fine" in texts(page)
    assert not page.warning
    assert start_from("imagenet") == 0
    page.slider(key="train_fine_tune_epochs").set_value(3)
    assert start_from("none") == start_from("imagenet") == 3
    start_from("none")
    page.slider(key="train_fine_tune_epochs").set_value(0).run()  # to see it fail
    assert "learns next to nothing" in page.warning[0].value
    press(page, "Train")
    (job,) = jobs.jobs()
    assert (job.config.backbone_weights, job.config.fine_tune_epochs) == ("none", 0)


def test_a_recording_is_split_by_time(open_training: OpenPage, photos: SimpleNamespace) -> None:
    photos.recorded = True
    press(open_training(), "Train")
    assert jobs.jobs()[0].config.split_by == "time"


def test_whatever_can_be_set_on_the_page_a_run_takes(open_training: OpenPage) -> None:
    page = open_training()
    values = {field.key: [field.min, field.max] for field in (*page.slider, *page.number_input)}
    values |= {box.key: [float(option) for option in box.options] for box in page.selectbox}
    values["train_dropout"] = [share / 100 for share in values["train_dropout"]]
    values["train_architecture"] = list(ARCHITECTURES)
    settings = {key.removeprefix("train_"): tried for key, tried in values.items()}
    assert set(settings) == {"architecture", *ui.training.training_settings.LABELS}
    for name, tried in settings.items():
        for value in tried:
            TrainConfig.from_dict({"data": "", name: value})  # or it raises
    for architecture in ARCHITECTURES:
        side = default_enlarging(architecture, TrainConfig.image_size)
        TrainConfig.from_dict({"data": "", "architecture": architecture, "enlarged_to": side})


def test_a_run_that_cannot_start_is_a_sentence_beside_the_button(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    page = open_training()
    photos.folder.rmdir()
    press(page, "Train")
    (error,) = page.error
    assert "The data folder is not there any more" in error.value
    assert button(page, "Train") is not None
    assert jobs.jobs() == []


def test_a_second_run_waits_and_says_its_place(
    open_training: OpenPage, photos: SimpleNamespace
) -> None:
    for name in ("Ben", "Ida", "Eve"):
        page = open_training()
        if name != "Ben":  # who comes while a run is on sees the runs first
            page.segmented_control(key="training_view").set_value("New run").run()
        page.text_input[0].set_value(name)
        press(page, "Train")
        assert page.header[0].value == name
    assert "number 2 in line" in texts(page)
    assert [job.state for job in jobs.jobs()].count(State.QUEUED) == 2
    page.segmented_control(key="training_view").set_value("New run").run()
    assert "3 runs come before yours" in texts(page)
