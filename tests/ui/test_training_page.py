"""The Training page in every state a run can be in; the runs lie in folders as runs do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.training_data
import ui.training.training_settings
import ui.training.views
from maskcore import MasklensError
from maskcore.files import write_json
from maskcore.models import read_card
from tests.ui.pages import button, labels, press, texts
from training.background import control, jobs
from training.background.comparison import Comparison, Figures, PartComparison, Verdict
from training.background.jobs import State
from training.classifier.starting_weights import NOT_FETCHED
from training.config import ARCHITECTURES, DATA_FILE, TrainConfig, default_enlarging
from training.events import EventLog
from training.installing.versions import Version
from training.job_files import OUTCOME_FILE, STOP_FILE
from training.photos.corrections import read_corrections
from ui.metrics.corrections import Marks
from ui.training.data_ways import Brought
from ui.training.versions_view import version_facts
from ui.words import when

OpenPage = Callable[..., AppTest]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, put_model: Any) -> Path:
    """One installed model, named as the architecture is."""
    monkeypatch.setenv("MASKLENS_MODELS", str(tmp_path / "models"))
    put_model(tmp_path / "models" / "mobilenet_v2", "The first one", b"first")
    return tmp_path / "models"


@pytest.fixture
def open_training(open_page: OpenPage, runs: Any, models: Path) -> OpenPage:
    """Opens the Training page as a new visitor, with photos chosen."""

    def start() -> AppTest:
        page = open_page("pages/training.py")
        assert not page.exception
        return page

    return start


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


def bubble(page: AppTest, label: str) -> Any:
    (found,) = [b for b in page.get("popover") if b.proto.popover.label == label]
    return found


def see_runs(page: AppTest) -> AppTest:
    return page.segmented_control(key="training_view").set_value("Runs").run()


def figures(right: int, count: int = 40) -> Figures:
    return Figures(right, count, right / count, (0.5, 0.99))


def compared(verdict: Verdict) -> Comparison:
    right = {"better": 39, "worse": 21, "no real difference": 33}.get(verdict, 33)
    installed = None if verdict == "no model to compare with" else figures(32)
    return Comparison(
        installed_name="mobilenet_v2" if installed else "",
        installed_title="The first one" if installed else "",
        verdict=verdict,
        sentence=f"So it is: {verdict}.",
        caution="But mind.",
        parts=tuple(
            PartComparison(part, figures(right), installed) for part in ("validation", "test")
        ),
    )


# --- a new run


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
    assert "Runs" not in [subheader.value for subheader in page.subheader]


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
    assert page.subheader[0].value == "Ida"
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
    monkeypatch.setattr(ui.training.views, "_to_the_top", lambda key: moved.append(key))
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
        assert page.subheader[0].value == name
    assert "number 2 in line" in texts(page)
    assert [job.state for job in jobs.jobs()].count(State.QUEUED) == 2
    page.segmented_control(key="training_view").set_value("New run").run()
    assert "3 runs come before yours" in texts(page)


# --- coming back


def test_who_comes_back_is_told_what_finished_meanwhile(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = datetime(2026, 1, 3, 13, 32)
    clock = SimpleNamespace(time=lambda: ended.timestamp() + 3600)
    monkeypatch.setattr(ui.training.views, "time", clock)

    def finish(name: str, hours_ago: float, **more: Any) -> str:
        run_id: str = runs.make(name, "finished", 10, **more)
        outcome = {"state": "finished", "ended": ended.timestamp() - 3600 * hours_ago}
        write_json(runs.root / run_id / OUTCOME_FILE, outcome)
        return run_id

    finish("Eve", 25)
    page = open_training()
    assert page.segmented_control(key="training_view").options == ["New run", "Runs (1)"]
    assert "finished" not in texts(page)  # more than a day ago
    finish("*Ida*", 1)
    last = finish("Ben", 0, comparison=compared("no real difference"))
    for _ in range(2):  # whoever comes
        page = open_training()
        assert page.segmented_control(key="training_view").value == "New run"
        assert (
            "**“Ben”** finished on 3 Jan, 13:32: no real difference to the installed model,"
            " 33 of 40 test photos right."
        ) in texts(page)
    press(page, "See it")
    assert page.subheader[0].value == "Ben"
    assert page.query_params == {"view": last}
    page.segmented_control(key="training_view").set_value("New run").run()
    assert r"**“\*Ida\*”** finished on 3 Jan, 12:32." in texts(page)  # the one not looked at yet
    press(page, "See it")
    page.segmented_control(key="training_view").set_value("New run").run()
    assert "See it" not in labels(page)


def test_the_address_names_what_is_shown_and_leads_back_to_it(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = runs.make("First", "interrupted"), runs.make("Second", "interrupted")
    page = open_training()
    seen = [dict(page.query_params)]
    see_runs(page)
    seen.append(dict(page.query_params))
    page.button(key=f"show-{first}").click().run()
    seen.append(dict(page.query_params))
    page.run()
    assert seen == [{}, {"view": "runs"}, {"view": first}]
    assert page.query_params == seen[-1]

    # What was pressed while the address was on its way goes before the address.
    page.query_params = seen[1]
    page.button(key=f"show-{second}").click().run()
    assert page.subheader[0].value == "Second"
    assert page.query_params == {"view": second}

    def go(address: dict[str, Any]) -> str:
        page.query_params = address
        page.run()
        assert not page.exception
        return str(page.subheader[0].value)

    monkeypatch.setattr(ui.training.views, "_went_through_history", lambda: True)
    assert go(seen[2]) == "First"
    assert go(seen[1]) == "Second"  # the newest
    assert go(seen[0]) == "Photos"  # of the form
    assert go({"view": "new"}) == "Photos"
    assert page.query_params == {"view": "new"}


@pytest.mark.parametrize("training", ["on", "off"])
def test_a_run_has_a_link(
    open_page: OpenPage, runs: Any, models: Path, monkeypatch: pytest.MonkeyPatch, training: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", training)
    first = runs.make("First", "interrupted")
    second = runs.make("Second", "interrupted")
    page = open_page("pages/training.py", view=first)
    assert page.subheader[0].value == "First"
    page.button(key=f"show-{second}").click().run()
    assert page.subheader[0].value == "Second"
    assert page.query_params == {"view": second}
    page = open_page("pages/training.py", view="20200101-000000-000000")
    assert "The run of this address is not there any more" in page.info[-1].value
    assert page.subheader[0].value == "Second"
    assert page.query_params == {"view": "runs"}
    page.run()
    assert "not there any more" not in texts(page)


# --- a run that goes on


def test_a_running_run_shows_stage_figures_curves_and_log(
    open_training: OpenPage, runs: Any
) -> None:
    runs.make("Ben", "running", epochs_done=4)
    page = open_training()
    assert page.subheader[0].value == "Ben"
    (bar,) = page.get("progress")
    assert "4 of 10" in bar.proto.text
    assert 0 < bar.proto.value < 100
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown == {
        "Accuracy, training": "70.0\xa0%",
        "Accuracy, validation": "71.0\xa0%",
        "Loss, training": "0.600",
        "Loss, validation": "0.610",
    }
    loss, accuracy = page.get("vega_lite_chart")
    assert loss.proto.alt == (
        "Training photos: loss 0.90 at first, 0.60 now."
        " Validation photos: loss 0.91 at first, 0.61 now."
    )
    assert "Training photos: accuracy 55.0\xa0% at first, 70.0\xa0% now." in accuracy.proto.alt
    assert "So far: " not in texts(page)
    assert "measured and packed; the bar counts that, too" in texts(page)
    for meaning in ("lower is better", "higher is better", "kept from learning"):
        assert meaning in texts(page)
    assert page.code[0].value == "a line of the log"


@pytest.mark.parametrize("weights", ["installed", "imagenet"])
def test_curves_without_a_rise_are_explained_where_the_model_knew_masks_already(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch, weights: str
) -> None:
    choices = [(weights, "The best there is.")]
    monkeypatch.setattr(
        ui.training.training_settings, "available_weights", lambda architecture: choices
    )
    knew = weights == "installed"
    page = open_training()
    assert ("watch learning from the start, choose ImageNet" in texts(page)) is knew
    runs.make("Ben", "interrupted", epochs_done=4, backbone_weights=weights)
    assert ("a model that already knows masks" in texts(see_runs(page))) is knew


def test_a_run_is_there_for_another_visitor_and_after_a_reload(
    open_training: OpenPage, runs: Any
) -> None:
    runs.make("Ben", "running", epochs_done=1)
    for _ in range(2):  # every AppTest is a session of its own
        page = open_training()
        assert page.segmented_control(key="training_view").value == "Runs"
        assert page.subheader[0].value == "Ben"


def test_stop_asks_the_run_to_end(open_training: OpenPage, runs: Any) -> None:
    run_id = runs.make("Ben", "running", epochs_done=2)
    page = open_training()
    press(page, "Stop and keep the best so far")
    assert (runs.root / run_id / STOP_FILE).exists()
    assert "Stopping" in texts(page)
    assert "Stop and keep the best so far" not in labels(page)


def test_a_run_without_a_whole_epoch_is_stopped_and_nothing_kept(
    open_training: OpenPage, runs: Any
) -> None:
    run_id = runs.make("Ben", "running")
    page = open_training()
    assert "Stop and keep the best so far" not in labels(page)
    press(page, "Stop")
    assert (runs.root / run_id / STOP_FILE).exists()
    (bar,) = page.get("progress")
    assert "nothing is kept" in bar.proto.text


def test_what_went_wrong_is_said_once(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run_id: str) -> None:
        raise MasklensError("The disk is full. Make room.")

    runs.make("Ben", "running", epochs_done=2)
    monkeypatch.setattr(control, "stop", fail)
    page = open_training()
    assert not page.error
    press(page, "Stop and keep the best so far")
    assert [error.value for error in page.error] == ["The disk is full. Make room."]
    assert not page.toast
    page.run()
    assert not page.error


def test_a_waiting_run_can_be_taken_out_of_the_line(open_training: OpenPage, runs: Any) -> None:
    runs.make("Ben", "running", epochs_done=4)
    run_id = runs.make("Ida", "queued")
    page = open_training()
    page.button(key=f"show-{run_id}").click().run()
    assert "next in line. Now it is the turn of “Ben”: Learning, epoch 4 of 10" in texts(page)
    press(page, "Take out of the line")
    assert jobs.job(run_id).state is State.INTERRUPTED
    # Nothing was learned that it could go on from.
    assert "Resume" not in labels(page)
    assert "No epoch was finished, so it begins anew" in texts(page)
    press(page, "Start again")
    assert jobs.job(run_id).state is State.QUEUED


def test_an_open_page_notices_when_a_run_ends_or_is_deleted(
    runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rerun(Exception):
        pass

    def rerun(scope: str = "") -> None:
        raise Rerun(scope)

    run_id = runs.make("Ben", "running", epochs_done=2)
    monkeypatch.setattr(st, "rerun", rerun)
    shown = ui.training.run_list._signs(jobs.jobs())
    ui.training.run_list._watch(shown)  # nothing has changed
    write_json(runs.root / run_id / OUTCOME_FILE, {"state": "finished"})
    with pytest.raises(Rerun, match="app"):
        ui.training.run_list._watch(shown)
    with pytest.raises(Rerun, match="app"):
        ui.training.run_view._watch(run_id, State.RUNNING, True)
    control.delete(run_id)
    with pytest.raises(Rerun, match="app"):
        ui.training.run_view._watch(run_id, State.RUNNING, True)


# --- a run that has ended


def test_an_interrupted_run_can_be_resumed(open_training: OpenPage, runs: Any) -> None:
    run_id = runs.make("Ben", "interrupted", epochs_done=3)
    page = see_runs(open_training())
    assert "Interrupted" in texts(page)
    assert "ended without a word" in page.warning[0].value
    assert len(page.get("vega_lite_chart")) == 2
    assert "Goes on after the last finished epoch" in texts(page)
    press(page, "Resume")
    assert jobs.job(run_id).state is State.RUNNING
    assert len(page.get("progress")) == 1


def test_a_failed_run_says_why(open_training: OpenPage, runs: Any) -> None:
    runs.make("Ben", "failed", problem="The disk is full. Make room.")
    page = see_runs(open_training())
    (error,) = page.error
    assert "The disk is full" in error.value
    assert not page.get("vega_lite_chart")  # it learned nothing that could be drawn
    assert "as soon as learning begins" not in texts(page)


def test_without_internet_a_run_is_offered_from_the_installed_model(
    open_training: OpenPage, runs: Any, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = Marks("", {"with_mask/a.jpg": "without_mask"}, set()).to_json()
    (runs.root / "corrections.json").write_text(marks)
    problem = f"{NOT_FETCHED} Give a file with --backbone-weights FILE."
    runs.make("Ben", "failed", problem=problem, corrections=str(runs.root / "corrections.json"))
    page = see_runs(open_training())
    (error,) = page.error
    assert "--backbone" not in error.value
    assert "choose “Random” under New run, More settings, Starting weights" in error.value
    assert "Train from the installed model" not in labels(page)  # there is none to be had

    choices = [("installed", "The installed one"), ("imagenet", "ImageNet"), ("none", "Random")]
    monkeypatch.setattr(ui.training.run_view, "available_weights", lambda architecture: choices)
    page.run()
    assert "choose “The installed model” under" in page.error[0].value
    assert "Start again" in labels(page)
    press(page, "Train from the installed model")
    new = jobs.jobs()[0]
    assert (new.name, new.data_name) == ("Ben, from the installed model", "Photos of 7b")
    assert new.config.backbone_weights == "installed"
    assert new.config.data == str((runs.root / "photos").resolve())
    assert Path(new.config.corrections).parent == new.folder
    assert read_corrections(Path(new.config.corrections)).labels == {"with_mask/a.jpg": 0}


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        ("better", "success"),
        ("no real difference", "info"),
        ("worse", "warning"),
        ("no model to compare with", "info"),
    ],
)
def test_a_finished_run_stands_beside_the_installed_model(
    open_training: OpenPage, runs: Any, verdict: Verdict, kind: str
) -> None:
    runs.make("Ben", "finished", epochs_done=10, comparison=compared(verdict))
    page = see_runs(open_training())
    (said,) = page.get(kind)
    assert f"So it is: {verdict}" in said.value.replace("\\", "")
    assert "But mind" in texts(page)
    # Below the way to install, which the verdict is read for.
    (fold,) = [e for e in page.expander if e.label == "The comparison in detail"]
    assert not fold.proto.expanded
    table = fold.table[0].value
    right = {"better": 39, "worse": 21}.get(verdict, 33)
    expected = f"{100 * right / 40:.1f}\xa0% (50 to 99), {right} of 40"
    assert table.loc["Test photos right", "This run"] == expected
    if verdict == "no model to compare with":
        assert list(table.columns) == ["This run"]
    else:
        assert table.loc["Validation photos right", "Installed: The first one"] == (
            "80.0\xa0% (50 to 99), 32 of 40"
        )
    assert ("Install" in labels(page)) is (verdict != "worse")
    # Only what was shown to be better is recommended to everybody on the server.
    primary = [b.label for b in page.button if b.proto.type == "primary"]
    assert primary == (["Install"] if verdict == "better" else [])
    # In a bubble that has to be opened first, below a warning.
    assert ("Install it all the same" in labels(page)) is (verdict == "worse")


@pytest.mark.parametrize(
    ("settings", "may_be_known"),
    [
        ({"backbone_weights": "imagenet"}, False),
        ({"backbone_weights": "installed"}, True),
        ({"backbone_weights": "installed", "split_by": "time"}, False),
    ],
)
def test_what_its_starting_weights_may_have_seen_is_said_below_a_runs_figures(
    open_training: OpenPage, runs: Any, settings: dict[str, Any], may_be_known: bool
) -> None:
    run_id = runs.make("Ben", "finished", 10, comparison=compared("better"), **settings)
    path = runs.root / run_id / "card.json"
    write_json(path, {**json.loads(path.read_text()), "config": settings})
    said = texts(see_runs(open_training()))
    assert ("may have learned from some of them" in said) is may_be_known
    assert ("The run did not learn from these photos. The verdict" in said) is not may_be_known


def test_what_a_run_got_wrong_is_shown_with_pictures_to_who_brought_them(
    open_training: OpenPage,
    runs: Any,
    make_report: Callable[..., dict[str, Any]],
    photo_file: Callable[..., bytes],
) -> None:
    run_id = runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    report = make_report([0, 0, 1, 1], [0.1, 0.97, 0.9, 0.2])
    write_json(runs.root / run_id / "report.json", report)
    page = see_runs(open_training())
    (fold,) = [e for e in page.expander if e.label == "What it got wrong"]
    assert not fold.markdown  # nothing is read for who does not ask
    page.session_state[f"wrong-{run_id}"] = True

    def shown() -> list[str]:
        (fold,) = [e for e in page.run().expander if e.label == "What it got wrong"]
        assert not page.exception
        return [m.value for m in fold.markdown]

    assert shown() == [
        "**Masked, wrongly called No Mask: 1 photo**",
        "**Mask: 20.0\xa0%**",
        "**Bare, wrongly called Mask: 1 photo**",
        "**Mask: 97.0\xa0%**",
    ]
    assert not page.get("image")
    for name in ("with_mask/003", "without_mask/001"):
        file = runs.root / "photos" / f"{name}.jpg"
        file.parent.mkdir()
        file.write_bytes(photo_file(64, 64, "JPEG"))
    page.session_state["training_data"] = Brought(runs.root / "other", "Other photos")
    shown()
    assert not page.get("image")
    page.session_state["training_data"] = Brought(runs.root / "photos", "Photos of 7b")
    shown()
    assert len(page.get("image")) == 2

    (mark,) = [box for box in page.selectbox if box.label.endswith("with_mask/003.jpg")]
    mark.set_value("relabel").run()
    assert len(shown()) == 4  # it stays open
    press(page, "Train again with 1 corrected photo")
    corrections = read_corrections(Path(jobs.jobs()[0].config.corrections))
    assert corrections.labels == {"with_mask/003.jpg": 0}


def test_of_a_damaged_report_that_is_said(open_training: OpenPage, runs: Any) -> None:
    run_id = runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    page = open_training()
    page.session_state[f"wrong-{run_id}"] = True
    assert "This run's report is damaged" in texts(see_runs(page))


def test_a_run_that_got_nothing_wrong_has_no_such_fold(open_training: OpenPage, runs: Any) -> None:
    right = PartComparison("test", figures(40), figures(32))
    all_right = replace(compared("better"), parts=(right,))
    runs.make("Ben", "finished", epochs_done=10, comparison=all_right)
    page = see_runs(open_training())
    assert "What it got wrong" not in [e.label for e in page.expander]


@pytest.mark.parametrize("not_sure", [7, 0, None])
def test_of_how_many_photos_each_model_is_not_sure_is_said_where_it_is_known(
    open_training: OpenPage, runs: Any, not_sure: int | None
) -> None:
    known = not_sure is not None
    run, installed = replace(figures(33), not_sure=not_sure), replace(figures(33), not_sure=0)
    part = PartComparison("test", run, installed if known else figures(33))
    runs.make("Ben", "finished", 10, comparison=replace(compared("better"), parts=(part,)))
    page = see_runs(open_training())
    rows = page.table[0].value.T.to_dict()
    expected = {"This run": f"{not_sure} of 40", "Installed: The first one": "0 of 40"}
    assert rows.get("Test photos called Not sure") == (expected if known else None)
    assert ("too near the threshold" in texts(page)) is known


def test_a_verdict_on_a_model_that_was_replaced_says_so(
    open_training: OpenPage, runs: Any, models: Path, put_model: Any
) -> None:
    sha256 = read_card("mobilenet_v2")["sha256"]
    found = replace(compared("better"), installed_sha256=sha256)
    runs.make("Ben", "finished", epochs_done=10, comparison=found)
    assert "Another model has been installed since" not in texts(see_runs(open_training()))
    put_model(models / "mobilenet_v2", "The next one", b"next")
    assert "Another model has been installed since" in texts(see_runs(open_training()))


def test_a_run_can_be_made_again_without_the_wrong_labels_found_in_it(
    open_training: OpenPage, runs: Any
) -> None:
    (runs.root / "photos" / "with_mask").mkdir()
    (runs.root / "photos" / "with_mask" / "a.jpg").touch()
    runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    page = open_training()
    marks = Marks("Photos of 7b", {"with_mask/a.jpg": "without_mask"}, {"with_mask/b.jpg"})
    page.session_state["metrics_corrections"] = {"Photos of 7b": marks}
    press(see_runs(page), "Train again with 1 corrected photo")
    assert not page.exception
    again = jobs.jobs()[0]
    assert (again.name, again.data_name) == ("Ben, corrected", "Photos of 7b")
    corrections = read_corrections(Path(again.config.corrections))
    assert (corrections.labels, corrections.leave_out) == ({"with_mask/a.jpg": 0}, frozenset())
    assert "corrections.json" in (again.folder / "run.json").read_text()


def test_a_run_made_again_honours_earlier_corrections_too(
    open_training: OpenPage, runs: Any
) -> None:
    folder = runs.root / "photos" / "with_mask"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.jpg").touch()
    earlier = Marks(
        "", {f"with_mask/{name}.jpg": "without_mask" for name in "ab"}, {"with_mask/gone.jpg"}
    )
    path = runs.root / "earlier.json"
    path.write_text(earlier.to_json())
    runs.make(
        "Ben", "finished", epochs_done=10, comparison=compared("better"), corrections=str(path)
    )
    page = open_training()
    marks = Marks("Photos of 7b", {}, {"with_mask/b.jpg", "with_mask/c.jpg"})
    page.session_state["metrics_corrections"] = {"Photos of 7b": marks}
    page.session_state["metrics_corrections"] = {"Photos of 7b": earlier}
    assert not [b for b in see_runs(page).button if b.label.startswith("Train again with")]
    page.session_state["metrics_corrections"] = {"Photos of 7b": marks}
    press(page.run(), "Train again with 2 corrected photos")
    assert not page.exception
    again = read_corrections(Path(jobs.jobs()[0].config.corrections))
    assert again.labels == {"with_mask/a.jpg": 0}
    assert again.leave_out == {"with_mask/b.jpg", "with_mask/c.jpg"}


@pytest.mark.parametrize("verdict", ["better", "worse"])
def test_a_model_is_installed_and_the_former_one_brought_back(
    open_training: OpenPage, runs: Any, models: Path, verdict: Verdict
) -> None:
    runs.make("Ben", "finished", epochs_done=10, comparison=compared(verdict))
    page = see_runs(open_training())
    button(page, "Install it all the same" if verdict == "worse" else "Install").click().run()
    assert not page.exception
    assert "Ben is installed as MobileNetV2" in page.toast[0].value
    assert (models / "mobilenet_v2" / "model.tflite").read_bytes() == b"model of Ben"
    assert "it is the one installed as MobileNetV2" in texts(page)
    assert "Install" not in labels(page)
    assert "Now: Ben" in texts(page)
    press(page, "Bring back")
    assert (models / "mobilenet_v2" / "model.tflite").read_bytes() == b"first"
    assert "The first one is in use again" in page.toast[0].value
    assert "Install" in "".join(labels(page))


def test_a_model_can_be_installed_beside_the_others(
    open_training: OpenPage, runs: Any, models: Path
) -> None:
    run_id = runs.make("7b, Ben!", "finished", epochs_done=10, comparison=compared("worse"))
    page = see_runs(open_training())
    assert page.text_input(key=f"other-{run_id}").value == "model_7b_ben"
    assert "will be replaced" not in texts(page)
    press(page, "Install under this name")
    assert read_card("model_7b_ben")["title"] == "7b, Ben!"
    assert (models / "mobilenet_v2" / "model.tflite").read_bytes() == b"first"
    assert r"model\_7b\_ben is there already and will be replaced" in texts(page)
    page.text_input(key=f"other-{run_id}").set_value("../up")
    press(page, "Install under this name")
    # In the bubble, beside the button: the page may be scrolled to anywhere.
    (error,) = bubble(page, "Install under another name").error
    assert "letters, digits and underscores" in error.value
    assert len(page.error) == 1
    page.run()
    assert not page.error  # said once


def test_a_name_somebody_gave_is_no_markdown_in_the_table(
    open_training: OpenPage, runs: Any
) -> None:
    found = replace(compared("better"), installed_title="![](http://a.example/b.png)")
    runs.make("Ben", "finished", epochs_done=10, comparison=found)
    page = see_runs(open_training())
    assert list(page.table[0].value.columns) == [
        "This run",
        r"Installed: \!\[\]\(http\://a.example/b.png\)",
    ]


def test_every_earlier_version_can_be_brought_back(
    open_training: OpenPage, runs: Any, models: Path
) -> None:
    runs.make("Ben", "interrupted")
    for number in range(8):
        folder = models / ".versions" / "mobilenet_v2" / f"20260101-00000{number}-{number:08x}"
        folder.mkdir(parents=True)
        (folder / "model.tflite").write_bytes(b"x")
    page = see_runs(open_training())
    assert labels(page).count("Bring back") == 8


def test_the_model_that_the_app_starts_with_stands_first(
    open_training: OpenPage, runs: Any, models: Path, put_model: Any
) -> None:
    for name in ("inception_v3", "a_class"):
        put_model(models / name, "Another one", name.encode())
    runs.make("Ben", "interrupted")
    said = [m.value for m in see_runs(open_training()).markdown if m.value.startswith("**")]
    assert said[-3:] == [
        "**MobileNetV2** · Photos and Live start with it",
        "**InceptionV3** · can be chosen there",
        r"**a\_class** · can be chosen there",
    ]


def test_a_version_called_after_its_moment_does_not_say_it_twice() -> None:
    moment = datetime(2026, 11, 25, 17, 28)
    named = Version("id", moment.timestamp(), "Our classroom", 0.99, True)
    assert version_facts(named) == (
        "Now: Our classroom · 25 Nov, 17:28 · 99.0\xa0% on its own test photos"
    )
    unnamed = replace(named, title="Model of 25 November 2026, 17:28", current=False)
    assert version_facts(unnamed) == (
        "Earlier: Model of 25 November 2026, 17\\:28 · 99.0\xa0% on its own test photos"
    )
    assert version_facts(replace(named, created=0.0, accuracy=None)) == "Now: Our classroom"
    begun = version_facts(replace(named, began_with_a_model=True))
    assert begun.endswith("photos, some of which its starting weights may have learned from")


def test_a_model_that_a_kill_left_out_of_its_place_is_brought_back(
    open_training: OpenPage, runs: Any, models: Path
) -> None:
    runs.make("Ben", "interrupted")
    kept = models / ".versions" / "mobilenet_v2" / "20260101-000000-00000000"
    kept.parent.mkdir(parents=True)
    (models / "mobilenet_v2").rename(kept)
    page = see_runs(open_training())
    assert "Now: The first one" in texts(page)
    assert read_card("mobilenet_v2")["title"] == "The first one"


def test_a_run_without_figures_is_not_offered(open_training: OpenPage, runs: Any) -> None:
    runs.make("Ben", "finished", epochs_done=10)
    page = see_runs(open_training())
    assert "neither judged nor installed" in page.warning[0].value
    assert not {"Install", "Install it all the same"} & set(labels(page))


# --- all runs


def test_ticked_runs_are_laid_over_one_another(open_training: OpenPage, runs: Any) -> None:
    first = runs.make("Ben", "finished", epochs_done=10)
    second = runs.make("Ben", "interrupted", epochs_done=5, dropout=0.25)
    page = see_runs(open_training())
    page.checkbox(key=f"tick-{first}").check().run()
    assert page.subheader[0].value == "Ben"  # one alone is no comparison
    page.checkbox(key=f"tick-{second}").check().run()
    assert page.subheader[0].value == "2 runs compared"
    table = page.table[0].value
    assert list(table.columns) == ["Ben", r"Ben \(2\)"]  # the newest first
    assert list(table.loc["Best validation accuracy"]) == ["76.0\xa0%", "101.0\xa0%"]
    assert list(table.loc["Dropout"]) == ["25\xa0%", "50\xa0%"]
    assert list(table.loc["State"]) == ["Interrupted", "Finished"]
    assert list(table.loc["Epochs"]) == ["5 of 10", "10"]
    # What sets them not apart would make the table long.
    assert "Batch size" not in table.index
    assert "The same in all 2 runs: Network: MobileNetV2 · " in texts(page)
    assert "Batch size: 32" in texts(page)
    page.checkbox(key=f"tick-{second}").uncheck().run()
    assert page.subheader[0].value == "Ben"


def test_a_comparison_says_what_decides_and_how_far_each_run_came(
    open_training: OpenPage, runs: Any
) -> None:
    whole = {"fine_tune_epochs": 6, "comparison": compared("better")}
    stopped = runs.make("Ben", "finished", epochs_done=3, **whole)
    write_json(runs.root / stopped / OUTCOME_FILE, {"state": "finished", "stopped_early": True})
    tuned = runs.make("Ida", "interrupted", epochs_done=10, fine_tune_epochs=6)
    figures = {"epochs": 6, "batch": 4, "batches": 4, "loss": 0.1, "val_loss": 0.1}
    for epoch in (1, 2):
        EventLog(runs.root / tuned).write("fine-tuning", epoch=epoch, **figures)
    runs.make("Eve", "running")
    page = see_runs(open_training())
    for run in jobs.jobs():
        page.checkbox(key=f"tick-{run.id}").check().run()
    table = page.table[0].value[["Ben", "Ida", "Eve"]]
    assert list(table.loc["State"]) == ["Stopped early", "Interrupted", "Training"]
    assert list(table.loc["Test photos right"]) == ["39 of 40", "–", "–"]
    assert list(table.loc["The same as a share"]) == ["97.5\xa0% (50 to 99)", "–", "–"]
    assert list(table.loc["Epochs"]) == ["3 of 10", "10", "0 of 10"]
    assert list(table.loc["Fine-tuning epochs"]) == ["0 of 6", "2 of 6", "0"]


def test_a_comparison_says_what_the_runs_started_from_and_were_checked_on(
    open_training: OpenPage, runs: Any
) -> None:
    def report(run_id: str, *test: str) -> None:
        parts = {"train": ["with_mask/a.jpg"], "validation": ["with_mask/b.jpg"], "test": test}
        values = {name: {"photos": len(paths), "paths": paths} for name, paths in parts.items()}
        write_json(
            runs.root / run_id / DATA_FILE, {"photos": 1200, "parts": values, "relabelled": {}}
        )

    def compare() -> AppTest:
        page = see_runs(open_training())
        for run in jobs.jobs():
            page.checkbox(key=f"tick-{run.id}").check().run()
        return page

    marks = Marks("", {"with_mask/a.jpg": "without_mask"}, set()).to_json()
    (runs.root / "marks.json").write_text(marks)
    file = str(runs.root / "marks.json")
    first = runs.make("Ben", "interrupted", backbone_weights="none")
    second = runs.make("Ida", "interrupted", backbone_weights="x/my.weights.h5", corrections=file)
    runs.make("Eve", "queued", corrections="gone.json")
    report(first, "with_mask/c.jpg")
    report(second, "with_mask/c.jpg")
    page = compare()
    assert "checked on different photos" not in texts(page)
    table = page.table[0].value[["Ben", "Ida", "Eve"]]
    assert list(table.loc["Starting weights"]) == ["Random", "my.weights.h5", "ImageNet"]
    assert list(table.loc["Number of photos"]) == ["1,200", "1,200", "–"]
    assert list(table.loc["Of them to learn from"]) == ["1", "1", "–"]
    assert list(table.loc["Corrections"]) == ["none", "1 photo", "some"]
    report(second, "with_mask/d.jpg")
    assert "checked on different photos" in texts(compare())


def test_how_many_test_photos_are_right_is_compared_where_it_is_the_same_too(
    open_training: OpenPage, runs: Any
) -> None:
    for name in ("![](http://a.example/b.png)", "Ida"):
        runs.make(name, "finished", epochs_done=10, comparison=compared("better"))
    page = see_runs(open_training())
    for run in jobs.jobs():
        page.checkbox(key=f"tick-{run.id}").check().run()
    table = page.table[0].value
    assert list(table.index) == ["Test photos right"]
    assert list(table.columns) == ["Ida", r"\!\[\]\(http\://a.example/b.png\)"]
    assert "State: Finished" in texts(page)


def test_pressing_a_name_ends_the_comparison(open_training: OpenPage, runs: Any) -> None:
    first, second = runs.make("Ben", "interrupted"), runs.make("Ida", "interrupted")
    page = see_runs(open_training())
    page.checkbox(key=f"tick-{first}").check().run()
    page.button(key=f"show-{first}").click().run()
    assert page.checkbox(key=f"tick-{first}").value  # one ticked waits for another
    page.checkbox(key=f"tick-{second}").check().run()
    assert page.subheader[0].value == "2 runs compared"
    page.button(key=f"show-{first}").click().run()
    assert page.subheader[0].value == "Ben"
    assert not any(page.checkbox(key=f"tick-{run}").value for run in (first, second))


@pytest.mark.parametrize(
    ("order", "columns"),
    [(["Training photos", "Validation photos"], 2), (["Our classroom, first", "Ben"], 1)],
)
def test_names_that_people_gave_stand_below_one_another(order: list[str], columns: int) -> None:
    import pandas as pd

    from ui.metrics.learning_curves import _chart

    table = pd.DataFrame({"step": [1.0], "loss": [0.5], "which": order[:1], "part": "training"})
    chart = _chart(table, "loss", order, 10).to_dict()
    assert chart["layer"][0]["encoding"]["color"]["legend"]["columns"] == columns


def test_curves_are_told_in_words_and_explained(open_training: OpenPage, runs: Any) -> None:
    run_id = runs.make("Ben", "running", epochs_done=1)
    EventLog(runs.root / run_id).write("training", epoch=2, batch=2, batches=4, loss=0.4)
    page = open_training()
    assert (
        "Training photos: loss 0.90 at first, 0.40 now." in page.get("vega_lite_chart")[0].proto.alt
    )
    assert "Validation is often ahead, and that is no fault" in texts(page)


def test_the_list_says_of_runs_what_their_names_do_not(open_training: OpenPage, runs: Any) -> None:
    moment = when(jobs.job(runs.make("Ben", "finished", comparison=compared("better"))).created)
    runs.make(f"Photos of 7b, {moment}", "interrupted")
    page = see_runs(open_training())
    said = [caption.value for caption in page.caption]
    assert f"Finished · 39 of 40 right · {moment}" in said
    assert "Interrupted" in said
    assert "MobileNetV2 · 10 epochs" in said


def test_another_run_can_be_looked_at(open_training: OpenPage, runs: Any) -> None:
    first = runs.make("First", "interrupted")
    runs.make("Second", "interrupted")
    page = see_runs(open_training())
    assert page.subheader[0].value == "Second"
    page.button(key=f"show-{first}").click().run()
    assert page.subheader[0].value == "First"


def test_on_phones_a_run_is_chosen_above_the_one_looked_at(
    open_training: OpenPage, runs: Any
) -> None:
    first = runs.make("First", "interrupted")
    page = see_runs(open_training())
    assert not page.selectbox  # there is nothing to choose
    second = runs.make("Second", "interrupted")
    page = see_runs(open_training())
    field = page.selectbox(key="run_on_phones")
    assert field.proto.required  # else it could be emptied
    assert (field.value, field.options) == (
        second,
        ["Second · Interrupted", "First · Interrupted"],
    )
    field.set_value(first).run()
    assert page.subheader[0].value == "First"
    page.button(key=f"show-{second}").click().run()
    assert page.selectbox(key="run_on_phones").value == second
    for run in (first, second):
        page.checkbox(key=f"tick-{run}").check().run()
    assert page.selectbox(key="run_on_phones").value is None
    page.selectbox(key="run_on_phones").set_value(second).run()
    assert page.subheader[0].value == "Second"  # and no comparison


def test_a_run_can_be_renamed_and_shows_its_name_as_it_is(
    open_training: OpenPage, runs: Any
) -> None:
    run_id = runs.make("Ben", "interrupted")
    page = see_runs(open_training())
    page.text_input(key=f"name-{run_id}").set_value("*Ida*")
    page.button(key=f"rename-{run_id}").click().run()
    assert jobs.job(run_id).name == "*Ida*"
    assert page.subheader[0].value == r"\*Ida\*"
    page.text_input(key=f"name-{run_id}").set_value(" ")
    page.button(key=f"rename-{run_id}").click().run()
    assert "1 to 80 characters" in page.error[0].value


def test_a_long_name_is_kept_when_nothing_of_it_is_changed(
    open_training: OpenPage, runs: Any
) -> None:
    name = f"{'x' * 60}, corrected"
    run_id = runs.make(name, "interrupted")
    page = see_runs(open_training())
    field = page.text_input(key=f"name-{run_id}")
    assert (field.value, field.max_chars) == (name, control.MAX_NAME)
    page.button(key=f"rename-{run_id}").click().run()
    assert jobs.job(run_id).name == name


def test_what_sets_a_run_made_from_another_one_apart_is_never_cut(runs: Any) -> None:
    job = jobs.job(runs.make("x" * control.MAX_NAME, "interrupted"))
    name = ui.training.champion.name_after(job, ", corrected")
    assert (len(name), name.lstrip("x")) == (control.MAX_NAME, ", corrected")


def test_a_run_can_be_deleted_but_not_while_it_is_on(open_training: OpenPage, runs: Any) -> None:
    on, ended = runs.make("Ben", "running"), runs.make("Ida", "interrupted")
    page = open_training()
    assert "Delete for good" not in labels(page)  # asked once first
    assert [box.key for box in page.checkbox if "sure" in box.key] == [f"sure-{ended}"]
    page.checkbox(key=f"sure-{ended}").check().run()
    assert [b.key for b in page.button if b.label == "Delete for good"] == [f"delete-{ended}"]
    assert len(jobs.jobs()) == 2
    press(page, "Delete for good")
    assert [job.id for job in jobs.jobs()] == [on]
    assert page.toast[0].value == r"Ida was deleted."
    page.run()
    assert not page.toast  # said once


def test_many_runs_are_listed_some_at_a_time(open_training: OpenPage, runs: Any) -> None:
    for number in range(14):
        runs.make(f"Run {number}", "interrupted")
    page = see_runs(open_training())
    assert len([b for b in page.button if (b.key or "").startswith("show-")]) == 12
    page.toggle(key="all_runs").set_value(True).run()
    assert len([b for b in page.button if (b.key or "").startswith("show-")]) == 14


# --- switched off


@pytest.mark.parametrize("setting", ["off", "OFF "])
def test_switched_off_the_page_only_shows(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", setting)
    page = open_training()
    assert "Training is switched off on this server" in page.info[0].value
    assert "No runs yet" in texts(page)
    runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    runs.make("Ida", "interrupted", epochs_done=1)
    runs.make("Eve", "running", epochs_done=1)
    page = open_training()
    for run in jobs.jobs():
        page.button(key=f"show-{run.id}").click().run()
        assert page.subheader[0].value == run.name
        assert all((b.key or "").startswith("show-") for b in page.button)
        assert not page.text_input
    assert len(page.table) == 1  # figures are still shown


# --- words


@pytest.mark.parametrize(
    ("stage", "figures", "said"),
    [
        ("starting", {}, "Loading TensorFlow"),
        ("starting", {}, "So far: 10 seconds."),
        ("reading data", {"done": 64, "total": 4000}, "Reading the photos"),
        ("reading data", {"done": 64, "total": 4000}, "So far: 64 of 4,000 photos, 10 seconds."),
        ("computing features", {"done": 0, "total": 70}, "So far: 0 of 70 photos, 10 seconds."),
    ],
)
def test_before_it_learns_a_run_says_what_it_does_and_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, stage: str, figures: dict[str, int], said: str
) -> None:
    monkeypatch.setattr(ui.training.run_view.time, "time", lambda: 1000.0)
    before = {"stage": "queued", "time": 900.0}
    began, last = {"stage": stage, "time": 990.4}, {"stage": stage, "time": 997.0, **figures}
    assert said in ui.training.run_view.doing([before, began, last])
    assert "So far: 0 seconds." in ui.training.run_view.doing(
        [{"stage": stage}]
    )  # a line without a time


def test_one_second_is_not_called_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.training.run_view.time, "time", lambda: 1000.0)
    said = ui.training.run_view.doing([{"stage": "starting", "time": 999.0}])
    assert said.endswith("So far: 1 second.")


@pytest.mark.parametrize("stage", ["training", "fine-tuning", "evaluating", "finished"])
def test_from_then_on_its_figures_say_it(stage: str) -> None:
    starting = {"stage": "starting", "time": 1.0}
    assert ui.training.run_view.doing([starting, {"stage": stage, "done": 1, "total": 2}]) == ""
    assert ui.training.run_view.doing([]) == ""


def test_the_axis_of_the_curves_keeps_still_while_they_grow() -> None:
    import pandas as pd

    from ui.metrics.learning_curves import _domain

    assert _domain(pd.Series([0.31, 0.52]), "loss") == _domain(pd.Series([0.31, 0.59]), "loss")
    assert _domain(pd.Series([72.0, 95.0]), "accuracy") == [70, 100]
    assert _domain(pd.Series([99.0]), "accuracy") == [90, 100]
