from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
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
from maskcore.models import read_card
from tests.ui.pages import button, labels, press, texts
from tests.ui.training_page.page import OpenPage, compared, figures, see_runs
from training.background import jobs
from training.background.comparison import PartComparison, Verdict
from training.background.jobs import State
from training.classifier.starting_weights import NOT_FETCHED
from training.installing.versions import Version
from training.photos.corrections import read_corrections
from ui.metrics.corrections import Marks
from ui.training.data_ways import Brought
from ui.training.versions_view import version_facts


def bubble(page: AppTest, label: str) -> Any:
    (found,) = [b for b in page.get("popover") if b.proto.popover.label == label]
    return found


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
    expected = f"{100 * right / 40:.1f}\xa0% (50.0 to 99.0), {right} of 40"
    assert table.loc["Test photos right", "This run"] == expected
    if verdict == "no model to compare with":
        assert list(table.columns) == ["This run"]
    else:
        assert table.loc["Validation photos right", "Installed: The first one"] == (
            "80.0\xa0% (50.0 to 99.0), 32 of 40"
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
        "**Without a mask, wrongly called Mask: 1 photo**",
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


@pytest.mark.parametrize("not_sure", [7, 0])
def test_of_how_many_photos_each_model_is_not_sure_is_said(
    open_training: OpenPage, runs: Any, not_sure: int
) -> None:
    part = PartComparison("test", replace(figures(33), not_sure=not_sure), figures(33))
    runs.make("Ben", "finished", 10, comparison=replace(compared("better"), parts=(part,)))
    page = see_runs(open_training())
    row = page.table[0].value.T.to_dict()["Test photos called Not sure"]
    assert row == {"This run": f"{not_sure} of 40", "Installed: The first one": "0 of 40"}
    assert "too near the threshold" in texts(page)


def test_a_verdict_on_a_model_that_was_replaced_says_so(
    open_training: OpenPage, runs: Any, models: Path, put_model: Any
) -> None:
    runs.make("Ben", "finished", epochs_done=10, comparison=compared("better"))
    page = see_runs(open_training())
    assert "Another model has been installed since" not in texts(page)
    assert "Installed: The first one" in page.table[0].value.columns
    put_model(models / "mobilenet_v2", "The next one", b"next")
    page = see_runs(open_training())
    assert "Another model has been installed since" in texts(page)
    assert "Installed before: The first one" in page.table[0].value.columns
    press(page, "Install")
    assert "model is in use" in texts(page)
    assert "It was compared with the one before" in texts(page)
    assert "Installed before: The first one" in page.table[0].value.columns


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
    found = replace(compared("better"), installed_title="![](b.png)")
    runs.make("Ben", "finished", epochs_done=10, comparison=found)
    page = see_runs(open_training())
    assert list(page.table[0].value.columns) == [
        "This run",
        r"Installed: \!\[\]\(b.png\)",
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
