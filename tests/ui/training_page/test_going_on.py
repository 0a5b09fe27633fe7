from __future__ import annotations

from shutil import rmtree
from typing import Any

import pytest
import streamlit as st

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.runs_now
import ui.training.training_data
import ui.training.training_settings
import ui.training.views
from maskcore import MasklensError
from maskcore.files import write_json
from tests.ui.pages import labels, once_more, press, texts
from tests.ui.training_page.page import OpenPage, see_runs
from training.background import control, jobs
from training.background.jobs import State
from training.job_files import OUTCOME_FILE, STOP_FILE


def test_a_running_run_shows_stage_figures_curves_and_log(
    open_training: OpenPage, runs: Any
) -> None:
    runs.make("Ben", "running", epochs_done=4)
    page = open_training()
    assert page.header[0].value == "Ben"
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
        "Training photos: loss from 0.90 to 0.60. Validation photos: loss from 0.91 to 0.61."
    )
    assert "Training photos: accuracy from 55.0\xa0% to 70.0\xa0%." in accuracy.proto.alt
    assert "So far: " not in texts(page)
    assert "measured and packed; the bar counts that, too" in texts(page)
    for meaning in ("lower is better", "higher is better", "kept from learning"):
        assert meaning in texts(page)
    assert page.code[0].value == "a line of the log"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("running", "Nothing has been written down yet."),
        ("interrupted", "Nothing unusual has been written down."),
    ],
)
def test_an_empty_log_is_usual_only_once_the_run_is_over(
    open_training: OpenPage, runs: Any, state: str, said: str
) -> None:
    (runs.root / runs.make("Ben", state) / "log.txt").write_text("")
    page = see_runs(open_training())
    (log,) = [e for e in page.expander if e.label == "Log"]
    assert [caption.value for caption in log.caption] == [said]


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
        assert page.header[0].value == "Ben"


def test_stop_asks_the_run_to_end(open_training: OpenPage, runs: Any) -> None:
    run_id = runs.make("Ben", "running", epochs_done=2)
    page = open_training()
    press(page, "Stop and keep the best so far")
    assert (runs.root / run_id / STOP_FILE).exists()
    assert "Stopping" in texts(page)
    assert "Stop and keep the best so far" not in labels(page)
    assert not page.checkbox  # a single run is compared with none


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
    assert "as soon as learning begins" not in texts(page)


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


def test_what_went_wrong_is_said_though_something_else_was_pressed_meanwhile(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run_id: str) -> None:
        again()
        raise MasklensError("The disk is full. Make room.")

    runs.make("Ben", "running", epochs_done=2)
    monkeypatch.setattr(control, "stop", fail)
    page = open_training()
    again = once_more(page)  # before the press: another one, of which nothing comes
    press(page, "Stop and keep the best so far")
    assert [error.value for error in page.error] == ["The disk is full. Make room."]


def test_of_a_run_that_somebody_else_deleted_that_is_said(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.make("Ida", "finished")
    run_id = runs.make("Ben", "running", epochs_done=2)
    stop = control.stop

    def stop_too_late(run_id: str) -> None:
        rmtree(runs.root / run_id)
        stop(run_id)

    monkeypatch.setattr(control, "stop", stop_too_late)
    page = open_training()
    press(page, "Stop and keep the best so far")
    assert run_id not in texts(page)
    (error,) = page.error
    assert "somebody has deleted it" in error.value
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
    monkeypatch.setattr(ui.training.runs_now, "RECENT_SECONDS", 0.0)
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
