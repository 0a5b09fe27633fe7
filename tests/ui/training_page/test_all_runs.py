from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.training_data
import ui.training.training_settings
import ui.training.views
from maskcore.files import write_json
from tests.ui.pages import labels, press, texts
from tests.ui.training_page.page import OpenPage, compared, see_runs
from training.background import control, jobs
from training.config import DATA_FILE
from training.events import EventLog, when
from training.job_files import OUTCOME_FILE
from ui.metrics.corrections import Marks


def test_ticked_runs_are_laid_over_one_another(open_training: OpenPage, runs: Any) -> None:
    first = runs.make("Ben", "finished", epochs_done=10)
    second = runs.make("Ben", "interrupted", epochs_done=5, dropout=0.25)
    page = see_runs(open_training())
    page.checkbox(key=f"tick-{first}").check().run()
    assert page.header[0].value == "Ben"  # one alone is no comparison
    page.checkbox(key=f"tick-{second}").check().run()
    assert page.header[0].value == "2 runs compared"
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
    assert page.header[0].value == "Ben"


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
    assert list(table.loc["The same as a share"]) == ["97.5\xa0% (50.0 to 99.0)", "–", "–"]
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
    for name in ("![](b.png)", "Ida"):
        runs.make(name, "finished", epochs_done=10, comparison=compared("better"))
    page = see_runs(open_training())
    for run in jobs.jobs():
        page.checkbox(key=f"tick-{run.id}").check().run()
    table = page.table[0].value
    assert list(table.index) == ["Test photos right"]
    assert list(table.columns) == ["Ida", r"\!\[\]\(b.png\)"]
    assert "State: Finished" in texts(page)


def test_pressing_a_name_ends_the_comparison(open_training: OpenPage, runs: Any) -> None:
    first, second = runs.make("Ben", "interrupted"), runs.make("Ida", "interrupted")
    page = see_runs(open_training())
    page.checkbox(key=f"tick-{first}").check().run()
    page.button(key=f"show-{first}").click().run()
    assert page.checkbox(key=f"tick-{first}").value  # one ticked waits for another
    page.checkbox(key=f"tick-{second}").check().run()
    assert page.header[0].value == "2 runs compared"
    page.button(key=f"show-{first}").click().run()
    assert page.header[0].value == "Ben"
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
    assert "Training photos: loss from 0.90 to 0.40." in page.get("vega_lite_chart")[0].proto.alt
    assert "Validation is often ahead, and that is no fault" in texts(page)


def test_the_list_says_of_runs_what_their_names_do_not(open_training: OpenPage, runs: Any) -> None:
    moment = when(jobs.job(runs.make("Ben", "finished", comparison=compared("better"))).created)
    runs.make(f"Photos of 7b, {moment}", "interrupted")
    page = see_runs(open_training())
    said = [caption.value for caption in page.caption]
    assert f"Finished · 39 of 40 right · {moment}" in said
    assert "Interrupted" in said
    assert "MobileNetV2 · 10 epochs" in said


def test_a_tick_box_is_spoken_as_its_run_is_called(open_training: OpenPage, runs: Any) -> None:
    first = runs.make("Ben, 19:40", "finished")
    second = runs.make("![x](http://a.example/b.png)", "finished")
    page = see_runs(open_training())
    assert page.checkbox(key=f"tick-{first}").label == "Compare Ben, 19:40"
    assert page.checkbox(key=f"tick-{second}").label == "Compare !(x)(http://a.example/b.png)"


def test_another_run_can_be_looked_at(open_training: OpenPage, runs: Any) -> None:
    first = runs.make("First", "interrupted")
    runs.make("Second", "interrupted")
    page = see_runs(open_training())
    assert page.header[0].value == "Second"
    page.button(key=f"show-{first}").click().run()
    assert page.header[0].value == "First"


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
    assert page.header[0].value == "First"
    page.button(key=f"show-{second}").click().run()
    assert page.selectbox(key="run_on_phones").value == second
    for run in (first, second):
        page.checkbox(key=f"tick-{run}").check().run()
    assert page.selectbox(key="run_on_phones").value is None
    page.selectbox(key="run_on_phones").set_value(second).run()
    assert page.header[0].value == "Second"  # and no comparison


def test_a_run_can_be_renamed_and_shows_its_name_as_it_is(
    open_training: OpenPage, runs: Any
) -> None:
    run_id = runs.make("Ben", "interrupted")
    page = see_runs(open_training())
    page.text_input(key=f"name-{run_id}").set_value("*Ida*")
    page.button(key=f"rename-{run_id}").click().run()
    assert jobs.job(run_id).name == "*Ida*"
    assert page.header[0].value == r"\*Ida\*"
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
